"""Each part started alone, as the README says for several machines: `up` only starts the same things."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.support.databases import postgresql_server
from tests.support.patience import seconds, until
from tests.support.ports import free_ports
from tests.up.running import PROJECT, Up, environment, get, manage

pytestmark = pytest.mark.cluster

Start = Callable[..., "subprocess.Popen[bytes]"]
WORKER = ("-m", "celery", "-A", "cluster", "worker", "--pool", "threads", "--without-mingle", "--without-gossip")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a Python program with these arguments and variables; all are stopped in the end."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str, extra: dict[str, str]) -> "subprocess.Popen[bytes]":
        log = (tmp_path / f"{len(started)}.log").open("wb")
        command = [sys.executable, *arguments]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment(extra), stdout=log, stderr=log)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.terminate()
    for process in started:
        try:
            process.wait(seconds(12))
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """The URL of a Redis of the test's own."""
    port = free_ports(1)
    command = ["redis-server", "--port", str(port), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            yield f"redis://127.0.0.1:{port}"
        finally:
            server.terminate()


def acknowledged(port: int) -> bool:
    done: list[object] = []
    producer = Producer({"bootstrap.servers": f"127.0.0.1:{port}", "acks": "all", "log_level": 0})
    producer.produce("alone", b"!", on_delivery=lambda error, _: done.append(error))
    producer.flush(seconds(20))
    return done == [None]


def test_a_broker_the_jobs_and_the_console_started_alone_are_a_whole(start: Start, tmp_path: Path) -> None:
    first = free_ports(2)
    with redis_server(tmp_path) as redis_url:
        extra = {
            "ODRADEK_DATA_DIR": str(tmp_path / "data"),
            "REDIS_URL": redis_url,
            "ODRADEK_BOOTSTRAP_SERVERS": f"127.0.0.1:{first}",
        }
        assert manage("migrate", "-v", "0", extra=extra).returncode == 0
        broker = {"ODRADEK_BROKER_ID": "1", "ODRADEK_PORT": str(first)}
        settings = {"ODRADEK_SET": "default.replication.factor=1 offsets.topic.replication.factor=1"}
        node = start(*WORKER, "-Q", "broker.1", "-n", "broker-1@%h", extra={**extra, **broker, **settings})
        start(*WORKER, "-Q", "jobs", "-n", "jobs@%h", "--schedules", extra=extra)
        web = ("-m", "uvicorn", "dashboard.asgi:application", "--port", str(first + 1), "--lifespan", "off")
        start(*web, extra=extra)

        assert acknowledged(first)
        until(lambda: get(f"http://127.0.0.1:{first + 1}/sign-in/") == 200, "the console answers")
        node.terminate()
        assert node.wait(seconds(12)) == 0


def test_up_takes_the_database_and_the_transport_that_it_is_told(tmp_path: Path) -> None:
    with postgresql_server() as database_url, redis_server(tmp_path) as redis_url:
        if database_url is None:
            pytest.skip("no PostgreSQL on this machine")
        extra = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        with Up(tmp_path / "data", extra=extra) as first:
            first.until_ready()
            assert acknowledged(first.base_port)
            assert first.stop() == 0
            assert not [line for line in first.lines if "valkey" in line]
        with Up(tmp_path / "data", extra=extra) as again:
            again.until_ready()
            assert acknowledged(again.base_port)
        assert not (tmp_path / "data" / "odradek.sqlite3").exists()
