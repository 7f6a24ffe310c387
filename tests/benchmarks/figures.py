"""What workloads measure: figures with their targets, and the arithmetic of percentiles, rounds and ratios."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Target(Enum):
    """What the ratio of ours to the other's median must be: at least, or at most, so much."""

    NONE = ("", 0.0)
    THROUGHPUT = ("≥", 1.5)
    THROUGHPUT_1_KIB = ("≥", 2.0)
    LATENCY = ("≤", 0.5)
    FAILOVER = ("≤", 0.1)
    START = ("≤", 0.3)
    MEMORY = ("≤", 0.3)
    CPU = ("≤", 0.7)

    @property
    def bound(self) -> float:
        return self.value[1]

    def met(self, ratio: float) -> bool | None:
        """None where nothing is demanded."""
        match self.value:
            case ("≥", bound):
                return ratio >= bound
            case ("≤", bound):
                return ratio <= bound
            case _:
                return None

    def __str__(self) -> str:
        return "" if self is Target.NONE else f"{self.value[0]} {self.bound:g}×"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one pass of a workload. The row's name says what was measured, whoever was measured."""

    row: str
    value: float
    unit: str
    target: Target = Target.NONE


def percentile(values: Sequence[float], rank: float) -> float:
    """The smallest value that at least `rank` per cent of all values do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no percentile of nothing")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(round(rank * len(ordered) / 100, 9)) - 1)]


def latency_figures(row: str, latencies_s: Sequence[float]) -> list[Figure]:
    """p50, p99 and p99.9 in milliseconds; only p99 has a target."""
    return [
        Figure(f"{row}, p{rank:g}", percentile(latencies_s, rank) * 1000, "ms", target)
        for rank, target in ((50, Target.NONE), (99, Target.LATENCY), (99.9, Target.NONE))
    ]


@dataclass(slots=True)
class Row:
    """The values of one row by subject, one a round."""

    name: str
    unit: str
    target: Target
    values: dict[str, list[float]] = field(default_factory=dict)

    def median(self, subject: str) -> float | None:
        values = self.values.get(subject)
        return statistics.median(values) if values else None

    def spread(self, subject: str) -> float | None:
        """Highest minus lowest, as a share of the median; None of fewer than two rounds."""
        values = self.values.get(subject, [])
        median = self.median(subject)
        return (max(values) - min(values)) / median if len(values) > 1 and median else None

    def ratio(self, ours: str, other: str) -> float | None:
        """Our median by the other's."""
        mine, theirs = self.median(ours), self.median(other)
        return mine / theirs if mine is not None and theirs else None

    def ratios(self, ours: str, other: str) -> list[float]:
        """Ours by the other's, round by round: how far the ratio of the medians can be trusted."""
        pairs = zip(self.values.get(ours, []), self.values.get(other, []), strict=False)
        return [mine / theirs for mine, theirs in pairs if theirs]


def rows(passes: Iterable[tuple[str, Sequence[Figure]]]) -> list[Row]:
    """Rows in the order in which they first appeared, from (subject, figures) of each pass."""
    found: dict[str, Row] = {}
    for subject, figures in passes:
        for figure in figures:
            row = found.setdefault(figure.row, Row(figure.row, figure.unit, figure.target))
            row.values.setdefault(subject, []).append(figure.value)
    return list(found.values())


def flat(rates: Sequence[float], last: int = 3, within: float = 0.05) -> bool:
    """Has the rate stopped growing? The best of the last few is no better than what came before, but for a little."""
    if len(rates) <= last:
        return False
    return max(rates[-last:]) <= max(rates[:-last]) * (1 + within)


def figure_of(stored: Mapping[str, object]) -> Figure:
    """A figure as it stands in JSON."""
    return Figure(str(stored["row"]), float(str(stored["value"])), str(stored["unit"]), Target[str(stored["target"])])
