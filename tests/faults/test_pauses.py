"""SIGSTOP under load: a broker that slept past its session must not act as if it still led."""

import time

import pytest

from tests.faults.conftest import SESSION_MS, Case
from tests.support.evidence.load import load
from tests.support.patience import until

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SETTLED = 300


def test_a_leader_that_sleeps_past_its_session_and_wakes_loses_nothing(case: Case) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        leader = case.cluster.leader(case.partitions[0])
        case.cluster.pause(leader)
        until(lambda: case.cluster.leader(case.partitions[0]) != leader, "another leader")
        case.acknowledged(SETTLED)
        case.cluster.resume(leader)
        case.cluster.wait_ready()
        case.acknowledged(SETTLED)
    case.judge()


def test_a_controller_that_sleeps_past_its_lease_and_wakes_changes_nothing(case: Case) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        controller = case.cluster.controller()
        case.cluster.pause(controller)
        until(lambda: case.cluster.controller() != controller, "another controller")
        case.acknowledged(SETTLED)
        case.cluster.resume(controller)
        case.cluster.wait_ready()
        case.acknowledged(SETTLED)
    case.judge()


def test_a_nap_shorter_than_the_session_moves_nothing_and_loses_nothing(case: Case) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        leader = case.cluster.leader(case.partitions[0])
        case.cluster.pause(leader)
        time.sleep(SESSION_MS / 1000 / 6)
        case.cluster.resume(leader)
        case.acknowledged(SETTLED)
    case.judge()


def test_a_machine_that_stands_still_for_longer_than_a_session_costs_nobody_its_own(case: Case) -> None:
    brokers = case.cluster.brokers
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        over = sessions_over(case)
        for broker in brokers:
            case.cluster.pause(broker)
        time.sleep(SESSION_MS / 1000 * 1.5)
        for broker in brokers:
            case.cluster.resume(broker)
        case.acknowledged(SETTLED)
        assert sessions_over(case) == over
    case.judge()


def sessions_over(case: Case) -> int:
    logs = (case.cluster.up.data_dir / "logs").glob("broker-*.log")
    return sum(log.read_text().count("the session of broker") for log in logs)


def test_a_follower_that_sleeps_leaves_the_isr_and_returns(case: Case) -> None:
    partition = case.partitions[:1]
    with load(case.cluster.bootstrap, partition, case.history):
        case.acknowledged(SETTLED)
        leader = case.cluster.leader(partition[0])
        follower = next(broker for broker in case.cluster.brokers if broker not in (leader, case.cluster.controller()))
        case.cluster.pause(follower)
        until(lambda: follower not in case.cluster.in_sync(partition[0]), "the follower out of the ISR")
        case.acknowledged(SETTLED)
        case.cluster.resume(follower)
        case.cluster.wait_in_sync(partition[0])
    case.partitions = partition
    case.judge()
