"""Throughput of a managed cluster over the last minutes, from the samples that its brokers leave in the database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from django.utils import timezone

from cluster.models import RateSample

BUCKET_S = 5
SPAN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePoint:
    """All brokers together within one bucket of seconds, per second."""

    bucket: int
    records_in: float = 0.0
    bytes_in: float = 0.0
    bytes_out: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What a broker had counted since its start, at one moment in seconds."""

    at: float
    records_in: int
    bytes_in: int
    bytes_out: int


async def read_rates() -> tuple[RatePoint, ...]:
    """Old to new. Raises DatabaseError."""
    samples: dict[int, list[Counters]] = {}
    recent = RateSample.objects.filter(at__gte=timezone.now() - SPAN).order_by("at")
    async for row in recent.values_list("broker_id", "at", "records_in", "bytes_in", "bytes_out"):
        broker_id, at, records_in, bytes_in, bytes_out = row
        counters = Counters(at=at.timestamp(), records_in=records_in, bytes_in=bytes_in, bytes_out=bytes_out)
        samples.setdefault(broker_id, []).append(counters)
    return points_of(samples)


def points_of(samples: Mapping[int, list[Counters]]) -> tuple[RatePoint, ...]:
    """Rates of all brokers summed by bucket; the newest bucket counts only when each broker's share of it is known."""
    sums: dict[int, RatePoint] = {}
    told: dict[int, int] = {}
    for counters in samples.values():
        for point in _rates(counters):
            before = sums.get(point.bucket, RatePoint(bucket=point.bucket))
            told[point.bucket] = told.get(point.bucket, 0) + 1
            sums[point.bucket] = RatePoint(
                bucket=point.bucket,
                records_in=before.records_in + point.records_in,
                bytes_in=before.bytes_in + point.bytes_in,
                bytes_out=before.bytes_out + point.bytes_out,
            )
    ordered = [sums[bucket] for bucket in sorted(sums)]
    if len(ordered) > 1 and told[ordered[-1].bucket] < told[ordered[-2].bucket]:
        ordered.pop()
    return tuple(ordered)


def _rates(counters: list[Counters]) -> Iterable[RatePoint]:
    """The last sample of each bucket against that of the bucket before; a counter that fell began anew at zero."""
    last: dict[int, Counters] = {}
    for each in counters:
        last[int(each.at // BUCKET_S)] = each
    ordered = sorted(last.items())
    for (_, before), (bucket, after) in pairwise(ordered):
        seconds = after.at - before.at
        fresh = after.bytes_in < before.bytes_in or after.bytes_out < before.bytes_out
        base = Counters(at=0, records_in=0, bytes_in=0, bytes_out=0) if fresh else before
        yield RatePoint(
            bucket=bucket,
            records_in=(after.records_in - base.records_in) / seconds,
            bytes_in=(after.bytes_in - base.bytes_in) / seconds,
            bytes_out=(after.bytes_out - base.bytes_out) / seconds,
        )
