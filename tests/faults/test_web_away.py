"""The web server is stopped or killed under load: nothing of the cluster notices, and `up` starts it again."""

import signal

import psutil
import pytest

from tests.faults.conftest import SETTLED, Case
from tests.support.console import Visitor
from tests.support.evidence.load import load
from tests.support.patience import until

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def test_a_web_server_that_is_stopped_and_then_killed(case: Case) -> None:
    up = case.cluster.up
    console = Visitor(up)
    first: psutil.Process = until(lambda: up.part("web"), "the web server")
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        first.send_signal(signal.SIGSTOP)
        assert console.get("/", timeout=1)[0] == 0
        case.goes_on()
        leader = case.cluster.leader(case.partitions[0])
        case.cluster.kill(leader)
        until(lambda: case.cluster.leader(case.partitions[0]) != leader, "another leader")
        first.send_signal(signal.SIGCONT)
        until(lambda: console.get("/")[0] == 200, "the console answers again")
        first.kill()
        assert "killed by SIGKILL" in up.until_it_says("console        waiting")
        case.goes_on()
        until(lambda: console.get("/")[0] == 200, "the console is started again")
        case.cluster.wait_ready()
        case.goes_on()
    case.judge()
    assert case.history.longest_gap() < 9
