"""Names and ids of topics, as the group coordinator asks for them."""

from __future__ import annotations

from cluster.broker.services import ClusterView
from cluster.protocol.primitives import Uuid


class TopicNames:
    """Answers from the broker's replica of the metadata log."""

    def __init__(self, cluster: ClusterView) -> None:
        self._cluster = cluster

    def topic_name(self, topic_id: Uuid) -> str | None:
        """The name of the topic with this id."""
        return self._cluster.state.topic_name(topic_id)

    def topic_id(self, name: str) -> Uuid | None:
        """The id of the topic with this name."""
        topic = self._cluster.state.topics.get(name)
        return None if topic is None else topic.id

    def has_partition(self, name: str, partition: int) -> bool:
        """Whether the topic has this partition."""
        return self._cluster.state.partition(name, partition) is not None
