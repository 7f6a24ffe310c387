"""A shard on a bench: its driver and log, the members of its groups, and what is committed."""

from __future__ import annotations

from typing import Any

from cluster.groups.effects import Caller
from cluster.protocol.messages.commits import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from cluster.protocol.messages.groups import DeleteGroupsRequest
from cluster.protocol.primitives import Uuid
from tests.groups.bench.driver import Ask
from tests.groups.bench.members import Membership

DAY_MS = 24 * 60 * 60 * 1000


class Bench(Membership):
    """Everything that a client or an operator may ask of a shard."""

    def commit(  # noqa: PLR0913 - what a client may wish for
        self,
        offset: int,
        member: str = "",
        generation: int = -1,
        *,
        topic: str = "orders",
        partitions: tuple[int, ...] = (0,),
        instance: str | None = None,
        group: str = "group",
        version: int = 9,
        metadata: str | None = "",
        retention_ms: int = -1,
    ) -> Ask:
        request = OffsetCommitRequest(
            group_id=group,
            generation_id_or_member_epoch=generation,
            member_id=member,
            group_instance_id=instance,
            retention_time_ms=retention_ms,
            topics=[
                OffsetCommitRequestTopic(
                    **self._named(topic, version),
                    partitions=[
                        OffsetCommitRequestPartition(
                            partition_index=index, committed_offset=offset, committed_metadata=metadata
                        )
                        for index in partitions
                    ],
                )
            ],
        )
        return self.ask(request, version)

    def fetch(
        self,
        *topics: str,
        partitions: tuple[int, ...] = (0,),
        group: str = "group",
        version: int = 9,
        require_stable: bool = False,
    ) -> Ask:
        """No topic means all topics."""
        wanted = []
        for topic in topics:
            indexes = list(partitions)
            wanted.append(OffsetFetchRequestTopics(**self._named(topic, version), partition_indexes=indexes))
        request = OffsetFetchRequestGroup(group_id=group, topics=wanted or None)
        token, ask = self.waiting(request)
        caller = Caller(api_version=version)
        self.carry_out(self.shard.fetch_offsets(token, request, caller, self.now, require_stable=require_stable))
        return ask

    def committed(self, topic: str = "orders", partition: int = 0, group: str = "group") -> int:
        """What a consumer of this partition would start from; -1 when nothing is committed."""
        return self.fetch(topic, partitions=(partition,), group=group).reply.topics[0].partitions[0].committed_offset

    def delete_offsets(self, topic: str = "orders", *partitions: int, group: str = "group") -> Ask:
        wanted = [OffsetDeleteRequestPartition(partition_index=index) for index in partitions or (0,)]
        topics = [OffsetDeleteRequestTopic(name=topic, partitions=wanted)]
        return self.ask(OffsetDeleteRequest(group_id=group, topics=topics), 0)

    def delete_groups(self, *groups: str) -> Ask:
        return self.ask(DeleteGroupsRequest(groups_names=list(groups)), 2)

    def _named(self, topic: str, version: int) -> dict[str, Any]:
        """How a request about offsets names a topic."""
        return {"topic_id": self.topics.ids.get(topic, Uuid(b"?" * 16))} if version >= 10 else {"name": topic}
