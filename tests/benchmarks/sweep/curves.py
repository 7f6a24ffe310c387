"""A measure over sizes, and what its shape says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum


class Shape(Enum):
    """What the curve should be: as high at its end as at its beginning, or a straight line."""

    FLAT = "flat"
    LINEAR = "linear"


@dataclass(slots=True, kw_only=True)
class Curve:
    """Points (x, y) by subject, in the order of x."""

    title: str
    x_label: str
    unit: str
    shape: Shape
    logarithmic: bool = False
    points: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, subject: str, x: float, y: float) -> None:
        self.points.setdefault(subject, []).append((x, y))

    def verdict(self, subject: str) -> str:
        points = self.points[subject]
        if self.shape is Shape.FLAT:
            return f"last is {growth(points):.2f}× the first"
        larger = points[-1][0] / points[0][0]
        return f"{larger:g}× the size, {growth(points):.2f}× the cost; straight line: R² {straightness(points):.2f}"


def growth(points: Sequence[tuple[float, float]]) -> float:
    """The last value by the first."""
    first, last = points[0][1], points[-1][1]
    return last / first if first else float("inf") if last else 1.0


def straightness(points: Sequence[tuple[float, float]]) -> float:
    """Which share of the values' variance a straight line explains (R²); 1 where they do not vary."""
    count = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    xx = sum((x - mean_x) ** 2 for x, _ in points)
    yy = sum((y - mean_y) ** 2 for _, y in points)
    xy = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return 1.0 if not yy or not xx else xy * xy / (xx * yy)


def decades(first: int, last: int) -> list[int]:
    """From the first to the last by powers of ten; the last is always there."""
    steps = []
    while first < last:
        steps.append(first)
        first *= 10
    return [*steps, last]


def shares(last: int) -> list[int]:
    """A tenth, a quarter, a half, three quarters, all of it."""
    return sorted({max(1, round(last * share)) for share in (0.1, 0.25, 0.5, 0.75, 1)})
