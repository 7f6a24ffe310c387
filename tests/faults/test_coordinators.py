"""The broker that coordinates a group dies or sleeps: commits are kept, members go on from their place."""

import pytest

from tests.faults.conftest import Case
from tests.support.evidence.history import Committed, Read
from tests.support.evidence.load import load

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SETTLED = 300
OFFSETS_PARTITIONS = 50


def coordinator_of(case: Case) -> int:
    """Who leads the partition of `__consumer_offsets` that the readers' group hashes to, as Java hashes strings."""
    hashed = 0
    for character in f"readers-of-{case.partitions[0][0]}":
        hashed = (31 * hashed + ord(character)) & 0xFFFFFFFF
    return case.cluster.leader(("__consumer_offsets", (hashed & 0x7FFFFFFF) % OFFSETS_PARTITIONS))


def test_a_killed_coordinator_forgets_no_commit_and_no_member(case: Case) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history, readers=2):
        case.history.wait_for_more(Committed, 10, 60)
        case.cluster.kill(coordinator_of(case))
        case.history.wait_for_more(Committed, 10, 60)
        case.history.wait_for_more(Read, SETTLED, 60)
        case.cluster.wait_ready()
    case.judge()


def test_a_coordinator_that_sleeps_past_its_session_accepts_no_commit_when_it_wakes(case: Case) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history, readers=2):
        case.history.wait_for_more(Committed, 10, 60)
        coordinator = coordinator_of(case)
        case.cluster.pause(coordinator)
        case.history.wait_for_more(Committed, 10, 60)
        case.cluster.resume(coordinator)
        case.cluster.wait_ready()
        case.history.wait_for_more(Committed, 10, 60)
    case.judge()


def test_a_coordinator_that_stops_in_good_order_hands_its_groups_over(case: Case) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history, readers=2):
        case.history.wait_for_more(Committed, 10, 60)
        coordinator = coordinator_of(case)
        case.cluster.stop(coordinator)
        case.history.wait_for_more(Committed, 10, 60)
        case.cluster.start(coordinator)
        case.cluster.wait_ready()
        case.history.wait_for_more(Committed, 10, 60)
    case.judge()
