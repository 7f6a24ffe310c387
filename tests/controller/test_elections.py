"""Who leads, who is in sync, who is eligible: one partition at a time."""

from __future__ import annotations

import pytest

from cluster.controller.changes import NO_LEADER
from cluster.controller.elections import Election, Terms, next_partition
from cluster.controller.state import PartitionState

REPLICAS = (1, 2, 3)


def partition(**fields: object) -> PartitionState:
    values: dict[str, object] = {"replicas": REPLICAS, "isr": REPLICAS, "leader": 1, "leader_epoch": 5}
    return PartitionState(**{**values, **fields})  # type: ignore[arg-type]


def terms(*alive: int, min_isr: int = 2, election: Election = Election.ONLINE) -> Terms:
    return Terms(acceptable=lambda broker: broker in alive, min_isr=min_isr, election=election)


def test_nothing_changes_while_the_leader_can_go_on() -> None:
    assert next_partition(partition(), terms(1, 2, 3)) is None


def test_the_leader_stays_when_a_follower_leaves() -> None:
    after = next_partition(partition(), terms(1, 2), isr=(1, 2))
    assert after is not None
    assert (after.leader, after.leader_epoch, after.isr, after.partition_epoch) == (1, 5, (1, 2), 1)


def test_the_first_replica_in_sync_follows_a_leader_that_left() -> None:
    after = next_partition(partition(replicas=(1, 3, 2)), terms(2, 3), isr=(2, 3))
    assert after is not None
    assert (after.leader, after.leader_epoch, after.elr) == (3, 6, ())


def test_those_who_leave_a_small_isr_stay_eligible() -> None:
    after = next_partition(partition(isr=(1, 2)), terms(1), isr=(1,))
    assert after is not None
    assert (after.isr, after.elr) == ((1,), (2,))


def test_the_isr_may_become_empty_and_its_last_leader_is_remembered() -> None:
    after = next_partition(partition(isr=(1,), elr=(2,)), terms(), isr=())
    assert after is not None
    assert (after.leader, after.leader_epoch, after.isr) == (NO_LEADER, 6, ())
    assert sorted(after.elr) == [1, 2]
    assert after.last_known_elr == (1,)


def test_an_eligible_replica_leads_when_nobody_is_in_sync() -> None:
    leaderless = partition(isr=(), elr=(2, 1), leader=NO_LEADER, last_known_elr=(1,))
    after = next_partition(leaderless, terms(2))
    assert after is not None
    assert (after.leader, after.isr, after.elr, after.last_known_elr) == (2, (2,), (1,), ())
    assert not after.recovering


def test_the_others_are_eligible_no_more_when_a_smaller_minimum_makes_one_replica_enough() -> None:
    leaderless = partition(isr=(), elr=(2, 1), leader=NO_LEADER)
    after = next_partition(leaderless, terms(2, min_isr=1))
    assert after is not None
    assert (after.leader, after.isr, after.elr) == (2, (2,), ())


def test_an_eligible_replica_does_not_lead_while_somebody_is_in_sync() -> None:
    assert next_partition(partition(isr=(1,), elr=(2,), leader=NO_LEADER), terms(2)) is None


def test_a_sufficient_isr_leaves_nobody_eligible() -> None:
    after = next_partition(partition(isr=(1,), elr=(2,)), terms(1, 3), isr=(1, 3))
    assert after is not None
    assert after.elr == ()


def test_more_in_sync_replicas_than_there_are_replicas_are_never_asked_for() -> None:
    after = next_partition(partition(replicas=(1, 2), isr=(1,), elr=(2,)), terms(1, 2, min_isr=5), isr=(1, 2))
    assert after is not None
    assert after.elr == ()


def test_who_stopped_uncleanly_is_neither_in_sync_nor_eligible() -> None:
    after = next_partition(partition(isr=(1,), elr=(2, 3)), terms(1), lost=(2,))
    assert after is not None
    assert (after.isr, after.elr) == ((1,), (3,))


def test_the_last_leader_leads_again_when_all_stopped_uncleanly() -> None:
    leaderless = partition(isr=(), elr=(), leader=NO_LEADER, last_known_elr=(3,))
    assert next_partition(leaderless, terms(1, 2)) is None
    after = next_partition(leaderless, terms(1, 2, 3))
    assert after is not None
    assert (after.leader, after.isr, after.recovering, after.last_known_elr) == (3, (3,), True, ())


def test_an_unclean_election_takes_any_replica_and_marks_the_partition() -> None:
    lost = partition(isr=(), elr=(2,), leader=NO_LEADER, last_known_elr=(1,))
    assert next_partition(lost, terms(3)) is None
    after = next_partition(lost, terms(3, election=Election.UNCLEAN))
    assert after is not None
    assert (after.leader, after.isr, after.elr, after.recovering) == (3, (3,), (), True)


def test_an_unclean_election_still_prefers_who_is_in_sync() -> None:
    after = next_partition(partition(isr=(3,), leader=NO_LEADER), terms(1, 2, 3, election=Election.UNCLEAN))
    assert after is not None
    assert (after.leader, after.recovering) == (3, False)


def test_a_recovering_partition_stays_so_until_its_leader_says_otherwise() -> None:
    recovering = partition(isr=(3,), leader=3, recovering=True)
    assert next_partition(recovering, terms(3)) is None
    moved = next_partition(recovering, terms(), isr=())
    assert moved is not None
    assert moved.recovering
    recovered = next_partition(recovering, terms(3), recovering=False)
    assert recovered is not None
    assert (recovered.recovering, recovered.leader_epoch, recovered.partition_epoch) == (False, 5, 1)


@pytest.mark.parametrize(("alive", "leader"), [((1, 2, 3), 1), ((2, 3), 2), ((3,), 3), ((), NO_LEADER)])
def test_a_preferred_election_falls_back_in_replica_order(alive: tuple[int, ...], leader: int) -> None:
    after = next_partition(partition(leader=NO_LEADER), terms(*alive, election=Election.PREFERRED))
    assert (after.leader if after else NO_LEADER) == leader


def test_a_preferred_election_leaves_the_leader_when_the_preferred_one_is_not_in_sync() -> None:
    assert next_partition(partition(leader=2, isr=(2, 3)), terms(1, 2, 3, election=Election.PREFERRED)) is None
