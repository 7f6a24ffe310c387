"""SyncGroup, Heartbeat and LeaveGroup: the guards, and what leaving means."""

import pytest

from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.membership import LeaveGroupRequest
from tests.groups.bench.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


_MEMBER = "the member itself"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"group": ""}, ErrorCode.INVALID_GROUP_ID),
        ({"group": "unheard-of"}, ErrorCode.UNKNOWN_MEMBER_ID),
        ({"member": "nobody"}, ErrorCode.UNKNOWN_MEMBER_ID),
        ({"instance": "unheard-of"}, ErrorCode.UNKNOWN_MEMBER_ID),
        ({"generation": 0}, ErrorCode.ILLEGAL_GENERATION),
        ({"generation": 2}, ErrorCode.ILLEGAL_GENERATION),
        ({}, ErrorCode.NONE),
    ],
)
def test_a_heartbeat_is_guarded(bench: Bench, options: dict, error: ErrorCode):
    generation, (member,) = bench.stable_group()
    ask = bench.heartbeat(options.pop("member", member), options.pop("generation", generation), **options)
    assert ask.error is error


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"group": ""}, ErrorCode.INVALID_GROUP_ID),
        ({"group": "unheard-of"}, ErrorCode.UNKNOWN_MEMBER_ID),
        ({"member": "nobody"}, ErrorCode.UNKNOWN_MEMBER_ID),
        ({"instance": "unheard-of"}, ErrorCode.UNKNOWN_MEMBER_ID),
        ({"generation": 0}, ErrorCode.ILLEGAL_GENERATION),
        ({"protocol_type": "connect"}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ({"protocol_name": "sticky"}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ({"protocol_type": None}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ({"protocol_name": None}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ({"protocol_type": None, "protocol_name": None, "version": 4}, ErrorCode.NONE),
        ({}, ErrorCode.NONE),
    ],
)
def test_a_sync_is_guarded(bench: Bench, options: dict, error: ErrorCode):
    generation, (member,) = bench.stable_group()
    ask = bench.sync(options.pop("member", member), options.pop("generation", generation), **options)
    assert ask.error is error


def test_a_sync_while_members_gather_calls_to_join(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2)
    bench.join(leader)
    assert bench.sync(follower, generation).error is ErrorCode.REBALANCE_IN_PROGRESS


def test_an_empty_group_knows_no_member(bench: Bench):
    generation, (member,) = bench.stable_group()
    bench.leave(member)
    assert bench.state_of() == "Empty"
    assert bench.heartbeat(member, generation).error is ErrorCode.UNKNOWN_MEMBER_ID
    assert bench.sync(member, generation).error is ErrorCode.UNKNOWN_MEMBER_ID
    assert bench.join(member).error is ErrorCode.UNKNOWN_MEMBER_ID


def test_a_heartbeat_while_the_leader_assigns_is_welcome(bench: Bench):
    join = bench.new_member()
    bench.advance(3_000)
    assert bench.heartbeat(join.reply.member_id, 1).error is ErrorCode.NONE


def test_when_a_member_leaves_the_others_rebalance(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2)
    assert bench.leave(leader).reply.members[0].error_code == ErrorCode.NONE
    assert bench.heartbeat(follower, generation).error is ErrorCode.REBALANCE_IN_PROGRESS
    assert bench.join(follower).reply.leader == follower


def test_who_leaves_while_the_others_have_rejoined_is_not_waited_for(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2)
    rejoin = bench.join(leader)
    bench.leave(follower)
    assert rejoin.reply.generation_id == generation + 1


def test_who_leaves_while_it_waits_for_its_assignment_is_answered(bench: Bench):
    joins = [bench.new_member(), bench.new_member()]
    bench.advance(6_000)
    _, follower = (join.reply.member_id for join in joins)
    waiting = bench.sync(follower, 1)
    bench.leave(follower)
    assert waiting.error is ErrorCode.UNKNOWN_MEMBER_ID


def test_a_member_to_come_can_leave(bench: Bench):
    given = bench.join().reply.member_id
    assert bench.leave(given).reply.members[0].error_code == ErrorCode.NONE
    assert bench.join(given).error is ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize("group", ["group", "unheard-of"])
def test_nobody_cannot_leave(bench: Bench, group: str):
    bench.stable_group()
    left = bench.leave("nobody", group=group)
    assert left.error is ErrorCode.NONE
    assert left.reply.members[0].error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert bench.state_of() == "Stable"


def test_a_member_cannot_leave_under_an_instance_id_of_another(bench: Bench):
    _, (member,) = bench.stable_group()
    request = LeaveGroupRequest(group_id="group")
    request.members = bench.leave().request.members
    assert bench.leave(member, instances=("unheard-of",)).reply.members[1].error_code == ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize(("member", "error"), [("", ErrorCode.UNKNOWN_MEMBER_ID), (_MEMBER, ErrorCode.NONE)])
def test_before_version_3_one_member_leaves_and_the_error_is_the_answers(bench: Bench, member: str, error: ErrorCode):
    _, (known,) = bench.stable_group()
    request = LeaveGroupRequest(group_id="group", member_id=known if member == _MEMBER else "nobody")
    left = bench.ask(request, 2)
    assert left.error is error
    assert left.reply.members == []


def test_leaving_without_a_group_id_is_refused(bench: Bench):
    assert bench.leave("nobody", group="").error is ErrorCode.INVALID_GROUP_ID


def test_the_last_members_leave_is_answered_when_the_empty_group_is_durable(bench: Bench):
    _, (member,) = bench.stable_group()
    bench.holding = True
    left = bench.leave(member)
    assert left.waits
    bench.release()
    assert left.reply.members[0].error_code == ErrorCode.NONE


def test_a_second_sync_of_a_waiting_member_answers_the_first(bench: Bench):
    joins = [bench.new_member(), bench.new_member()]
    bench.advance(6_000)
    leader, follower = (join.reply.member_id for join in joins)
    first = bench.sync(follower, 1)
    second = bench.sync(follower, 1)
    assert first.error is ErrorCode.REBALANCE_IN_PROGRESS
    bench.sync(leader, 1, {follower: b"mine"})
    assert second.reply.assignment == b"mine"
