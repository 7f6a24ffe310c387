"""What becomes of requests when the log is slow, refuses, or goes elsewhere."""

import pytest

from cluster.protocol.errors import ErrorCode
from tests.groups.bench.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (ErrorCode.REQUEST_TIMED_OUT, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_COORDINATOR),
        (ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NOT_COORDINATOR),
        (ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.UNKNOWN_SERVER_ERROR),
        (ErrorCode.RECORD_LIST_TOO_LARGE, ErrorCode.UNKNOWN_SERVER_ERROR),
    ],
)
def test_a_client_is_told_of_coordinators_not_of_logs(bench: Bench, failure: ErrorCode, told: ErrorCode):
    bench.holding = True
    commit = bench.commit(1)
    bench.release(failure)
    assert commit.reply.topics[0].partitions[0].error_code == told
    assert bench.committed() == -1
    assert bench.state_of() == "Dead"


def test_a_slow_commit_is_refused_and_takes_effect_later(bench: Bench):
    bench.holding = True
    commit = bench.commit(1)
    bench.advance(4_999)
    assert commit.waits
    bench.advance(1)
    assert commit.reply.topics[0].partitions[0].error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    bench.release()
    assert len(commit.replies) == 1
    assert bench.committed() == 1


def test_who_requires_stable_offsets_is_not_kept_waiting_for_ever(bench: Bench):
    bench.holding = True
    bench.commit(1)
    fetch = bench.fetch("orders", require_stable=True)
    bench.advance(5_000)
    assert fetch.error is ErrorCode.NOT_COORDINATOR
    bench.release()
    assert len(fetch.replies) == 1


def test_who_requires_stable_offsets_does_not_begin_to_wait_for_a_commit_that_is_overdue(bench: Bench):
    bench.holding = True
    bench.commit(1)
    bench.advance(5_000)
    assert bench.fetch("orders", require_stable=True).error is ErrorCode.NOT_COORDINATOR
    bench.release()
    assert bench.fetch("orders", require_stable=True).replies


def test_who_requires_stable_offsets_reads_on_after_a_failed_commit(bench: Bench):
    bench.commit(1)
    bench.holding = True
    bench.commit(2)
    fetch = bench.fetch("orders", require_stable=True)
    bench.release(ErrorCode.NOT_ENOUGH_REPLICAS)
    assert fetch.reply.topics[0].partitions[0].committed_offset == 1


def test_an_assignment_that_could_not_be_written_is_made_again(bench: Bench):
    joins = [bench.new_member(), bench.new_member()]
    bench.advance(6_000)
    leader, follower = (join.reply.member_id for join in joins)
    bench.holding = True
    syncs = [bench.sync(follower, 1), bench.sync(leader, 1, {leader: b"all"})]
    bench.release(ErrorCode.NOT_ENOUGH_REPLICAS)
    assert {ask.error for ask in syncs} == {ErrorCode.COORDINATOR_NOT_AVAILABLE}
    assert bench.state_of() == "PreparingRebalance"
    bench.holding = False
    generation, _ = bench.settle([bench.join(leader), bench.join(follower)])
    assert generation == 2


@pytest.mark.parametrize("failure", [None, ErrorCode.NOT_ENOUGH_REPLICAS])
def test_an_assignment_that_a_rebalance_has_overtaken_has_no_effect(bench: Bench, failure: ErrorCode | None):
    joins = [bench.new_member(), bench.new_member()]
    bench.advance(6_000)
    leader, follower = (join.reply.member_id for join in joins)
    bench.holding = True
    sync = bench.sync(leader, 1, {leader: b"all"})
    bench.leave(follower)
    assert sync.error is ErrorCode.REBALANCE_IN_PROGRESS
    bench.release(failure)
    assert bench.state_of() == "PreparingRebalance"
    assert len(sync.replies) == 1


@pytest.mark.parametrize("failure", [None, ErrorCode.NOT_ENOUGH_REPLICAS])
def test_an_assignment_of_an_earlier_generation_is_not_taken_for_the_current_one(
    bench: Bench, failure: ErrorCode | None
):
    join = bench.new_member()
    bench.advance(3_000)
    leader = join.reply.member_id
    bench.holding = True
    bench.sync(leader, 1, {leader: b"old"})
    newcomer = bench.new_member()
    assert bench.join(leader).reply.generation_id == newcomer.reply.generation_id == 2
    bench.release(failure)
    assert bench.state_of() == "CompletingRebalance"
    bench.sync(leader, 2, {leader: b"new"})
    bench.release()
    assert bench.sync(leader, 2).reply.assignment == b"new"


def test_an_append_that_has_ended_leaves_no_deadline_behind(bench: Bench):
    deadline = bench.shard.next_deadline()
    bench.commit(1)
    assert bench.shard.next_deadline() == deadline


def test_a_group_whose_first_record_could_not_be_written_is_not_there(bench: Bench):
    bench.holding = True
    first = bench.join(version=3)
    given = bench.join().reply.member_id
    bench.release(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    assert first.error is ErrorCode.NOT_COORDINATOR
    assert bench.state_of() == "Dead"
    assert bench.join(given).error is ErrorCode.UNKNOWN_MEMBER_ID
    bench.advance(60_000)
    assert len(first.replies) == 1


def test_a_group_that_has_gone_on_survives_the_loss_of_its_first_record(bench: Bench):
    bench.holding = True
    join = bench.new_member()
    bench.advance(3_000)
    assert join.reply.generation_id == 1
    bench.release(ErrorCode.NOT_ENOUGH_REPLICAS)
    assert bench.state_of() == "CompletingRebalance"


def test_a_refused_delete_brings_the_group_back(bench: Bench):
    bench.commit(1)
    bench.holding = True
    deleted = bench.delete_groups("group")
    assert bench.state_of() == "Dead"
    bench.release(ErrorCode.NOT_ENOUGH_REPLICAS)
    assert deleted.reply.results[0].error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert bench.state_of() == "Empty"
    assert bench.committed() == 1


def test_refused_deletions_of_offsets_change_nothing(bench: Bench):
    bench.commit(1)
    bench.holding = True
    deleted = bench.delete_offsets()
    bench.release(ErrorCode.NOT_ENOUGH_REPLICAS)
    assert deleted.error is ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert bench.committed() == 1


def test_all_who_wait_are_told_when_the_partition_goes_elsewhere(bench: Bench):
    bench.stable_group(2, group="stable")
    joining = bench.new_member(group="gathering")
    joins = [bench.new_member(group="assigning") for _ in range(2)]
    bench.advance(6_000)
    joining = bench.join(joining.reply.member_id, group="gathering", protocols=(("other", b""), ("range", b"")))
    waiting = [bench.new_member(group="stable"), joining]
    follower = joins[1].reply.member_id
    waiting.append(bench.sync(follower, 1, group="assigning"))
    bench.holding = True
    waiting.append(bench.leave(joins[0].reply.member_id, follower, group="unheard-of"))
    commit = bench.commit(1, group="simple")
    waiting.append(bench.fetch("orders", group="simple", require_stable=True))
    waiting.append(bench.delete_offsets(group="stable", topic="payments"))
    unanswered = [ask for ask in waiting if ask.waits]
    assert len(unanswered) >= 3
    bench.carry_out(bench.shard.unload())
    assert {ask.error for ask in unanswered} == {ErrorCode.NOT_COORDINATOR}
    assert commit.reply.topics[0].partitions[0].error_code == ErrorCode.NOT_COORDINATOR
    assert bench.shard.next_deadline() is None


def test_an_append_that_ends_after_the_partition_is_gone_is_ignored(bench: Bench):
    bench.holding = True
    commit = bench.commit(1)
    (append,) = bench.held
    bench.carry_out(bench.shard.unload())
    assert bench.shard.appended(append.then, None, bench.now) == []
    assert len(commit.replies) == 1


def test_commits_of_a_partition_take_effect_in_the_order_of_the_log(bench: Bench):
    bench.holding = True
    for offset in (3, 1, 2):
        bench.commit(offset)
    bench.release()
    assert bench.committed() == 2
    bench.fail_over()
    assert bench.committed() == 2
