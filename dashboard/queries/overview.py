"""The overview: health in a sentence, figures with a short history, the replica map, what changed lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from dashboard.watch.changes import Change
from dashboard.watch.history import History
from dashboard.watch.observation import Observation
from dashboard.watch.rates import BUCKET_S

SHOWN = 12
OVERDUE = timedelta(seconds=20)
"""Samples come every two seconds; for so long none is no reason to call the count away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """`now` is None when it cannot be known; `points` go from old to new, per second."""

    now: float | None
    points: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    records_in: Series
    bytes_in: Series
    bytes_out: Series
    reason: str = ""


UNKNOWN = Series(now=None)


def throughput(seen: Observation, history: History) -> Throughput:
    records_now = None if seen.unreachable else history.records_per_s
    reason = _unknown(seen)
    if reason or not seen.rates:
        records = Series(now=records_now, points=tuple(history.records_in))
        return Throughput(records_in=records, bytes_in=UNKNOWN, bytes_out=UNKNOWN, reason=reason)
    return Throughput(
        # All three lines are of the same minutes, so that the eye may compare them.
        records_in=Series(now=records_now, points=tuple(point.records_in for point in seen.rates)),
        bytes_in=_series([point.bytes_in for point in seen.rates], seen),
        bytes_out=_series([point.bytes_out for point in seen.rates], seen),
    )


def _unknown(seen: Observation) -> str:
    """Why bytes are not counted now; empty when they are."""
    if not seen.rates:
        return "not counted yet" if seen.nodes else "only managed brokers count bytes"
    until = datetime.fromtimestamp((seen.rates[-1].bucket + 1) * BUCKET_S, UTC)
    overdue = timezone.now() - until > OVERDUE
    return f"not counted since {until:%H:%M:%S} UTC: the jobs or Redis are away" if overdue else ""


def _series(points: list[float], seen: Observation) -> Series:
    return Series(now=None if seen.unreachable else points[-1], points=tuple(points))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What cannot be known is None, and a reason stands beside it."""

    throughput: Throughput
    partitions: int
    under_replicated: int | None
    offline: int | None
    under_min_isr: int | None
    lag: int | None
    lag_history: Sequence[int]
    groups: int | None


def figures(seen: Observation, history: History, throughput: Throughput) -> Figures:
    shape = seen.shape if not seen.unreachable else None
    groups = seen.groups or {}
    lags = [lag for group in groups.values() if (lag := seen.lag(group)) is not None]
    return Figures(
        throughput=throughput,
        partitions=len(shape.partitions) if shape else 0,
        under_replicated=len(shape.under_replicated) if shape else None,
        offline=len(shape.offline) if shape else None,
        under_min_isr=len(shape.under_min_isr(seen.min_isr)) if shape and seen.min_isr is not None else None,
        lag=None if seen.groups is None or seen.ends is None else sum(lags),
        lag_history=tuple(history.total_lag),
        groups=None if seen.groups is None else len(groups),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The newest first. `since_looking` when only what happened while somebody looked is known."""

    items: tuple[Change, ...]
    since_looking: bool


def changes(seen: Observation, history: History) -> Changes:
    items = history.changes if seen.events is None else seen.events
    return Changes(items=tuple(items)[:SHOWN], since_looking=seen.events is None)
