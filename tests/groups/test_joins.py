"""JoinGroup: who may come in."""

import pytest

from cluster.protocol.errors import ErrorCode
from tests.groups.bench.bench import Bench
from tests.groups.bench.members import subscription


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_dynamic_member_is_given_an_id_and_comes_again_with_it(bench: Bench):
    first = bench.join(client="billing")
    assert first.error is ErrorCode.MEMBER_ID_REQUIRED
    assert first.reply.member_id.startswith("billing-")
    assert len(first.reply.member_id) == len("billing-") + 36
    second = bench.join(first.reply.member_id)
    assert second.waits
    bench.advance(3_000)
    assert second.reply.generation_id == 1
    assert second.reply.leader == second.reply.member_id == first.reply.member_id
    assert [m.member_id for m in second.reply.members] == [first.reply.member_id]
    assert (second.reply.protocol_type, second.reply.protocol_name) == ("consumer", "range")


def test_before_version_4_the_first_join_is_enough(bench: Bench):
    join = bench.join(version=3)
    bench.advance(3_000)
    assert join.error is ErrorCode.NONE


def test_version_0_waits_as_long_as_the_session(bench: Bench):
    bench.join(version=0, session_ms=7_000, rebalance_ms=-1)
    (member,) = bench.shard._state.groups["group"].members.values()
    assert member.rebalance_timeout_ms == 7_000


def test_only_the_leader_is_told_the_members(bench: Bench):
    joins = [bench.new_member(), bench.new_member()]
    bench.advance(6_000)
    leader, follower = joins
    assert leader.reply.leader == follower.reply.leader == leader.reply.member_id
    assert {m.member_id for m in leader.reply.members} == {j.reply.member_id for j in joins}
    assert all(m.metadata == subscription("orders") for m in leader.reply.members)
    assert follower.reply.members == []


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"group": ""}, ErrorCode.INVALID_GROUP_ID),
        ({"session_ms": 5_999}, ErrorCode.INVALID_SESSION_TIMEOUT),
        ({"session_ms": 1_800_001}, ErrorCode.INVALID_SESSION_TIMEOUT),
        ({"member": "nobody"}, ErrorCode.UNKNOWN_MEMBER_ID),
        ({"protocols": ()}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ({"protocol_type": ""}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
    ],
)
def test_a_join_of_a_group_that_is_not_there_is_guarded(bench: Bench, options: dict, error: ErrorCode):
    join = bench.join(options.pop("member", ""), **options)
    assert join.error is error
    assert bench.state_of() == "Dead"
    assert bench.log == []


@pytest.mark.parametrize(
    ("member", "options", "error"),
    [
        ("", {"protocol_type": "connect"}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ("", {"protocols": (("other", b""),)}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ("nobody", {}, ErrorCode.UNKNOWN_MEMBER_ID),
        ("nobody", {"instance": "unheard-of"}, ErrorCode.UNKNOWN_MEMBER_ID),
    ],
)
def test_a_join_of_a_stable_group_is_guarded(bench: Bench, member: str, options: dict, error: ErrorCode):
    bench.stable_group()
    join = bench.join(member, **options)
    assert join.error is error
    assert join.reply.member_id == member
    assert bench.state_of() == "Stable"


@pytest.mark.parametrize(("version", "name"), [(6, ""), (7, None)])
def test_an_error_has_no_protocol_name_in_the_way_of_its_version(bench: Bench, version: int, name: str | None):
    assert bench.join("nobody", version=version).reply.protocol_name == name


def test_a_given_id_that_is_not_used_is_forgotten_after_the_session_timeout(bench: Bench):
    given = bench.join(session_ms=6_000).reply.member_id
    bench.advance(6_000)
    assert bench.join(given).error is ErrorCode.UNKNOWN_MEMBER_ID


def test_a_given_id_keeps_a_rebalance_waiting_until_it_is_forgotten(bench: Bench):
    generation, (member,) = bench.stable_group(session_ms=30_000)
    bench.join(session_ms=6_000)
    rejoin = bench.join(member, session_ms=30_000)
    assert rejoin.waits
    bench.advance(6_000)
    assert rejoin.reply.generation_id == generation + 1


def test_a_static_member_is_never_asked_to_come_again(bench: Bench):
    join = bench.join(instance="one")
    assert join.waits
    bench.advance(3_000)
    assert join.reply.member_id.startswith("one-")


def test_a_given_id_does_not_become_static(bench: Bench):
    given = bench.join().reply.member_id
    assert bench.join(given, instance="one").error is ErrorCode.UNKNOWN_SERVER_ERROR


def test_a_follower_that_joins_with_nothing_new_is_told_the_generation(bench: Bench):
    generation, (_, follower) = bench.stable_group(2)
    again = bench.join(follower)
    assert (again.error, again.reply.generation_id) == (ErrorCode.NONE, generation)
    assert again.reply.members == []
    assert bench.state_of() == "Stable"


def test_a_follower_with_new_metadata_starts_a_rebalance(bench: Bench):
    _, (_, follower) = bench.stable_group(2)
    again = bench.join(follower, protocols=(("range", subscription("orders", "payments")),))
    assert again.waits
    assert bench.state_of() == "PreparingRebalance"


def test_a_leader_that_joins_again_starts_a_rebalance(bench: Bench):
    _, (leader,) = bench.stable_group()
    assert bench.join(leader).reply.generation_id == 2
    assert bench.state_of() == "CompletingRebalance"


def test_a_lost_answer_is_given_again_while_the_rebalance_completes(bench: Bench):
    joins = [bench.new_member(), bench.new_member()]
    bench.advance(6_000)
    for join in joins:
        again = bench.join(join.reply.member_id)
        assert again.reply == join.reply
    assert bench.state_of() == "CompletingRebalance"


def test_new_metadata_while_the_rebalance_completes_starts_another(bench: Bench):
    joins = [bench.new_member(), bench.new_member()]
    bench.advance(6_000)
    waiting = bench.sync(joins[1].reply.member_id, 1)
    assert waiting.waits
    bench.join(joins[0].reply.member_id, protocols=(("range", subscription("payments")),))
    assert waiting.error is ErrorCode.REBALANCE_IN_PROGRESS
    assert bench.state_of() == "PreparingRebalance"


def test_a_second_join_of_a_waiting_member_answers_the_first(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2)
    first = bench.join(leader)
    second = bench.join(leader)
    assert first.error is ErrorCode.REBALANCE_IN_PROGRESS
    assert second.waits
    bench.join(follower)
    assert second.reply.generation_id == generation + 1


def test_a_full_group_takes_nobody_in():
    bench = Bench(group_max_size=2)
    _, (leader, _) = bench.stable_group(2)
    refused = bench.join()
    assert refused.error is ErrorCode.GROUP_MAX_SIZE_REACHED
    assert refused.reply.member_id == ""
    assert bench.join(leader).waits


def test_of_a_group_that_is_too_large_those_who_come_first_stay():
    bench = Bench()
    _, members = bench.stable_group(3)
    bench.config = type(bench.config)(group_max_size=2)
    bench.fail_over()
    assert bench.state_of() == "PreparingRebalance"
    joins = [bench.join(member) for member in members]
    assert joins[2].error is ErrorCode.GROUP_MAX_SIZE_REACHED
    bench.advance(60_000)
    assert {join.error for join in joins[:2]} == {ErrorCode.NONE}
    assert len(joins[0].reply.members or joins[1].reply.members) == 2
