"""Redis is killed, stopped or gone under load: nothing of the cluster notices, tasks and figures come back with it."""

import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.faults.conftest import OPTIONS, SETTLED, Case, case_on
from tests.support.cluster import Cluster, cluster
from tests.support.console import Visitor
from tests.support.evidence.load import load
from tests.support.patience import until
from tests.support.ports import free_ports

pytestmark = [pytest.mark.faults, pytest.mark.slow]


class Redis:
    """A server outside of `up`, which a test may stop and start."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports(1)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def with_redis(redis: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    extra = {"REDIS_URL": f"redis://127.0.0.1:{redis.port}"}
    with cluster(3, tmp_path_factory.mktemp("external"), *OPTIONS, extra=extra) as running:
        yield running


def until_sampled(running: Cluster) -> None:
    """Wait until each broker's worker has done a task that was asked for from now on."""
    with closing(sqlite3.connect(running.up.data_dir / "odradek.sqlite3", timeout=10)) as database:
        (before,) = database.execute("SELECT coalesce(max(id), 0) FROM cluster_ratesample").fetchone()

        def sampled() -> bool:
            found = database.execute("SELECT DISTINCT broker_id FROM cluster_ratesample WHERE id > ?", [before])
            return {broker for (broker,) in found} == set(running.brokers)

        until(sampled, "a sample of every broker", 60)


def without_redis(case: Case, leave: Callable[[], None], come_back: Callable[[], None]) -> None:
    """Everything but tasks goes on, elections too; no broker's worker ends but the one that is killed."""
    until_sampled(case.cluster)
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        leave()
        case.goes_on()
        leader = case.cluster.leader(case.partitions[0])
        others = [case.cluster.process(broker) for broker in case.cluster.brokers if broker != leader]
        case.cluster.kill(leader)
        until(lambda: case.cluster.leader(case.partitions[0]) != leader, "another leader")
        case.cluster.wait_ready()
        case.goes_on()
        come_back()
        until_sampled(case.cluster)
        case.goes_on()
        assert all(process.is_running() for process in others)
    case.judge()


def valkey(running: Cluster) -> psutil.Process:
    return until(lambda: running.up.part("valkey-server"), "the embedded Valkey")


def test_an_embedded_valkey_that_is_stopped(case: Case) -> None:
    server = valkey(case.cluster)
    without_redis(case, lambda: server.send_signal(signal.SIGSTOP), lambda: server.send_signal(signal.SIGCONT))


def test_an_embedded_valkey_that_is_killed_is_started_again(case: Case) -> None:
    server = valkey(case.cluster)
    until_sampled(case.cluster)
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        server.kill()
        until(lambda: valkey(case.cluster).pid != server.pid, "another Valkey")
        until_sampled(case.cluster)
        case.goes_on()
    case.judge()


def test_a_redis_elsewhere_that_is_gone_and_comes_back(redis: Redis, with_redis: Cluster) -> None:
    case = case_on(with_redis)
    console = Visitor(with_redis.up)
    with console.watching("/") as before:
        before.until_it_says("figures", "Bytes in per second, lately", 60)

        def leave() -> None:
            redis.stop()
            before.until_it_says("figures", "not counted since", 60)
            with console.watching("/") as meanwhile:
                meanwhile.until_it_says("figures", "not counted since")

        without_redis(case, leave, redis.start)
        before.until_it_says("figures", "Bytes in per second, lately", 60)
