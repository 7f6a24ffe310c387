"""kill -9 under load: nothing acknowledged is lost, doubled, moved or out of order."""

import pytest

from tests.faults.conftest import Case
from tests.support.evidence.load import load
from tests.support.patience import seconds

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SETTLED = 300
"""Acknowledgements before and after a fault."""


def test_a_killed_leader_loses_nothing(case: Case) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        case.cluster.kill(case.cluster.leader(case.partitions[0]))
        case.acknowledged(SETTLED)
        case.cluster.wait_ready()
        case.acknowledged(SETTLED)
    case.judge()


def test_a_killed_follower_loses_nothing(case: Case) -> None:
    partition = case.partitions[:1]
    with load(case.cluster.bootstrap, partition, case.history):
        case.acknowledged(SETTLED)
        leader = case.cluster.leader(partition[0])
        case.cluster.kill(next(broker for broker in case.cluster.brokers if broker != leader))
        case.acknowledged(SETTLED)
        case.cluster.wait_ready()
        case.acknowledged(SETTLED)
    case.partitions = partition
    case.judge()


def test_a_killed_controller_loses_nothing(case: Case) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        case.cluster.kill(case.cluster.controller())
        case.acknowledged(SETTLED)
        case.cluster.wait_ready()
        case.acknowledged(SETTLED)
    case.judge()


def test_all_three_killed_in_turn_lose_nothing(case: Case) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history):
        for broker in case.cluster.brokers:
            case.acknowledged(SETTLED)
            case.cluster.kill(broker)
            case.acknowledged(SETTLED)
            case.cluster.wait_ready()
            for partition in case.partitions:
                case.cluster.wait_in_sync(partition)
    case.judge()


def test_leader_and_controller_killed_together_are_replaced_soon(case: Case) -> None:
    partition = case.partitions[:1]
    with load(case.cluster.bootstrap, partition, case.history):
        case.acknowledged(SETTLED)
        leader, controller = case.cluster.leader(partition[0]), case.cluster.controller()
        if leader != controller:
            case.cluster.kill(controller)
        case.cluster.kill(leader)
        case.acknowledged(SETTLED)
        case.cluster.wait_ready()
    case.partitions = partition
    case.judge()
    print(f"longest time without an acknowledgement: {case.history.longest_gap():.2f} s")
    assert case.history.longest_gap() < seconds(9)


def test_all_three_killed_at_once_lose_nothing(case: Case) -> None:
    """All of them had the records in their page caches: kill -9 of processes takes nothing from it."""
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        for broker in case.cluster.brokers:
            case.cluster.kill(broker)
        case.cluster.wait_ready()
        case.acknowledged(SETTLED)
    case.judge()
