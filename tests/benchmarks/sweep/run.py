"""The whole sweep: measured, printed, drawn."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.report import number
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.sweep import crowds, data, partitions
from tests.benchmarks.sweep.curves import Curve
from tests.benchmarks.sweep.drawing import draw

PARTS = (data, partitions, crowds)


def measure(subjects: Sequence[Subject], sizes: Sizes, told: Callable[[str], None]) -> tuple[list[Curve], list[str]]:
    """The curves that have points, and what failed."""
    failures = []
    for part in PARTS:
        for subject in subjects:
            try:
                for step in part.measure(subject, sizes):
                    told(f"{subject.name}: {step}")
            except Exception as problem:
                failures.append(
                    f"{part.__name__.rpartition('.')[2]} on {subject.name}: {type(problem).__name__}: {problem}"
                )
    return [curve for part in PARTS for curve in part.CURVES if curve.points], failures


def show(console: Console, curves: Sequence[Curve], failures: Sequence[str], svg: Path) -> None:
    for curve in curves:
        table = Table(curve.x_label, title=f"{curve.title} ({curve.unit}); should be {curve.shape.value}")
        for subject in curve.points:
            table.add_column(subject, justify="right")
        by_x = {subject: dict(points) for subject, points in curve.points.items()}
        for x in sorted({x for points in by_x.values() for x in points}):
            table.add_row(f"{x:,g}", *(number(points.get(x)) for points in by_x.values()))
        table.add_section()
        table.add_row("", *(curve.verdict(subject) for subject in curve.points))
        console.print(table)
    for failure in failures:
        console.print(f"failed {failure}", markup=False)
    svg.write_text(draw(curves), encoding="utf-8")
    console.print(f"drawn in {svg}")


def stored(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    return [{**asdict(curve), "shape": curve.shape.value} for curve in curves]
