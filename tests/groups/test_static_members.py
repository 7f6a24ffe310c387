"""Static members (KIP-345): they come back under their instance id and keep what they were assigned."""

import pytest

from cluster.groups.effects import Append
from cluster.protocol.errors import ErrorCode
from tests.groups.bench.bench import Bench
from tests.groups.bench.driver import Ask
from tests.groups.bench.members import subscription


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _stable(bench: Bench, *instances: str) -> tuple[int, dict[str, str]]:
    """A stable group of static members; returns its generation and their member ids. The first one leads."""
    joins = {instance: bench.join(instance=instance) for instance in instances}
    bench.advance(3_000 * (len(instances) + 1))
    ids = {instance: join.reply.member_id for instance, join in joins.items()}
    leader = joins[instances[0]].reply.leader
    for instance in instances:
        if ids[instance] != leader:
            bench.sync(ids[instance], 1, instance=instance)
    bench.sync(leader, 1, {member: instance.encode() for instance, member in ids.items()}, instance=instances[0])
    assert bench.state_of() == "Stable"
    return 1, ids


def test_a_restarted_member_goes_on_without_a_rebalance(bench: Bench):
    generation, ids = _stable(bench, "one", "two")
    back = bench.join(instance="two")
    assert (back.error, back.reply.generation_id) == (ErrorCode.NONE, generation)
    assert back.reply.member_id != ids["two"]
    assert bench.sync(back.reply.member_id, generation, instance="two").reply.assignment == b"two"
    assert bench.heartbeat(ids["one"], generation, instance="one").error is ErrorCode.NONE


def test_the_old_bearer_of_an_instance_id_is_fenced(bench: Bench):
    generation, ids = _stable(bench, "one")
    bench.join(instance="one")
    old = ids["one"]
    assert bench.heartbeat(old, generation, instance="one").error is ErrorCode.FENCED_INSTANCE_ID
    assert bench.join(old, instance="one").error is ErrorCode.FENCED_INSTANCE_ID
    assert bench.sync(old, generation, instance="one").error is ErrorCode.FENCED_INSTANCE_ID
    commit = bench.commit(1, old, generation, instance="one")
    assert commit.reply.topics[0].partitions[0].error_code == ErrorCode.FENCED_INSTANCE_ID


@pytest.mark.parametrize(("version", "skips", "told"), [(9, True, 2), (8, False, 0)])
def test_a_restarted_leader_does_not_assign_anew(bench: Bench, version: int, skips: bool, told: int):
    _, ids = _stable(bench, "one", "two")
    back = bench.join(instance="one", version=version)
    assert back.reply.skip_assignment is skips
    assert len(back.reply.members) == told
    assert (back.reply.leader == back.reply.member_id) is skips
    assert skips or back.reply.leader == ids["one"]


def test_a_restart_with_another_choice_of_protocol_rebalances(bench: Bench):
    _stable(bench, "one")
    back = bench.join(instance="one", protocols=(("sticky", b""), ("range", b"")))
    assert back.reply.protocol_name == "sticky"
    assert bench.state_of() == "CompletingRebalance"


def test_a_restart_while_the_leader_assigns_rebalances(bench: Bench):
    joins = [bench.join(instance="one"), bench.join(instance="two")]
    bench.advance(6_000)
    waiting = bench.sync(joins[1].reply.member_id, 1, instance="two")
    back = bench.join(instance="two")
    assert waiting.error is ErrorCode.FENCED_INSTANCE_ID
    assert back.waits
    assert bench.join(joins[0].reply.member_id, instance="one").reply.generation_id == 2
    assert back.reply.generation_id == 2


def test_a_restart_while_members_gather_answers_the_old_bearer(bench: Bench):
    old = bench.join(instance="one")
    new = bench.join(instance="one")
    assert (old.error, new.waits) == (ErrorCode.FENCED_INSTANCE_ID, True)
    bench.advance(6_000)
    assert new.reply.generation_id == 1
    assert [m.group_instance_id for m in new.reply.members] == ["one"]


def test_a_static_member_that_is_away_stays_in_a_rebalance(bench: Bench):
    _, ids = _stable(bench, "one", "two")
    newcomer = bench.new_member(rebalance_ms=5_000)
    for instance in ("one", "two"):
        bench.heartbeat(ids[instance], 1, instance=instance)
    rejoin = bench.join(ids["one"], instance="one", rebalance_ms=5_000)
    group = bench.shard._state.groups["group"]
    for member in group.members.values():
        member.rebalance_timeout_ms = 5_000
        member.session_timeout_ms = 600_000
    bench.heartbeat(ids["two"], 1, instance="two")
    bench.advance(60_000)
    assert rejoin.reply.generation_id == newcomer.reply.generation_id == 2
    assert ids["two"] in group.members


def test_an_administrator_removes_a_static_member_by_its_instance_id(bench: Bench):
    generation, ids = _stable(bench, "one", "two")
    left = bench.leave(instances=("two", "three"))
    assert [(m.group_instance_id, m.error_code) for m in left.reply.members] == [
        ("two", ErrorCode.NONE),
        ("three", ErrorCode.UNKNOWN_MEMBER_ID),
    ]
    assert bench.heartbeat(ids["one"], generation, instance="one").error is ErrorCode.REBALANCE_IN_PROGRESS
    assert bench.heartbeat(ids["two"], generation, instance="two").error is ErrorCode.UNKNOWN_MEMBER_ID


def test_removing_a_member_that_waits_answers_it(bench: Bench):
    joins = [bench.join(instance="one"), bench.join(instance="two")]
    bench.advance(6_000)
    waiting = bench.sync(joins[1].reply.member_id, 1, instance="two")
    bench.leave(instances=("two",))
    assert waiting.error is ErrorCode.UNKNOWN_MEMBER_ID


def _restart_held(bench: Bench) -> Ask:
    bench.holding = True
    return bench.join(instance="two")


def test_a_restart_is_answered_when_it_is_durable(bench: Bench):
    _stable(bench, "one", "two")
    back = _restart_held(bench)
    assert back.waits
    assert [type(effect) for effect in bench.held] == [Append]
    bench.release()
    assert back.error is ErrorCode.NONE


def test_a_restart_that_could_not_be_written_is_tried_again(bench: Bench):
    _stable(bench, "one", "two")
    back = _restart_held(bench)
    bench.release(ErrorCode.NOT_ENOUGH_REPLICAS)
    assert back.error is ErrorCode.COORDINATOR_NOT_AVAILABLE
    again = bench.join(instance="two")
    bench.release()
    assert bench.sync(again.reply.member_id, 1, instance="two").reply.assignment == b"two"


def test_a_restart_that_meets_a_rebalance_takes_part_in_it(bench: Bench):
    generation, ids = _stable(bench, "one", "two")
    back = _restart_held(bench)
    rejoin = bench.join(ids["one"], instance="one", protocols=(("range", subscription("payments")),))
    bench.release()
    assert rejoin.reply.generation_id == back.reply.generation_id == generation + 1


def test_a_restart_that_comes_too_late_for_a_rebalance_is_asked_to_join_again():
    bench = Bench(offsets_commit_timeout_ms=600_000)
    _, ids = _stable(bench, "one", "two")
    back = _restart_held(bench)
    group = bench.shard._state.groups["group"]
    for member in group.members.values():
        member.rebalance_timeout_ms, member.session_timeout_ms = 4_000, 600_000
        bench.heartbeat(member.member_id, 1, instance=member.instance_id)
    changed = (("range", subscription("payments")),)
    rejoin = bench.join(ids["one"], instance="one", protocols=changed, rebalance_ms=4_000)
    bench.advance(4_000)
    assert rejoin.reply.generation_id == 2
    bench.release()
    assert back.error is ErrorCode.REBALANCE_IN_PROGRESS


def test_a_restart_that_was_refused_for_slowness_does_not_count_as_joined(bench: Bench):
    _, ids = _stable(bench, "one", "two")
    back = _restart_held(bench)
    bench.advance(5_000)
    assert back.error is ErrorCode.COORDINATOR_NOT_AVAILABLE
    rejoin = bench.join(ids["one"], instance="one", protocols=(("range", subscription("payments")),))
    bench.release()
    assert rejoin.waits
    again = bench.join(instance="two")
    assert again.reply.generation_id == rejoin.reply.generation_id == 2


def test_a_member_that_left_while_its_restart_was_written_is_unknown(bench: Bench):
    _stable(bench, "one", "two")
    back = _restart_held(bench)
    bench.leave(instances=("two",))
    bench.release()
    assert back.error is ErrorCode.UNKNOWN_MEMBER_ID
