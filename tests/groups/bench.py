"""A shard on a bench: plays the driver, the log and the clients, and moves the clock."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from typing import Any

from cluster.groups.config import GroupConfig
from cluster.groups.coordinator import GroupCoordinatorShard
from cluster.groups.effects import Append, Caller, Effect, Instant, Record, Reply
from cluster.protocol.errors import ErrorCode
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
from cluster.protocol.messages.membership import (
    HeartbeatRequest,
    JoinGroupRequest,
    JoinGroupRequestProtocol,
    LeaveGroupRequest,
    MemberIdentity,
    SyncGroupRequest,
    SyncGroupRequestAssignment,
)
from cluster.protocol.primitives import Uuid

DAY_MS = 24 * 60 * 60 * 1000
ORDERS, PAYMENTS = Uuid(b"orders".ljust(16, b"-")), Uuid(b"payments".ljust(16, b"-"))


def subscription(*topics: str) -> bytes:
    """A consumer's metadata, version 0, without user data."""
    names = b"".join(struct.pack(">h", len(name.encode())) + name.encode() for name in topics)
    return struct.pack(">hi", 0, len(topics)) + names + struct.pack(">i", -1)


@dataclass
class Topics:
    """Two topics of three partitions, until a test says otherwise."""

    ids: dict[str, Uuid] = field(default_factory=lambda: {"orders": ORDERS, "payments": PAYMENTS})

    def topic_name(self, topic_id: Uuid) -> str | None:
        return next((name for name, known in self.ids.items() if known == topic_id), None)

    def topic_id(self, name: str) -> Uuid | None:
        return self.ids.get(name)

    def has_partition(self, name: str, partition: int) -> bool:
        return name in self.ids and 0 <= partition < 3


@dataclass
class Ask:
    """A request under way, and its replies (one, if all is well)."""

    request: Any
    replies: list[Any] = field(default_factory=list)

    @property
    def reply(self) -> Any:
        assert len(self.replies) == 1, f"{len(self.replies)} replies to {self.request}"
        return self.replies[0]

    @property
    def waits(self) -> bool:
        return not self.replies

    @property
    def error(self) -> ErrorCode:
        return ErrorCode(self.reply.error_code)


class Bench:
    """By default an append is durable at once; with `holding` the test says when."""

    def __init__(self, seed: int = 1, log: list[Record] | None = None, **config: int) -> None:
        self.config = GroupConfig(**config)
        self.topics = Topics()
        self.random = random.Random(seed)
        self.log: list[Record] = list(log or ())
        self.ms, self.wall_ms = 1_000, 1_700_000_000_000
        self.asks: list[Ask] = []
        self.held: list[Append] = []
        self.holding = False
        self.shard = self.load()

    @property
    def now(self) -> Instant:
        return Instant(ms=self.ms, wall_ms=self.wall_ms)

    def load(self) -> GroupCoordinatorShard:
        self.shard = GroupCoordinatorShard(self.config, self.random, self.topics)
        self.shard.replay(self.log)
        self.carry_out(self.shard.loaded(self.now))
        return self.shard

    def fail_over(self) -> None:
        """Another broker takes over with what is in the log."""
        self.carry_out(self.shard.unload())
        self.held.clear()
        self.load()

    def carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Reply(token=token, response=response):
                    self.asks[token].replies.append(response)
                case Append():
                    self.held.append(effect)
        if not self.holding:
            self.release()

    def release(self, error: ErrorCode | None = None, count: int | None = None) -> None:
        """Let the held appends end, oldest first."""
        while self.held and count != 0:
            append = self.held.pop(0)
            if error is None:
                self.log.extend(append.records)
            count = None if count is None else count - 1
            self.carry_out(self.shard.appended(append.then, error, self.now))

    def advance(self, ms: int) -> None:
        """Let time pass, with each deadline on the way."""
        end = self.ms + ms
        while (deadline := self.shard.next_deadline()) is not None and deadline <= end:
            self._move_to(max(deadline, self.ms))
            self.carry_out(self.shard.tick(self.now))
        self._move_to(end)

    def _move_to(self, ms: int) -> None:
        self.wall_ms += ms - self.ms
        self.ms = ms

    def ask(self, request: Any, version: int, client: str = "client") -> Ask:
        ask = Ask(request)
        self.asks.append(ask)
        caller = Caller(api_version=version, client_id=client, client_host="/127.0.0.1")
        self.carry_out(self.shard.handle(len(self.asks) - 1, request, caller, self.now))
        return ask

    # The clients' requests, with what a consumer would send by default.

    def join(  # noqa: PLR0913 - what a client may wish for
        self,
        member: str = "",
        *,
        instance: str | None = None,
        group: str = "group",
        version: int = 9,
        protocols: tuple[tuple[str, bytes], ...] = (("range", subscription("orders")),),
        protocol_type: str = "consumer",
        session_ms: int = 10_000,
        rebalance_ms: int = 60_000,
        client: str = "client",
    ) -> Ask:
        request = JoinGroupRequest(
            group_id=group,
            session_timeout_ms=session_ms,
            rebalance_timeout_ms=rebalance_ms,
            member_id=member,
            group_instance_id=instance,
            protocol_type=protocol_type,
            protocols=[JoinGroupRequestProtocol(name=name, metadata=data) for name, data in protocols],
        )
        return self.ask(request, version, client)

    def new_member(self, **options: Any) -> Ask:
        """Both steps of a dynamic member's first join."""
        first = self.join(**options)
        assert first.error is ErrorCode.MEMBER_ID_REQUIRED
        return self.join(first.reply.member_id, **options)

    def sync(
        self,
        member: str,
        generation: int,
        assignments: dict[str, bytes] | None = None,
        *,
        instance: str | None = None,
        group: str = "group",
        version: int = 5,
        protocol_type: str | None = "consumer",
        protocol_name: str | None = "range",
    ) -> Ask:
        request = SyncGroupRequest(
            group_id=group,
            generation_id=generation,
            member_id=member,
            group_instance_id=instance,
            protocol_type=protocol_type,
            protocol_name=protocol_name,
            assignments=[
                SyncGroupRequestAssignment(member_id=name, assignment=data)
                for name, data in (assignments or {}).items()
            ],
        )
        return self.ask(request, version)

    def heartbeat(self, member: str, generation: int, *, instance: str | None = None, group: str = "group") -> Ask:
        request = HeartbeatRequest(
            group_id=group, generation_id=generation, member_id=member, group_instance_id=instance
        )
        return self.ask(request, 4)

    def leave(self, *members: str, instances: tuple[str, ...] = (), group: str = "group") -> Ask:
        identities = [MemberIdentity(member_id=member) for member in members]
        identities += [MemberIdentity(member_id="", group_instance_id=instance) for instance in instances]
        return self.ask(LeaveGroupRequest(group_id=group, members=identities), 5)

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
        named = {"topic_id": self.topics.ids.get(topic, Uuid(b"?" * 16))} if version >= 10 else {"name": topic}
        request = OffsetCommitRequest(
            group_id=group,
            generation_id_or_member_epoch=generation,
            member_id=member,
            group_instance_id=instance,
            retention_time_ms=retention_ms,
            topics=[
                OffsetCommitRequestTopic(
                    **named,
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
            named = {"topic_id": self.topics.ids.get(topic, Uuid(b"?" * 16))} if version >= 10 else {"name": topic}
            wanted.append(OffsetFetchRequestTopics(**named, partition_indexes=list(partitions)))
        request = OffsetFetchRequestGroup(group_id=group, topics=wanted or None)
        ask = Ask(request)
        self.asks.append(ask)
        caller = Caller(api_version=version)
        token = len(self.asks) - 1
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

    # What an operator sees.

    def state_of(self, group: str = "group") -> str:
        return self.shard.describe_group(group, 6).group_state

    def stable_group(self, size: int = 1, *, group: str = "group", **options: Any) -> tuple[int, list[str]]:
        """A group of dynamic members, each assigned its own name; returns generation and member ids, leader first."""
        joins = [self.new_member(group=group, **options) for _ in range(size)]
        self.advance(self.config.group_initial_rebalance_delay_ms * (size + 1))
        return self.settle(joins, group=group)

    def settle(self, joins: list[Ask], *, group: str = "group") -> tuple[int, list[str]]:
        """Sync all who have joined, the leader last; returns generation and member ids, leader first."""
        generation = joins[0].reply.generation_id
        leader = joins[0].reply.leader
        members = [join.reply.member_id for join in joins]
        kind, name = joins[0].reply.protocol_type, joins[0].reply.protocol_name
        followers = [member for member in members if member != leader]
        assignments = {member: member.encode() for member in members}
        for member in followers:
            self.sync(member, generation, group=group, protocol_type=kind, protocol_name=name)
        self.sync(leader, generation, assignments, group=group, protocol_type=kind, protocol_name=name)
        assert self.state_of(group) == "Stable"
        return generation, [leader, *followers]
