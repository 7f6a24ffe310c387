"""A new coordinator goes on where the old one stopped."""

import pytest

from cluster.groups.records import group_record, group_tombstone
from cluster.protocol.errors import ErrorCode
from tests.groups.bench.bench import DAY_MS, Bench
from tests.groups.bench.members import subscription


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_members_go_on_under_a_new_coordinator(bench: Bench):
    generation, members = bench.stable_group(3)
    bench.commit(5, members[1], generation)
    before = bench.shard.describe_group("group", 6)
    bench.fail_over()
    assert bench.shard.describe_group("group", 6) == before
    for member in members:
        assert bench.heartbeat(member, generation).error is ErrorCode.NONE
        assert bench.sync(member, generation).reply.assignment == member.encode()
    assert bench.commit(6, members[0], generation).reply.topics[0].partitions[0].error_code == ErrorCode.NONE
    assert bench.committed() == 6


def test_members_have_a_whole_session_to_find_the_new_coordinator(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2)
    bench.advance(9_000)
    bench.fail_over()
    bench.advance(9_999)
    assert bench.heartbeat(leader, generation).error is ErrorCode.NONE
    bench.advance(1)
    assert bench.heartbeat(leader, generation).error is ErrorCode.REBALANCE_IN_PROGRESS
    assert bench.heartbeat(follower, generation).error is ErrorCode.UNKNOWN_MEMBER_ID


def test_the_next_rebalance_has_the_next_generation_and_all_protocols(bench: Bench):
    both = (("range", subscription("orders")), ("roundrobin", subscription("orders")))
    generation, (leader, follower) = bench.stable_group(2, protocols=both)
    bench.fail_over()
    joins = [bench.join(leader, protocols=both), bench.join(follower, protocols=both)]
    assert {join.reply.generation_id for join in joins} == {generation + 1}


def test_who_waited_is_sent_to_find_the_new_coordinator(bench: Bench):
    _, (leader, _) = bench.stable_group(2)
    rejoin = bench.join(leader)
    bench.fail_over()
    assert rejoin.error is ErrorCode.NOT_COORDINATOR
    assert bench.state_of() == "Stable"


def test_a_generation_that_was_not_assigned_yet_is_the_old_one_again(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2)
    bench.join(leader)
    bench.join(follower)
    assert bench.state_of() == "CompletingRebalance"
    bench.fail_over()
    assert bench.heartbeat(leader, generation + 1).error is ErrorCode.ILLEGAL_GENERATION
    assert bench.heartbeat(leader, generation).error is ErrorCode.NONE


def test_static_members_are_known_to_the_new_coordinator(bench: Bench):
    first = bench.join(instance="one")
    bench.advance(3_000)
    member = first.reply.member_id
    bench.sync(member, 1, {member: b"mine"}, instance="one")
    bench.fail_over()
    back = bench.join(instance="one")
    assert back.reply.generation_id == 1
    assert bench.sync(back.reply.member_id, 1, instance="one").reply.assignment == b"mine"
    bench.fail_over()
    assert bench.heartbeat(back.reply.member_id, 1, instance="one").error is ErrorCode.NONE
    assert bench.heartbeat(member, 1, instance="one").error is ErrorCode.FENCED_INSTANCE_ID


def test_what_was_empty_stays_empty_and_expires_when_it_would_have(bench: Bench):
    generation, (member,) = bench.stable_group()
    bench.commit(5, member, generation)
    bench.leave(member)
    bench.advance(6 * DAY_MS)
    bench.fail_over()
    assert (bench.state_of(), bench.committed()) == ("Empty", 5)
    bench.advance(DAY_MS + 600_000)
    assert (bench.state_of(), bench.committed()) == ("Dead", -1)


def test_topics_that_are_consumed_are_known_to_the_new_coordinator(bench: Bench):
    generation, (member,) = bench.stable_group()
    bench.commit(5, member, generation)
    bench.fail_over()
    deleted = bench.delete_offsets("orders")
    assert deleted.reply.topics[0].partitions[0].error_code == ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC


def test_a_group_that_never_got_beyond_its_founding_is_still_there(bench: Bench):
    bench.join()
    bench.fail_over()
    assert bench.state_of() == "Empty"
    bench.advance(600_000)
    assert bench.state_of() == "Dead"


def test_a_group_above_the_limit_rebalances_at_once(bench: Bench):
    bench.stable_group(3)
    bench.config = type(bench.config)(group_max_size=2)
    bench.fail_over()
    assert bench.state_of() == "PreparingRebalance"


def test_a_change_of_configuration_holds_from_now_on(bench: Bench):
    bench.stable_group(2)
    bench.shard.update_config(type(bench.config)(group_max_size=2))
    assert bench.join().error is ErrorCode.GROUP_MAX_SIZE_REACHED


def test_the_order_of_records_decides(bench: Bench):
    bench.commit(1)
    bench.commit(2)
    bench.delete_offsets()
    bench.commit(3)
    bench.fail_over()
    assert bench.committed() == 3


def test_offsets_whose_group_is_of_another_kind_belong_to_an_empty_group(bench: Bench):
    """Kafka removes the classic group when its members change to the newer protocol; the offsets stay."""
    bench.commit(5)
    bench.log.append(group_tombstone("group"))
    bench.fail_over()
    assert (bench.state_of(), bench.committed()) == ("Empty", 5)
    bench.advance(7 * DAY_MS + 600_000)
    assert (bench.state_of(), bench.committed()) == ("Dead", -1)


def test_a_leader_that_the_record_does_not_know_is_replaced(bench: Bench):
    generation, (leader, follower) = bench.stable_group(2)
    group = bench.shard._state.groups["group"]
    group.roster.leader_id = "stranger"
    assignments = dict.fromkeys(group.members, b"")
    bench.log.append(group_record(group, assignments))
    bench.fail_over()
    joins = [bench.new_member(), bench.join(leader), bench.join(follower)]
    assert joins[0].reply.generation_id == generation + 1
    assert joins[0].reply.leader == leader
