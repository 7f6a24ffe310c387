"""Curves as one SVG of small charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from tests.benchmarks.sweep.curves import Curve

WIDTH, HEIGHT, COLUMNS = 380, 240, 3
LEFT, RIGHT, TOP, BOTTOM = 62, 18, 46, 42
COLORS = ("#1f6feb", "#d4622a", "#2f8f4e", "#8250df")
GRIDLINES = 4


def draw(curves: Sequence[Curve]) -> str:
    """A document; each chart's y axis begins at zero."""
    lines = math.ceil(len(curves) / COLUMNS)
    width, height = COLUMNS * WIDTH, lines * HEIGHT
    charts = "".join(
        f'<g transform="translate({index % COLUMNS * WIDTH} {index // COLUMNS * HEIGHT})">{chart(curve)}</g>'
        for index, curve in enumerate(curves)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="11" fill="#333">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{charts}</svg>\n'
    )


def chart(curve: Curve) -> str:
    every = [point for points in curve.points.values() for point in points]
    top = nice(max((y for _, y in every), default=0))
    x_low, x_high = min(x for x, _ in every), max(x for x, _ in every)
    parts = [text(LEFT, 18, curve.title, "start", 'font-size="13" font-weight="600"')]
    parts += [gridline(top * step / GRIDLINES, top) for step in range(GRIDLINES + 1)]
    for x in sorted({x for x, _ in every}):
        parts.append(text(place(x, x_low, x_high, curve.logarithmic), HEIGHT - BOTTOM + 16, f"{x:,.10g}", "middle"))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, curve.x_label, "middle"))
    for index, (subject, points) in enumerate(curve.points.items()):
        color = COLORS[index % len(COLORS)]
        dots = [(place(x, x_low, x_high, curve.logarithmic), rise(y, top)) for x, y in points]
        parts.append(
            f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in dots)}" fill="none" stroke="{color}"/>'
        )
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in dots]
        parts.append(text(LEFT + index * 120, 34, f"● {subject}", "start", f'fill="{color}"'))
    parts.append(text(WIDTH - RIGHT, 34, curve.unit, "end"))
    return "".join(parts)


def text(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'


def gridline(value: float, top: float) -> str:
    y = rise(value, top)
    line = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
    return line + text(LEFT - 6, y + 4, f"{value:,.10g}", "end")


def rise(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def place(x: float, low: float, high: float, logarithmic: bool) -> float:
    if logarithmic:
        x, low, high = (math.log(value) for value in (x, low, high))
    return LEFT + 8 + (WIDTH - LEFT - RIGHT - 16) * ((x - low) / (high - low) if high > low else 0.5)


def nice(value: float) -> float:
    """The next number of one digit above, so that gridlines have short names."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value * 0.9999)
