"""The edges of a broker's process: its environment, what it tells its supervisor, its tasks, its remote control."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cluster import celery as celery_app
from cluster.broker.refusal import NodeRefused
from cluster.models import BrokerNode, RateSample
from cluster.tasks import ask_for_samples, prune_samples, sample_counters
from cluster.worker import door
from cluster.worker.assembly import node_of, properties_of
from cluster.worker.notify import notify
from cluster.worker.pulse import beat
from cluster.worker.remote_control import broker_status
from tests.support.patience import seconds

FIGURES = {"broker_id": 7, "bytes_in": 1, "bytes_out": 2, "records_in": 3, "requests": 2**40}


def test_a_brokers_properties_follow_from_its_number() -> None:
    found = properties_of({"ODRADEK_BROKER_ID": "3", "ODRADEK_DATA_DIR": "/data", "ODRADEK_BASE_PORT": "19092"})
    assert found == {
        "node.id": "3",
        "log.dirs": "/data/broker-3",
        "listeners": "PLAINTEXT://127.0.0.1:19094",
        "advertised.listeners": "PLAINTEXT://127.0.0.1:19094",
    }


def test_a_port_of_its_own_and_settings_win() -> None:
    environment = {"ODRADEK_BROKER_ID": "3", "ODRADEK_HOST": "::1", "ODRADEK_PORT": "5", "ODRADEK_SET": "a=b 'c=d e'"}
    found = properties_of(environment)
    assert found["listeners"] == "PLAINTEXT://[::1]:5"
    assert (found["a"], found["c"]) == ("b", "d e")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ODRADEK_BROKER_ID": "one"}, "ODRADEK_BROKER_ID must be a number"),
        ({"ODRADEK_BROKER_ID": "1", "ODRADEK_SET": "log.retention.ms=soon"}, "log.retention.ms"),
    ],
)
def test_a_broker_that_is_told_nonsense_refuses(environment: dict[str, str], words: str) -> None:
    with pytest.raises(NodeRefused, match=words):
        node_of(environment)


@pytest.mark.parametrize("abstract", [False, True])
def test_it_says_how_it_is_doing_in_systemds_words(
    abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"odradek-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0{name}" if abstract else name)
        receiver.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else name)
        notify(READY=1, STATUS="ready")
        assert receiver.recv(1000).decode().splitlines() == ["READY=1", "STATUS=ready", f"MAINPID={os.getpid()}"]


async def test_it_shows_life_several_times_within_its_managers_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        beating = asyncio.create_task(beat())
        async with asyncio.timeout(5):
            for _ in range(3):
                said = await asyncio.get_running_loop().sock_recv(receiver, 1000)
                assert said.decode().splitlines() == ["WATCHDOG=1", f"MAINPID={os.getpid()}"]
        beating.cancel()


async def test_a_manager_that_takes_no_signs_of_life_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        for _ in range(2000):
            notify(WATCHDOG=1)


@pytest.mark.parametrize("patience", ["", "0", "soon"])
async def test_where_nobody_watches_no_life_is_shown(patience: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", patience)
    await asyncio.wait_for(beat(), 1)


def test_with_nobody_to_tell_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify(READY=1)
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify(READY=1)


def test_a_worker_without_a_broker_says_so_to_remote_control() -> None:
    assert broker_status(None) == {"error": "this worker hosts no broker node"}


def test_the_command_line_knows_what_remote_control_may_be_asked() -> None:
    asked = [sys.executable, "-m", "celery", "-A", "cluster", "inspect", "--list"]
    known = subprocess.run(asked, capture_output=True, text=True, timeout=seconds(60), check=True)
    assert "broker_status" in known.stdout


def test_a_unix_sockets_address_is_spelled_as_kombu_wants_it() -> None:
    assert celery_app.broker_url("unix:///run/valkey.sock") == "redis+socket:///run/valkey.sock"
    assert celery_app.broker_url("redis://host:6379/1") == "redis://host:6379/1"


def test_every_scheduled_task_exists() -> None:
    celery_app.app.loader.import_default_modules()
    for entry in celery_app.SCHEDULE.values():
        assert entry["task"] in celery_app.app.tasks


@pytest.mark.django_db
def test_every_running_broker_is_asked_for_a_sample_on_its_own_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    BrokerNode.objects.create(broker_id=1, state="running")
    BrokerNode.objects.create(broker_id=2, state="stopped")
    asked: list[Any] = []
    monkeypatch.setattr(sample_counters, "apply_async", lambda **options: asked.append(options))
    ask_for_samples(2.0)
    assert asked == [{"queue": "broker.1", "expires": 2.0}]


@pytest.mark.django_db
def test_a_sample_holds_the_brokers_counters_and_goes_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "status", lambda _: FIGURES)
    sample_counters()
    assert RateSample.objects.values("broker_id", "bytes_in", "bytes_out", "records_in", "requests").get() == FIGURES
    RateSample.objects.update(at="2020-01-01T00:00:00Z")
    sample_counters()
    prune_samples()
    assert RateSample.objects.count() == 1


@pytest.mark.django_db
def test_a_broker_that_is_too_busy_for_a_sample_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy(within_s: float) -> dict[str, Any]:
        raise TimeoutError

    monkeypatch.setattr(door, "status", busy)
    sample_counters()
    assert not RateSample.objects.exists()
    assert [record.getMessage() for record in caplog.records] == ["No sample was taken: the broker is busy"]
