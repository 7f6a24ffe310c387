"""Clients, clocks, a slow log and failing coordinators in any order: what must hold in all of them.

Each client here is a careful consumer: it joins, syncs, commits with the generation that it was told, and starts anew
when it is told to. The checks look at what clients were told, and compare memory with the log.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from cluster.groups.coordinator import GroupCoordinatorShard
from cluster.groups.effects import Instant
from cluster.groups.group import Group, GroupState
from cluster.groups.timers import Timers
from cluster.protocol.errors import ErrorCode
from tests.groups.bench.bench import Bench
from tests.groups.bench.driver import Ask
from tests.groups.bench.members import subscription

RANGE = (("range", subscription("orders")), ("roundrobin", subscription("orders")))
ROUND_ROBIN = (("roundrobin", subscription("payments")), ("range", subscription("payments")))
FAILURES = st.sampled_from([ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.MESSAGE_TOO_LARGE])


class Client:
    """What one consumer believes."""

    def __init__(self, name: str, instance: str | None) -> None:
        self.name = name
        self.instance = instance
        self.member = ""
        self.generation = -1
        self.leads = False
        self.members: list[str] = []
        self.joining: Ask | None = None
        self.syncing: Ask | None = None

    def learn(self) -> None:
        """Take in what has been answered."""
        if self.joining is not None and self.joining.replies:
            self._joined(self.joining.reply)
            self.joining = None
        if self.syncing is not None and self.syncing.replies:
            self.syncing = None

    def _joined(self, reply: Any) -> None:
        match ErrorCode(reply.error_code):
            case ErrorCode.NONE:
                self.member, self.generation = reply.member_id, reply.generation_id
                self.leads = reply.leader == reply.member_id and not reply.skip_assignment
                self.members = [member.member_id for member in reply.members]
            case ErrorCode.MEMBER_ID_REQUIRED:
                self.member = reply.member_id
            case ErrorCode.UNKNOWN_MEMBER_ID | ErrorCode.FENCED_INSTANCE_ID:
                self.member, self.generation = "", -1


def check_roster(group: Group) -> None:
    """What is counted and looked up is what the members say, and no partition has two owners."""
    roster = group.roster
    assert roster.joined == sum(member.joining is not None for member in group.members.values())
    assert (roster.leader_id in group.members) or (roster.leader_id is None and not group.members)
    assert sorted(roster.static_ids.values()) == sorted(
        member.member_id for member in group.members.values() if member.instance_id is not None
    )
    assert bool(group.members) is not (group.state is GroupState.EMPTY) or group.state is GroupState.PREPARING
    if group.state is GroupState.STABLE:
        owned = [partition for member in group.members.values() for partition in member.assignment]
        assert len(owned) == len(set(owned)), "a partition has two owners in one generation"


class Groups(RuleBasedStateMachine):
    clients = Bundle("clients")

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(
            group_initial_rebalance_delay_ms=3_000,
            offsets_retention_minutes=5,
            offsets_retention_check_interval_ms=60_000,
        )
        self.all: list[Client] = []
        self.assigned: dict[int, dict[int, str]] = {}
        self.latest_acked: int | None = None
        self.offset = 0
        self.highest_generation = 0

    @initialize()
    def begin(self) -> None:
        self.bench.holding = True

    @rule(target=clients, static=st.booleans())
    def new_client(self, static: bool) -> Client:
        name = f"c{len(self.all)}"
        client = Client(name, name if static else None)
        self.all.append(client)
        return client

    @rule(client=clients, protocols=st.sampled_from([RANGE, ROUND_ROBIN]), version=st.sampled_from([3, 5, 9]))
    def join(self, client: Client, protocols: tuple[tuple[str, bytes], ...], version: int) -> None:
        if client.instance is not None and version < 5:
            version = 5
        client.joining = self.bench.join(
            client.member, instance=client.instance, protocols=protocols, version=version, rebalance_ms=20_000
        )

    @rule(client=clients, fair=st.booleans())
    def sync(self, client: Client, fair: bool) -> None:
        """A leader shares three partitions out, or forgets some members."""
        client.learn()
        assignments = {}
        if client.leads:
            shared = client.members if fair else client.members[:1]
            for index, member in enumerate(shared):
                assignments[member] = bytes(p for p in range(3) if p % len(shared) == index)
        client.syncing = self.bench.sync(
            client.member, client.generation, assignments, instance=client.instance, version=4
        )

    @rule(client=clients)
    def heartbeat(self, client: Client) -> None:
        client.learn()
        ask = self.bench.heartbeat(client.member, client.generation, instance=client.instance)
        assert not ask.waits
        if ask.error in (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_INSTANCE_ID):
            client.member, client.generation = "", -1

    @rule(client=clients, back=st.integers(0, 2))
    def commit(self, client: Client, back: int) -> None:
        """A commit, perhaps of an earlier generation: that one must be refused."""
        client.learn()
        group = self.bench.shard._state.groups.get("group")
        generation = client.generation - back
        self.offset += 1
        ask = self.bench.commit(self.offset, client.member, generation, instance=client.instance)
        if group is not None and group.members and generation != group.generation:
            assert ask.reply.topics[0].partitions[0].error_code != ErrorCode.NONE

    @rule(client=clients)
    def leave(self, client: Client) -> None:
        client.learn()
        self.bench.leave(client.member)
        client.member, client.generation = "", -1

    @rule()
    def read_stable(self) -> None:
        self.bench.fetch("orders", require_stable=True)

    @rule()
    def delete_group(self) -> None:
        self.bench.delete_groups("group")

    @rule(ms=st.sampled_from([1, 500, 3_000, 4_000, 11_000, 25_000, 400_000]))
    def time_passes(self, ms: int) -> None:
        self.bench.advance(ms)

    @rule(count=st.integers(1, 3))
    def log_keeps_up(self, count: int) -> None:
        self.bench.release(count=count)

    @rule(code=FAILURES)
    def log_refuses(self, code: ErrorCode) -> None:
        self.bench.release(code, count=1)

    @rule(durable=st.integers(0, 3))
    def coordinator_dies(self, durable: int) -> None:
        """Some of the appends under way made it into the log."""
        for append in self.bench.held[:durable]:
            self.bench.log.extend(append.records)
        self.bench.fail_over()

    @invariant()
    def each_request_has_at_most_one_reply(self) -> None:
        assert all(len(ask.replies) <= 1 for ask in self.bench.asks)

    @invariant()
    def a_group_has_one_generation_and_its_members_agree(self) -> None:
        group = self.bench.shard._state.groups.get("group")
        if group is not None:
            check_roster(group)

    @invariant()
    def every_member_has_a_deadline_or_waits(self) -> None:
        state = self.bench.shard._state
        timers: Timers = state.timers
        for group in state.groups.values():
            for member in group.members.values():
                scheduled = timers.deadline_of(("heartbeat", group.group_id, member.member_id))
                assert scheduled is not None or member.joining is not None or member.syncing is not None
            if group.state is GroupState.PREPARING:
                assert timers.deadline_of(("join", group.group_id)) is not None

    @invariant()
    def memory_is_what_a_new_coordinator_would_read(self) -> None:
        """Offsets always; a stable group when nothing is under way."""
        twin = GroupCoordinatorShard(self.bench.config, self.bench.random, self.bench.topics)
        twin.replay(self.bench.log)
        assert twin._state.offsets.of_group("group") == self.bench.shard._state.offsets.of_group("group")
        group, read = (shard._state.groups.get("group") for shard in (self.bench.shard, twin))
        if group is None or read is None or group.state is not GroupState.STABLE or self.bench.held:
            return
        if read.generation == group.generation and read.members.keys() == group.members.keys():
            for name, member in group.members.items():
                assert read.members[name].assignment == member.assignment

    def teardown(self) -> None:
        """With the log back and time passing, everybody is answered, and the group comes to rest."""
        self.bench.holding = False
        self.bench.release()
        self.bench.advance(30 * 60_000)
        assert all(len(ask.replies) == 1 for ask in self.bench.asks)
        state = self.bench.shard._state
        assert not state.outbox.pending
        assert not state.outbox.barriers
        for group in state.groups.values():
            assert not group.members, "all sessions have ended"
            assert group.state is GroupState.EMPTY
        assert self.bench.shard.tick(Instant(ms=self.bench.ms, wall_ms=self.bench.wall_ms)) == []


TestGroups = Groups.TestCase
TestGroups.settings = settings(
    max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
