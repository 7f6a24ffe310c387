"""The rebalance: its delays, its timeouts, and who is left out."""

import pytest

from cluster.protocol.errors import ErrorCode
from tests.groups.bench.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_first_rebalance_waits_for_more_members(bench: Bench):
    join = bench.new_member()
    bench.advance(2_999)
    assert join.waits
    bench.advance(1)
    assert join.reply.generation_id == 1


def test_each_newcomer_prolongs_the_first_rebalance(bench: Bench):
    first = bench.new_member()
    bench.advance(2_000)
    second = bench.new_member()
    bench.advance(3_999)
    assert first.waits
    bench.advance(1)
    assert first.reply.generation_id == second.reply.generation_id == 1


def test_the_first_rebalance_takes_no_longer_than_the_rebalance_timeout(bench: Bench):
    first = bench.new_member(rebalance_ms=10_000)
    for _ in range(9):
        bench.advance(1_000)
        bench.new_member(rebalance_ms=10_000)
    bench.advance(999)
    assert first.waits
    bench.advance(1)
    assert len(first.reply.members) == 10


def test_without_a_delay_the_first_rebalance_completes_at_once():
    bench = Bench(group_initial_rebalance_delay_ms=0)
    join = bench.new_member()
    bench.advance(0)
    assert join.reply.generation_id == 1


def test_a_later_rebalance_completes_when_all_have_rejoined(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2)
    newcomer = bench.new_member()
    assert newcomer.waits
    joins = [bench.join(leader), bench.join(follower)]
    assert {join.reply.generation_id for join in (*joins, newcomer)} == {generation + 1}
    assert bench.state_of() == "CompletingRebalance"


def test_who_does_not_rejoin_in_time_is_left_out(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2, session_ms=60_000, rebalance_ms=20_000)
    rejoin = bench.join(leader, session_ms=60_000, rebalance_ms=20_000)
    bench.advance(19_999)
    assert rejoin.waits
    bench.advance(1)
    assert rejoin.reply.generation_id == generation + 1
    assert bench.heartbeat(follower, generation).error is ErrorCode.UNKNOWN_MEMBER_ID


def test_a_leader_that_is_left_out_is_followed_by_a_member_that_rejoined(bench: Bench):
    _, (leader, follower) = bench.stable_group(2, session_ms=60_000, rebalance_ms=20_000)
    newcomer = bench.new_member(rebalance_ms=20_000)
    rejoin = bench.join(follower, session_ms=60_000, rebalance_ms=20_000)
    bench.advance(20_000)
    assert rejoin.reply.leader == newcomer.reply.leader != leader
    assert rejoin.reply.leader in (follower, newcomer.reply.member_id)


def test_the_members_learn_what_the_leader_assigned(bench: Bench):
    joins = [bench.new_member(), bench.new_member()]
    bench.advance(6_000)
    leader, follower = (join.reply.member_id for join in joins)
    waiting = bench.sync(follower, 1)
    assert waiting.waits
    synced = bench.sync(leader, 1, {leader: b"zero", follower: b"one"})
    assert synced.reply.assignment == b"zero"
    assert waiting.reply.assignment == b"one"
    assert (waiting.reply.protocol_type, waiting.reply.protocol_name) == ("consumer", "range")
    assert bench.state_of() == "Stable"
    assert bench.sync(follower, 1).reply.assignment == b"one"


def test_a_member_that_the_leader_forgot_is_assigned_nothing(bench: Bench):
    joins = [bench.new_member(), bench.new_member()]
    bench.advance(6_000)
    leader, follower = (join.reply.member_id for join in joins)
    bench.sync(leader, 1, {leader: b"all", "stranger": b"nothing"})
    assert bench.sync(follower, 1).reply.assignment == b""


def test_who_joins_but_never_syncs_is_left_out(bench: Bench):
    joins = [bench.new_member(rebalance_ms=20_000, session_ms=60_000) for _ in range(2)]
    bench.advance(6_000)
    leader, follower = (join.reply.member_id for join in joins)
    waiting = bench.sync(follower, 1)
    bench.advance(20_000)
    assert waiting.error is ErrorCode.REBALANCE_IN_PROGRESS
    again = bench.join(follower, rebalance_ms=20_000)
    assert (again.reply.generation_id, again.reply.leader) == (2, follower)
    assert bench.heartbeat(leader, 1).error is ErrorCode.UNKNOWN_MEMBER_ID


def test_in_a_stable_group_who_never_syncs_is_left_out_too(bench: Bench):
    joins = [bench.new_member(rebalance_ms=20_000, session_ms=60_000) for _ in range(2)]
    bench.advance(6_000)
    leader, follower = (join.reply.member_id for join in joins)
    bench.sync(leader, 1, {})
    assert bench.state_of() == "Stable"
    bench.advance(20_000)
    assert bench.state_of() == "PreparingRebalance"
    assert bench.heartbeat(follower, 1).error is ErrorCode.UNKNOWN_MEMBER_ID


def test_a_silent_member_is_left_out_and_the_others_rebalance(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2)
    for _ in range(3):
        bench.advance(4_000)
        bench.heartbeat(leader, generation)
    assert bench.state_of() == "PreparingRebalance"
    assert bench.heartbeat(leader, generation).error is ErrorCode.REBALANCE_IN_PROGRESS
    assert bench.heartbeat(follower, generation).error is ErrorCode.UNKNOWN_MEMBER_ID
    assert bench.join(leader).reply.generation_id == generation + 1


def test_a_group_whose_last_member_falls_silent_is_empty(bench: Bench):
    generation, (member,) = bench.stable_group()
    bench.advance(10_000)
    assert bench.state_of() == "Empty"
    assert bench.heartbeat(member, generation).error is ErrorCode.UNKNOWN_MEMBER_ID
    assert bench.shard._state.groups["group"].generation == generation + 1


def test_a_member_that_waits_for_the_group_need_not_be_heard(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2, rebalance_ms=60_000)
    rejoin = bench.join(leader)
    for _ in range(5):
        bench.advance(9_000)
        assert bench.heartbeat(follower, generation).error is ErrorCode.REBALANCE_IN_PROGRESS
    assert rejoin.waits
    bench.join(follower)
    assert rejoin.reply.generation_id == generation + 1


def test_a_member_that_waits_for_its_assignment_need_not_be_heard(bench: Bench):
    joins = [bench.new_member(), bench.new_member()]
    bench.advance(6_000)
    leader, follower = (join.reply.member_id for join in joins)
    waiting = bench.sync(follower, 1)
    for _ in range(3):
        bench.advance(9_000)
        bench.heartbeat(leader, 1)
    bench.sync(leader, 1, {follower: b"at last"})
    assert waiting.reply.assignment == b"at last"
    bench.advance(9_999)
    assert bench.heartbeat(follower, 1).error is ErrorCode.NONE


def test_a_new_member_does_not_wait_for_ever(bench: Bench):
    bench.stable_group(rebalance_ms=1_000_000, session_ms=1_000_000)
    newcomer = bench.new_member()
    bench.advance(5 * 60_000 - 1)
    assert newcomer.waits
    bench.advance(1)
    assert newcomer.error is ErrorCode.UNKNOWN_MEMBER_ID


def test_a_rebalance_without_any_time_does_not_spin_while_static_members_are_away(bench: Bench):
    joins = [bench.join(instance="one"), bench.join(instance="two"), bench.new_member()]
    bench.advance(9_000)
    bench.settle(joins)
    for instance in ("one", "two"):
        assert bench.join(instance=instance, rebalance_ms=0).error is ErrorCode.NONE
    bench.leave(joins[2].reply.member_id)
    assert bench.state_of() == "PreparingRebalance"
    bench.advance(0)
    assert bench.shard.next_deadline() == bench.ms + 1_000
    bench.advance(10_000)
    assert bench.state_of() == "Empty"
