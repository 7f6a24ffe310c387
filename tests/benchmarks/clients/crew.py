"""Client processes that prepare, begin at the same moment, and bring back what they saw.

A piece of work is a generator function: it prepares, yields once when it is ready, is resumed when all others are ready
as well (what the `yield` gives it tells whether the crew was asked to stop), and returns its result.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tests.support.patience import seconds

Stopping = Callable[[], bool]
Work = Callable[..., Generator[None, Stopping, Any]]

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["confluent_kafka", "tests.benchmarks.clients.crew"])

READY_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    work: Work
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the work returned, and the CPU seconds that its process used from its beginning to its end."""

    value: Any
    cpu_s: float


class CrewError(Exception):
    """A client failed, or did not end in time."""


class Crew:
    """One process a job. Leaving the context ends all of them."""

    def __init__(self, jobs: Sequence[Job], at_most_s: float) -> None:
        self._jobs = jobs
        self._at_most_s = at_most_s
        self._members: list[tuple[Any, Connection]] = []

    def __enter__(self) -> Crew:
        try:
            for job in self._jobs:
                ours, theirs = _processes.Pipe()
                process = _processes.Process(target=_main, args=(job, theirs), daemon=True)
                process.start()
                theirs.close()
                self._members.append((process, ours))
            for _, pipe in self._members:
                self._receive(pipe, time.monotonic() + seconds(READY_WITHIN_S))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def go(self) -> None:
        for _, pipe in self._members:
            pipe.send("go")

    def stop(self, first: int = 0, last: int | None = None) -> None:
        """Tell these members that it is enough."""
        for _, pipe in self._members[first:last]:
            pipe.send("stop")

    def outcomes(self, first: int = 0, last: int | None = None) -> list[Outcome]:
        """Wait for the results of these members."""
        deadline = time.monotonic() + seconds(self._at_most_s)
        return [self._receive(pipe, deadline) for _, pipe in self._members[first:last]]

    def _receive(self, pipe: Connection, deadline: float) -> Any:
        if not pipe.poll(max(0.0, deadline - time.monotonic())):
            raise CrewError(f"a client was not done after {self._at_most_s:.0f} s")
        try:
            kind, value = pipe.recv()
        except EOFError:
            raise CrewError("a client died") from None
        if kind == "failed":
            raise CrewError(value)
        return value

    def _end(self) -> None:
        for process, pipe in self._members:
            process.kill()
            pipe.close()
        for process, _ in self._members:
            process.join(10)


def run(jobs: Sequence[Job], at_most_s: float = 120.0) -> list[Outcome]:
    """All jobs at the same time, to their ends."""
    with Crew(jobs, at_most_s) as crew:
        crew.go()
        return crew.outcomes()


def _main(job: Job, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pipe.send(("done", _perform(job, pipe)))
    except Exception as error:
        pipe.send(("failed", f"{type(error).__name__}: {error}"))


def _perform(job: Job, pipe: Connection) -> Outcome:
    work = job.work(**job.arguments)
    next(work)
    pipe.send(("ready", None))
    pipe.recv()
    began = time.process_time()
    try:
        work.send(pipe.poll)
    except StopIteration as ended:
        return Outcome(ended.value, time.process_time() - began)
    raise RuntimeError("work yields once")
