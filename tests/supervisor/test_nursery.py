"""The nursery with real processes: it forks, redirects, reports ends, and leaves no orphan."""

import os
import select
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.supervisor.nursery import process as nursery
from cluster.supervisor.nursery.wire import Exited, Message, Spawn, Spawned, Wire

PATIENCE_S = 10.0


@pytest.fixture
def wire() -> Iterator[Wire]:
    found, child = start_nursery()
    yield found
    found.socket.close()
    os.waitpid(child, 0)


def start_nursery() -> tuple[Wire, int]:
    """Like `nursery.start`, which leaves it to the kernel to reap: tests would wait for a zombie."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        nursery.run_as_child(nursery.Nursery(Wire(theirs)).run)
    theirs.close()
    ours.settimeout(PATIENCE_S)
    return Wire(ours), child


def messages(wire: Wire, count: int) -> list[Message]:
    found: list[Message] = []
    while len(found) < count:
        more = wire.receive()
        assert more is not None
        found += more
    return found


def shell(script: str, log: Path) -> Spawn:
    return Spawn(
        part="part", recipe="program", arguments=["/bin/sh", "-c", script], environment={"WORD": "x"}, log=str(log)
    )


def test_it_forks_a_part_with_its_environment_and_log_and_reports_its_end(wire: Wire, tmp_path: Path) -> None:
    wire.send(shell("echo $WORD; echo y >&2; exit 7", tmp_path / "log"))
    spawned, exited = messages(wire, 2)
    assert isinstance(spawned, Spawned)
    assert isinstance(exited, Exited)
    assert (exited.pid, os.WEXITSTATUS(exited.wait_status)) == (spawned.pid, 7)
    assert (tmp_path / "log").read_text() == "x\ny\n"


def test_it_tells_by_which_signal_a_part_was_killed(wire: Wire, tmp_path: Path) -> None:
    wire.send(shell("sleep 60", tmp_path / "log"))
    (spawned,) = messages(wire, 1)
    assert isinstance(spawned, Spawned)
    os.kill(spawned.pid, signal.SIGKILL)
    (exited,) = messages(wire, 1)
    assert isinstance(exited, Exited)
    assert os.WTERMSIG(exited.wait_status) == signal.SIGKILL


def test_a_part_may_be_stopped_from_its_very_first_moment(wire: Wire, tmp_path: Path) -> None:
    for _ in range(20):
        wire.send(shell("sleep 60", tmp_path / "log"))
        (spawned,) = messages(wire, 1)
        assert isinstance(spawned, Spawned)
        os.kill(spawned.pid, signal.SIGTERM)
        (exited,) = messages(wire, 1)
        assert isinstance(exited, Exited)
        assert os.WTERMSIG(exited.wait_status) == signal.SIGTERM


def test_when_the_supervisor_is_gone_it_stops_the_parts_and_goes(tmp_path: Path) -> None:
    wire, child = start_nursery()
    wire.send(shell("sleep 60", tmp_path / "log"))
    (spawned,) = messages(wire, 1)
    assert isinstance(spawned, Spawned)
    wire.socket.close()
    os.waitpid(child, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(spawned.pid, 0)


def test_when_the_nursery_is_killed_the_kernel_stops_its_parts(tmp_path: Path) -> None:
    wire, child = start_nursery()
    wire.send(shell("trap 'echo told >&2; exit 0' TERM; while :; do sleep 0.05; done", tmp_path / "log"))
    (spawned,) = messages(wire, 1)
    assert isinstance(spawned, Spawned)
    with os.fdopen(os.pidfd_open(spawned.pid)) as watched:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert select.select([watched], [], [], PATIENCE_S)[0]
