"""DeleteGroups, expiry, and what goes with a deleted topic."""

import pytest

from cluster.protocol.errors import ErrorCode
from cluster.protocol.primitives import Uuid
from tests.groups.bench.bench import DAY_MS, Bench
from tests.groups.bench.driver import ORDERS, Ask
from tests.groups.bench.members import subscription

WEEK_MS = 7 * DAY_MS
CHECK_MS = 600_000


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _result(ask: Ask, index: int = 0) -> ErrorCode:
    return ErrorCode(ask.reply.results[index].error_code)


def test_an_empty_group_goes_with_its_offsets(bench: Bench):
    generation, (member,) = bench.stable_group()
    bench.commit(1, member, generation, partitions=(0, 1))
    bench.leave(member)
    assert _result(bench.delete_groups("group")) is ErrorCode.NONE
    assert bench.state_of() == "Dead"
    assert bench.committed() == -1
    assert [value for _, value in bench.log[-3:]] == [None, None, None]
    bench.fail_over()
    assert bench.state_of() == "Dead"
    assert bench.committed() == -1


@pytest.mark.parametrize("state", ["Stable", "PreparingRebalance", "CompletingRebalance"])
def test_a_group_with_members_stays(bench: Bench, state: str):
    _, (leader, follower) = bench.stable_group(2)
    if state != "Stable":
        bench.join(leader)
    if state == "CompletingRebalance":
        bench.join(follower)
    assert bench.state_of() == state
    assert _result(bench.delete_groups("group")) is ErrorCode.NON_EMPTY_GROUP
    assert bench.state_of() == state


def test_each_group_has_its_own_result(bench: Bench):
    bench.stable_group(group="busy")
    bench.commit(1, group="idle")
    deleted = bench.delete_groups("busy", "idle", "unheard-of", "idle")
    assert [(result.group_id, result.error_code) for result in deleted.reply.results] == [
        ("busy", ErrorCode.NON_EMPTY_GROUP),
        ("idle", ErrorCode.NONE),
        ("unheard-of", ErrorCode.GROUP_ID_NOT_FOUND),
    ]


def test_a_deletion_is_answered_when_it_is_durable(bench: Bench):
    bench.commit(1)
    bench.holding = True
    deleted = bench.delete_groups("group")
    assert deleted.waits
    assert _result(bench.delete_groups("group")) is ErrorCode.GROUP_ID_NOT_FOUND
    bench.release()
    assert _result(deleted) is ErrorCode.NONE


def test_a_commit_under_way_goes_with_its_group(bench: Bench):
    bench.commit(1)
    bench.holding = True
    commit = bench.commit(2, partitions=(1,))
    bench.delete_groups("group")
    bench.release()
    assert commit.replies
    assert bench.state_of() == "Dead"
    assert bench.committed(partition=1) == -1


def test_a_commit_after_the_deletion_makes_a_new_group(bench: Bench):
    bench.commit(1, partitions=(0, 1))
    bench.holding = True
    bench.delete_groups("group")
    bench.commit(2)
    bench.release()
    assert (bench.committed(), bench.committed(partition=1)) == (2, -1)
    assert bench.state_of() == "Empty"


def test_a_group_that_is_joined_during_its_deletion_begins_anew(bench: Bench):
    generation, (member,) = bench.stable_group()
    bench.leave(member)
    bench.holding = True
    bench.delete_groups("group")
    join = bench.new_member()
    bench.release()
    bench.advance(3_000)
    assert join.reply.generation_id == 1 < generation + 1
    bench.release()
    assert bench.state_of() == "CompletingRebalance"


def test_offsets_of_who_is_no_member_expire_a_week_after_the_commit(bench: Bench):
    bench.commit(1)
    bench.advance(DAY_MS)
    bench.commit(2, partitions=(1,))
    bench.advance(WEEK_MS - DAY_MS)
    assert (bench.committed(), bench.committed(partition=1)) == (-1, 2)
    assert bench.state_of() == "Empty"
    bench.advance(DAY_MS)
    assert bench.committed(partition=1) == -1
    assert bench.state_of() == "Dead"
    assert [value for _, value in bench.log[-2:]] == [None, None]


def test_offsets_of_members_expire_a_week_after_the_last_one_left(bench: Bench):
    generation, (member,) = bench.stable_group(session_ms=1_800_000)
    bench.commit(1, member, generation)
    for _ in range(8 * 24 * 2):
        bench.advance(1_800_000 - 1)
        bench.heartbeat(member, generation)
    assert bench.committed() == 1
    bench.leave(member)
    bench.advance(WEEK_MS - CHECK_MS - 1)
    assert bench.committed() == 1
    bench.advance(2 * CHECK_MS)
    assert bench.committed() == -1
    assert bench.state_of() == "Dead"


def test_what_members_no_longer_consume_expires_after_its_commit(bench: Bench):
    generation, (member,) = bench.stable_group(session_ms=1_800_000)
    bench.commit(1, member, generation)
    bench.commit(1, member, generation, topic="payments")
    for _ in range(8 * 24 * 2):
        bench.advance(1_800_000 - 1)
        bench.heartbeat(member, generation)
    assert (bench.committed("orders"), bench.committed("payments")) == (1, -1)


@pytest.mark.parametrize(
    "options", [{"protocols": (("range", b"?"),)}, {"protocol_type": "connect", "protocols": (("eager", b""),)}]
)
def test_where_it_is_not_known_what_members_use_nothing_expires(bench: Bench, options: dict):
    generation, (member,) = bench.stable_group(session_ms=1_800_000, **options)
    bench.commit(1, member, generation, topic="payments")
    for _ in range(8 * 24 * 2):
        bench.advance(1_800_000 - 1)
        bench.heartbeat(member, generation)
    assert bench.committed("payments") == 1


def test_a_clients_own_retention_counts(bench: Bench):
    bench.commit(1, version=4, retention_ms=2 * CHECK_MS)
    bench.commit(1, version=4, partitions=(1,))
    bench.advance(CHECK_MS)
    assert bench.committed() == 1
    bench.advance(CHECK_MS)
    assert (bench.committed(), bench.committed(partition=1)) == (-1, 1)


def test_the_retention_is_a_configuration():
    bench = Bench(offsets_retention_minutes=60, offsets_retention_check_interval_ms=60_000)
    bench.commit(1)
    bench.advance(60 * 60_000 - 1)
    assert bench.committed() == 1
    bench.advance(60_001)
    assert bench.committed() == -1


def test_a_commit_under_way_saves_its_offset_from_expiry(bench: Bench):
    bench.commit(1)
    bench.advance(WEEK_MS - 2 * CHECK_MS)
    bench.holding = True
    bench.advance(2 * CHECK_MS - 1)
    bench.commit(2)
    bench.advance(CHECK_MS)
    bench.release()
    assert bench.committed() == 2
    assert bench.state_of() == "Empty"


def test_an_empty_group_without_offsets_goes_at_the_next_check(bench: Bench):
    _, (member,) = bench.stable_group()
    bench.leave(member)
    bench.advance(CHECK_MS)
    assert bench.state_of() == "Dead"


def test_a_group_that_a_member_is_about_to_join_stays(bench: Bench):
    bench.advance(CHECK_MS - 3_000)
    given = bench.join().reply.member_id
    bench.advance(3_000)
    assert bench.join(given).waits


def test_a_refused_expiry_changes_nothing_and_comes_again(bench: Bench):
    bench.commit(1)
    bench.holding = True
    bench.advance(WEEK_MS)
    bench.release(ErrorCode.NOT_ENOUGH_REPLICAS)
    assert bench.committed() == 1
    assert bench.state_of() == "Empty"
    bench.holding = False
    bench.advance(CHECK_MS)
    assert bench.committed() == -1


def test_many_tombstones_go_out_in_several_appends(bench: Bench):
    for number in range(600):
        bench.commit(1, group=f"group-{number}", partitions=(0, 1))
    bench.holding = True
    bench.advance(WEEK_MS - 1)
    bench.held.clear()
    bench.advance(CHECK_MS + 1)
    sizes = [len(append.records) for append in bench.held]
    assert sum(sizes) == 600 * 3
    assert len(sizes) == 2


def test_offsets_of_a_deleted_topic_go(bench: Bench):
    bench.commit(1)
    bench.commit(2, topic="payments")
    bench.commit(3, group="other")
    bench.carry_out(bench.shard.topics_deleted({"orders": ORDERS}, bench.now))
    assert (bench.committed(), bench.committed("payments"), bench.committed(group="other")) == (-1, 2, -1)
    bench.fail_over()
    assert (bench.committed(), bench.committed("payments"), bench.committed(group="other")) == (-1, 2, -1)


def test_offsets_of_a_later_topic_of_that_name_stay(bench: Bench):
    bench.topics.ids["orders"] = Uuid(b"2" * 16)
    bench.commit(1)
    bench.carry_out(bench.shard.topics_deleted({"orders": ORDERS}, bench.now))
    assert bench.committed() == 1


def test_where_nothing_was_committed_nothing_is_written(bench: Bench):
    bench.commit(1)
    written = len(bench.log)
    bench.carry_out(bench.shard.topics_deleted({"payments": Uuid(b"3" * 16)}, bench.now))
    assert len(bench.log) == written


def test_a_rebalance_that_drops_a_topic_lets_its_offsets_expire(bench: Bench):
    generation, (member,) = bench.stable_group(session_ms=1_800_000)
    bench.commit(1, member, generation)
    changed = bench.join(member, protocols=(("range", subscription("payments")),), session_ms=1_800_000)
    generation, _ = bench.settle([changed])
    for _ in range(8 * 24 * 2):
        bench.advance(1_800_000 - 1)
        bench.heartbeat(member, generation)
    assert bench.committed() == -1
    assert bench.state_of() == "Stable"
