"""What was measured, as a table for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.figures import Figure, Row, figure_of, rows
from tests.benchmarks.subjects import OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One workload, once, on one subject. With an `error`, the figures are those before it."""

    round: int
    workload: str
    subject: str
    seconds: float
    figures: Sequence[Figure]
    error: str | None = None

    def stored(self) -> dict[str, Any]:
        return {**asdict(self), "figures": [{**asdict(f), "target": f.target.name} for f in self.figures]}


@dataclass(slots=True)
class Report:
    """The passes of a run. `about` describes machine and sizes."""

    about: Mapping[str, Any]
    subjects: Sequence[str]
    passes: list[Pass] = field(default_factory=list)

    def resume(self, file: Path, measured: Collection[str]) -> None:
        """Take over what a file knows of workloads that are not measured now."""
        for stored in json.loads(file.read_text())["passes"]:
            if stored["workload"] not in measured:
                self.passes.append(Pass(**{**stored, "figures": [figure_of(f) for f in stored["figures"]]}))

    def rows(self) -> list[Row]:
        return rows((one.subject, one.figures) for one in self.passes)

    def failures(self) -> list[Pass]:
        return [one for one in self.passes if one.error]

    def write(self, file: Path) -> None:
        document = {
            "about": self.about,
            "rows": [self._row(row) for row in self.rows()],
            "passes": [one.stored() for one in self.passes],
        }
        beside = file.with_name(file.name + ".new")
        beside.write_text(json.dumps(document, indent=1, default=str) + "\n")
        beside.replace(file)

    @property
    def other(self) -> str | None:
        """Whom ours is compared with."""
        return next((name for name in self.subjects if name != OURS), None) if OURS in self.subjects else None

    def _row(self, row: Row) -> dict[str, Any]:
        ratio = row.ratio(OURS, self.other) if self.other else None
        return {
            "row": row.name,
            "unit": row.unit,
            "medians": {name: row.median(name) for name in self.subjects},
            "ratio": ratio,
            "target": str(row.target),
            "met": None if ratio is None else row.target.met(ratio),
        }

    def print(self, console: Console) -> None:
        table = Table(title="Medians (and highest minus lowest, in per cent of the median)")
        table.add_column("", no_wrap=True)
        table.add_column("unit", no_wrap=True)
        for name in self.subjects:
            table.add_column(name, justify="right")
        if self.other:
            for heading in ("ratio", "by round", "target", ""):
                table.add_column(heading, justify="right")
        for row in self.rows():
            table.add_row(
                row.name, row.unit, *self._medians(row), *(self._compared(row, self.other) if self.other else ())
            )
        console.print(table)
        for one in self.failures():
            console.print(f"[red]failed[/] {one.workload} on {one.subject}, round {one.round}: ", end="")
            console.print(one.error, markup=False)

    def _medians(self, row: Row) -> list[str]:
        return [number(row.median(name)) + percent(row.spread(name)) for name in self.subjects]

    def _compared(self, row: Row, other: str) -> list[str]:
        ratio = row.ratio(OURS, other)
        if ratio is None:
            return ["", "", str(row.target), "failed" if row.target.bound else ""]
        ratios = row.ratios(OURS, other)
        verdict = {None: "", True: "[green]met[/]", False: "[red]not met[/]"}[row.target.met(ratio)]
        between = f"{min(ratios):.2f}–{max(ratios):.2f}" if len(ratios) > 1 else ""
        return [f"{ratio:.2f}×", between, str(row.target), verdict]


def number(value: float | None) -> str:
    """Three digits that matter."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def percent(share: float | None) -> str:
    return "" if share is None else f" ({share:.0%})"
