"""The rounds of a run: every workload on every subject in turn, again and again, so that a disturbance meets both."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence

from tests.benchmarks.figures import Figure
from tests.benchmarks.report import Pass
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.workloads.workload import Workload

Step = tuple[int, Workload, Subject]


def steps(workloads: Sequence[Workload], subjects: Sequence[Subject], rounds: int) -> list[Step]:
    """What disrupts comes last. Who is measured first changes from round to round."""
    return [
        (number, workload, subject)
        for disruptive in (False, True)
        for number in range(1, rounds + 1)
        for workload in workloads
        if workload.disruptive is disruptive and number <= workload.rounds
        for subject in (subjects if number % 2 else tuple(reversed(subjects)))
    ]


def measure(step: Step, sizes: Sizes) -> Pass:
    """Whatever goes wrong in a workload is its result."""
    number, workload, subject = step
    figures: list[Figure] = []
    # What the pass before has left to be written is not this one's work.
    os.sync()
    error, began = None, time.monotonic()
    try:
        if workload.managed and not subject.managed:
            raise LookupError("needs a cluster that this tool has started")
        for figure in workload.measure(subject, sizes):
            figures.append(figure)
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"
    return Pass(
        round=number,
        workload=workload.name,
        subject=subject.name,
        seconds=time.monotonic() - began,
        figures=figures,
        error=error,
    )


def run(steps: Sequence[Step], sizes: Sizes, begins: Callable[[Step], None]) -> Iterator[Pass]:
    for step in steps:
        begins(step)
        yield measure(step, sizes)
