"""`up` as a person meets it: starts, says where everything is, keeps its parts running, stops, and starts again."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.support.patience import seconds, until
from tests.up.rows import Node, node, sampled, want
from tests.up.running import Up, celery_worker, get, gone, manage

pytestmark = pytest.mark.cluster

SHUTDOWN_S = 10.0


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with Up(tmp_path_factory.mktemp("up") / "data") as running:
        yield running.until_ready()


def produce(bootstrap_servers: str, topic: str, values: list[bytes]) -> None:
    """Return when all are acknowledged by all replicas in sync."""
    errors: list[object] = []
    producer = Producer({"bootstrap.servers": bootstrap_servers, "acks": "all", "enable.idempotence": True})
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: errors.append(error) if error else None)
    assert producer.flush(seconds(30)) == 0
    assert errors == []


def consume(bootstrap_servers: str, topic: str, count: int) -> list[bytes | None]:
    settings = {"bootstrap.servers": bootstrap_servers, "group.id": "none", "auto.offset.reset": "earliest"}
    consumer = Consumer({**settings, "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[bytes | None] = []
    deadline = time.monotonic() + seconds(30)
    while len(found) < count and time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            found.append(message.value())
    consumer.close()
    return found


def broker_process(up: Up, broker_id: int) -> psutil.Process:
    pid = node(up.data_dir, broker_id).pid
    assert pid is not None
    return psutil.Process(pid)


def running(up: Up, broker_id: int, *, not_pid: int) -> Node | None:
    """The broker's row, once another process than `not_pid` is ready."""
    row = node(up.data_dir, broker_id)
    return row if row.state == "running" and row.pid != not_pid else None


def test_a_record_is_acknowledged_by_all_replicas_and_read_back(up: Up) -> None:
    produce(up.bootstrap_servers, "greetings", [b"hello", b"world"])
    assert consume(up.bootstrap_servers, "greetings", 2) == [b"hello", b"world"]


def test_what_it_prints_reads_well_in_a_file(up: Up) -> None:
    text = "\n".join(up.lines)
    assert "\x1b" not in text
    for part in ("valkey", "broker 1", "broker 2", "broker 3", "jobs", "console"):
        assert len(re.findall(rf"^ +\d+\.\d\d s  {part} +running", text, re.MULTILINE)) == 1


def test_the_sign_in_link_works_once_and_login_link_prints_another(up: Up) -> None:
    done = manage("login-link", "--data-dir", str(up.data_dir))
    link = done.stdout.strip()
    assert link.startswith(f"http://127.0.0.1:{up.console_port}/sign-in/"), done.stderr
    assert get(link) == 302
    assert get(link) != 302


def test_a_broker_that_is_killed_comes_back_and_its_row_says_what_happened(up: Up) -> None:
    before = broker_process(up, 2)
    before.kill()
    row = until(lambda: running(up, 2, not_pid=before.pid), "broker 2 is back")
    assert (row.last_exit, row.last_exit_detail) == ("killed", "killed by SIGKILL")
    assert row.restarts >= 1


def test_a_broker_that_hangs_is_killed_so_that_its_clients_go_elsewhere(up: Up) -> None:
    before = broker_process(up, 2)
    before.send_signal(signal.SIGSTOP)
    assert "broker 2       waiting" in up.until_it_says("no sign of life for 5 s")
    row = until(lambda: running(up, 2, not_pid=before.pid), "broker 2 is back")
    assert (row.last_exit, row.last_exit_detail) == ("killed", "no sign of life for 5 s")


def test_a_broker_stops_and_starts_as_its_row_wants(up: Up) -> None:
    before = broker_process(up, 3)
    want(up.data_dir, 3, desired="stopped")
    until(lambda: node(up.data_dir, 3).state == "stopped", "broker 3 has stopped")
    assert gone([before])
    assert node(up.data_dir, 3).last_exit == "clean"
    want(up.data_dir, 3, desired="running")
    until(lambda: running(up, 3, not_pid=before.pid), "broker 3 is back")


def test_a_restart_and_a_kill_are_asked_for_by_counting_up(up: Up) -> None:
    first = broker_process(up, 1)
    want(up.data_dir, 1, restart_requests=1)
    second = until(lambda: running(up, 1, not_pid=first.pid), "broker 1 was restarted")
    assert second.last_exit == "clean"
    want(up.data_dir, 1, kill_requests=1)
    third = until(lambda: running(up, 1, not_pid=second.pid or 0), "broker 1 is back after its kill")
    assert third.last_exit == "killed"


def test_the_counters_of_every_broker_are_sampled(up: Up) -> None:
    until(lambda: sampled(up.data_dir) == {1, 2, 3}, "samples of all brokers")


def test_a_second_up_on_the_same_data_directory_is_refused(up: Up) -> None:
    done = manage(*up.arguments())
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert f"{up.data_dir} is in use by the `up` of process {up.process.pid}" in done.stderr


def test_everything_is_gone_within_ten_seconds_and_the_next_start_has_it_all_back(tmp_path: Path) -> None:
    with Up(tmp_path / "data") as first:
        first.until_ready()
        produce(first.bootstrap_servers, "kept", [b"1", b"2", b"3"])
        family = first.family()
        began = time.monotonic()
        assert first.stop(signal.SIGINT) == 0
        assert time.monotonic() - began < seconds(SHUTDOWN_S)
        assert gone(family)
        assert first.until_it_says("All stopped.")
        assert [node(first.data_dir, broker_id).last_exit for broker_id in (1, 2, 3)] == ["clean"] * 3
    with Up(tmp_path / "data") as second:
        second.until_ready()
        assert consume(second.bootstrap_servers, "kept", 3) == [b"1", b"2", b"3"]


def test_after_kill_9_of_every_process_every_acknowledged_record_is_there(tmp_path: Path) -> None:
    values = [b"%d" % number for number in range(500)]
    with Up(tmp_path / "data") as first:
        first.until_ready()
        produce(first.bootstrap_servers, "kept", values)
        for process in first.family():
            process.kill()
        first.process.wait()
    with Up(tmp_path / "data") as second:
        second.until_ready()
        assert consume(second.bootstrap_servers, "kept", len(values)) == values


def test_when_the_supervisor_is_killed_no_part_runs_on(tmp_path: Path) -> None:
    with Up(tmp_path / "data", brokers=1) as running_up:
        running_up.until_ready()
        supervisor, *parts = running_up.family()
        supervisor.kill()
        running_up.process.wait()
        until(lambda: gone(parts), "all parts are gone", SHUTDOWN_S + 2)


def test_when_the_nursery_is_killed_everything_is_started_again(tmp_path: Path) -> None:
    with Up(tmp_path / "data", brokers=1) as running_up:
        running_up.until_ready()
        supervisor, *parts = running_up.family()
        before = node(running_up.data_dir, 1).pid or 0
        next(process for process in parts if process.ppid() == supervisor.pid).kill()
        until(lambda: running(running_up, 1, not_pid=before), "the broker is back")
        assert gone(parts)
        running_up.until_ready()
        assert running_up.stop() == 0


def test_a_second_worker_for_a_running_broker_is_refused_with_one_line(up: Up, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    extra = {"ODRADEK_DATA_DIR": str(up.data_dir), "ODRADEK_BROKER_ID": "1", "ODRADEK_PORT": str(port)}
    done = celery_worker("-Q", "broker.1", extra=extra)
    assert done.returncode == 78
    assert len([line for line in done.stderr.splitlines() if "CRITICAL" in line]) == 1, done.stderr


def test_when_nobody_reads_what_it_prints_it_goes_on(tmp_path: Path) -> None:
    with Up(tmp_path / "data", brokers=1) as running_up:
        running_up.until_it_says("broker 1")
        running_up.stop_reading()
        until(lambda: node(running_up.data_dir, 1).state == "running", "the broker runs")
        before = broker_process(running_up, 1)
        before.kill()
        until(lambda: running(running_up, 1, not_pid=before.pid), "the broker is back")
        assert running_up.stop() == 0
