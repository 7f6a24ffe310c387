"""Decisions over partitions when brokers go and come."""

from __future__ import annotations

from collections.abc import Iterator

from cluster.controller.changes import NO_LEADER, Change, PartitionChanged
from cluster.controller.elections import Terms, next_partition
from cluster.controller.policy import Policy, terms
from cluster.controller.state import ClusterState, PartitionState, TopicState
from cluster.protocol.primitives import Uuid


def changed(topic_id: Uuid, index: int, state: PartitionState) -> PartitionChanged:
    """The record of a partition's next state."""
    return PartitionChanged(
        topic_id=topic_id,
        index=index,
        leader=state.leader,
        leader_epoch=state.leader_epoch,
        partition_epoch=state.partition_epoch,
        replicas=state.replicas,
        isr=state.isr,
        elr=state.elr,
        last_known_elr=state.last_known_elr,
        recovering=state.recovering,
    )


def every(state: ClusterState) -> Iterator[tuple[TopicState, int, PartitionState]]:
    """All partitions of the cluster, with topic and index."""
    for topic in state.topics.values():
        for index, partition in topic.partitions.items():
            yield topic, index, partition


def without_broker(state: ClusterState, policy: Policy, broker_id: int, *, lost: bool = False) -> list[Change]:
    """Take a broker out of every ISR and let others lead. `lost`: it did not stop in order."""
    changes: list[Change] = []
    gone = (broker_id,) if lost else ()
    for topic in state.topics.values():
        by: Terms | None = None
        for index, partition in topic.partitions.items():
            if broker_id in partition.isr or partition.leader == broker_id or (lost and broker_id in partition.elr):
                by = by or terms(state, policy, topic.name, without=broker_id)
                isr = tuple(replica for replica in partition.isr if replica != broker_id)
                following = next_partition(partition, by, isr=isr, lost=gone)
                if following is not None:
                    changes.append(changed(topic.id, index, following))
    return changes


def with_broker(state: ClusterState, policy: Policy, broker_id: int) -> list[Change]:
    """A broker may lead again (`state` says so already): partitions without a leader look for one."""
    changes: list[Change] = []
    for topic, index, partition in every(state):
        if partition.leader == NO_LEADER and broker_id in partition.replicas:
            following = next_partition(partition, terms(state, policy, topic.name))
            if following is not None:
                changes.append(changed(topic.id, index, following))
    return changes


def leads_anything(state: ClusterState, broker_id: int) -> bool:
    """True while a broker leads a partition."""
    return any(partition.leader == broker_id for _, _, partition in every(state))
