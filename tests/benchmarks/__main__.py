"""Our cluster beside Apache Kafka, on one machine in one run: `uv run python -m tests.benchmarks`. Compare ratios."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import confluent_kafka
import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.benchmarks import host_memory, options, rounds
from tests.benchmarks.options import Options
from tests.benchmarks.report import Report
from tests.benchmarks.rounds import Step
from tests.benchmarks.subjects import Apache, Managed, Odradek, Running, Subject
from tests.benchmarks.sweep import run as growth
from tests.benchmarks.topics import admin
from tests.benchmarks.warming import WARM_UP, warm
from tests.support import apache_kafka

console = Console(width=None if sys.stdout.isatty() else 150)


@contextlib.contextmanager
def subjects(chosen: Options) -> Iterator[list[Subject]]:
    """The clusters, started; stopped and removed whatever happens."""
    if chosen.bootstrap:
        foreign = Running(chosen.bootstrap)
        admin(foreign).list_topics(timeout=10)
        yield [foreign]
        return
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="measured-", dir=chosen.folder)))
        clusters: list[Managed] = [Odradek(folder / "odradek")]
        if chosen.alone:
            pass
        elif reason := apache_kafka.missing():
            console.print(f"Apache Kafka is not measured: {reason}")
        else:
            clusters.append(Apache(folder / "apache"))
        if chosen.sizes.keeps_memory:
            running.enter_context(host_memory.kept())
        for cluster in clusters:
            running.enter_context(cluster).start()
        yield list(clusters)


def about(chosen: Options) -> dict[str, Any]:
    """What a reader of the figures has to know of the machine and the run."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": commit.stdout.strip(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_before": os.getloadavg()[0],
        "platform": platform.platform(),
        "python": sys.version,
        "librdkafka": confluent_kafka.libversion()[0],
        "rounds": chosen.rounds,
        "sizes": asdict(chosen.sizes),
    }


def run(chosen: Options) -> Report:
    """Measure; a pass that was measured is in the file at once. Ctrl-C ends with what there is."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("starting", total=None)
        with subjects(chosen) as clusters:
            report = Report(about(chosen), [one.name for one in clusters])
            todo = [(0, WARM_UP, one) for one in clusters] + rounds.steps(chosen.workloads, clusters, chosen.rounds)
            progress.update(bar, total=len(todo))
            if chosen.json and chosen.json.exists():
                report.resume(chosen.json, {workload.name for _, workload, _ in todo})
            with contextlib.suppress(KeyboardInterrupt):
                _measure(chosen, todo, report, progress)
    return report


def _measure(chosen: Options, todo: Sequence[Step], report: Report, progress: Progress) -> None:
    (bar,) = progress.task_ids

    def begins(step: Step) -> None:
        number, workload, subject = step
        said = f"round {number}: {workload.name} on {subject.name}"
        progress.update(bar, description=said)
        if not console.is_terminal:
            console.print(time.strftime("%H:%M:%S"), said, highlight=False)

    for done in rounds.run(todo, chosen.sizes, begins):
        report.passes.append(done)
        progress.advance(bar)
        if chosen.json:
            report.write(chosen.json)


def sweep(chosen: Options) -> bool:
    """Draw how cost grows; True when all of it could be measured."""
    with console.status("starting") as status, subjects(chosen) as clusters:
        for one in clusters:
            status.update(f"warming {one.name}")
            list(warm(one, chosen.sizes))
        curves, failures = growth.measure(clusters, chosen.sizes, status.update)
    growth.show(console, curves, failures, chosen.svg)
    if chosen.json:
        chosen.json.write_text(json.dumps({"about": about(chosen), "sweep": growth.stored(curves)}, indent=1) + "\n")
    return not failures


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = options.parse()
    try:
        if chosen.command == "sweep":
            sys.exit(0 if sweep(chosen) else 1)
        report = run(chosen)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as problem:
        sys.exit(f"Nothing could be measured: {type(problem).__name__}: {problem}")
    report.print(console)
    if report.failures():
        sys.exit(1)


if __name__ == "__main__":
    main()
