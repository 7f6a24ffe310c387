"""What the tool can be told."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.sizes import FULL, QUICK, Sizes
from tests.benchmarks.workloads import WORKLOADS
from tests.benchmarks.workloads.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`bootstrap` names a running cluster, which is then measured alone."""

    command: str
    bootstrap: str | None
    workloads: tuple[Workload, ...]
    rounds: int
    sizes: Sizes
    json: Path | None
    svg: Path
    folder: Path
    alone: bool


def parse(arguments: list[str] | None = None) -> Options:
    given = _parser().parse_args(arguments)
    sizes = QUICK if given.quick else FULL
    if given.data_gb:
        sizes = replace(sizes, data_mb=int(given.data_gb * 1000))
    names = given.only or [one.name for one in WORKLOADS]
    return Options(
        command=given.command,
        bootstrap=given.bootstrap,
        workloads=tuple(one for one in WORKLOADS if one.name in names),
        rounds=given.rounds or (1 if given.quick else 3),
        sizes=sizes,
        json=given.json,
        svg=given.svg,
        folder=given.folder,
        alone=given.alone,
    )


def _parser() -> argparse.ArgumentParser:
    workloads = "\n".join(f"  {one.name:<20} {one.about}" for one in WORKLOADS)
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure our cluster beside Apache Kafka, where Java and Maven are.",
        epilog=f"workloads:\n{workloads}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("command", nargs="?", choices=("run", "sweep"), default="run", help="sweep: how cost grows with size")
    add("--bootstrap", metavar="HOST:PORT[,…]", help="measure this running cluster alone")
    add("--alone", action="store_true", help="measure our cluster alone")
    add("--only", nargs="+", metavar="NAME", choices=[one.name for one in WORKLOADS], help="these workloads")
    add("--rounds", type=_positive, metavar="N", help="how often (3; 1 with --quick)")
    add("--quick", action="store_true", help="small sizes, to try the tool: figures mean nothing")
    add("--data-gb", type=_amount, metavar="GB", help="the log that is there at a restart (1)")
    add("--json", type=Path, metavar="FILE", help="write results here; what it has of other workloads is kept")
    add("--svg", type=Path, metavar="FILE", default=Path("sweep.svg"), help="the sweep's drawing (sweep.svg)")
    add("--folder", type=_folder, metavar="DIR", default=Path(tempfile.gettempdir()), help="where clusters keep data")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {text!r}")
    return int(text)


def _amount(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 100_000:
        raise argparse.ArgumentTypeError(f"must be more than 0, not {text!r}")
    return number


def _folder(text: str) -> Path:
    """Made unless it is there."""
    try:
        Path(text).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.strerror}") from None
    return Path(text)
