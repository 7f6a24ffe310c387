"""Reading records of a topic from given places, forwards or backwards, with a bound on time and number."""

import asyncio
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.consumers import assign

BUDGET_S = 5.0
POLL_MS = 250

Places = Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Records from old to new, the places before the first and after the last of them, and whether time ran out."""

    records: Sequence[Any]
    before: Places
    after: Places
    out_of_time: bool = False


async def forwards(consumer: AIOKafkaConsumer, topic: str, places: Places, ends: Places, limit: int) -> Found:
    """The next `limit` records of all partitions, merged by timestamp; each partition keeps its own order."""
    wanted = {partition: (offset, ends[partition]) for partition, offset in places.items()}
    read, in_time = await _read(consumer, topic, wanted, limit)
    merged = heapq.merge(*(read.values()), key=_moment)
    records = [record for record, _ in zip(merged, range(limit), strict=False)]
    after = dict(places)
    shown = {record.partition: record.offset for record in records}
    for partition, found in read.items():
        if shown.get(partition) == (found[-1].offset if found else None) and in_time and len(found) < limit:
            after[partition] = ends[partition]
        elif partition in shown:
            after[partition] = shown[partition] + 1
    return Found(records=records, before=places, after=after, out_of_time=not in_time)


async def backwards(consumer: AIOKafkaConsumer, topic: str, places: Places, starts: Places, limit: int) -> Found:
    """The `limit` records before the places, merged by timestamp from the newest on."""
    read: dict[int, list[Any]] = {partition: [] for partition in places}
    floor = dict(places)
    deadline = asyncio.get_running_loop().time() + BUDGET_S
    span, in_time = limit, True
    while in_time and (short := [p for p in places if len(read[p]) < limit and floor[p] > starts[p]]):
        # Compaction and transactions leave gaps: a stretch that gave too few records is followed by a longer one.
        wanted = {partition: (max(starts[partition], floor[partition] - span), floor[partition]) for partition in short}
        more, in_time = await _read(consumer, topic, wanted, None, deadline)
        for partition, records in more.items():
            read[partition] = records + read[partition]
            floor[partition] = wanted[partition][0]
        span *= 4
    merged = heapq.merge(*(reversed(records) for records in read.values()), key=_moment, reverse=True)
    records = [record for record, _ in zip(merged, range(limit), strict=False)][::-1]
    before = {p: starts[p] if not read[p] and floor[p] <= starts[p] else places[p] for p in places}
    for record in reversed(records):
        before[record.partition] = record.offset
    for partition in places:
        if read[partition] and before[partition] == read[partition][0].offset and floor[partition] <= starts[partition]:
            before[partition] = starts[partition]
    return Found(records=records, before=before, after=places, out_of_time=not in_time)


async def one(consumer: AIOKafkaConsumer, topic: str, partition: int, offset: int, end: int) -> Any | None:
    """The first record at or after an offset; None when there is none before the end."""
    found = await forwards(consumer, topic, {partition: offset}, {partition: end}, 1)
    return found.records[0] if found.records else None


def _moment(record: Any) -> tuple[int, int, int]:
    return record.timestamp, record.partition, record.offset


async def _read(
    consumer: AIOKafkaConsumer,
    topic: str,
    wanted: Mapping[int, tuple[int, int]],
    limit: int | None,
    deadline: float | None = None,
) -> tuple[dict[int, list[Any]], bool]:
    """Records of each partition within [from, to), at most `limit` of each; False when time ran out."""
    loop = asyncio.get_running_loop()
    deadline = deadline or loop.time() + BUDGET_S
    read: dict[int, list[Any]] = {partition: [] for partition in wanted}
    open_ = {TopicPartition(topic, p): start for p, (start, end) in wanted.items() if start < end}
    assign(consumer, open_)
    while open_ and loop.time() < deadline:
        batches = await consumer.getmany(*open_, timeout_ms=POLL_MS)
        for key, records in batches.items():
            end = wanted[key.partition][1]
            read[key.partition].extend(_within(records, end))
        await _close_the_done(consumer, open_, wanted, read, limit)
    return {p: records[:limit] for p, records in read.items()}, not open_


def _within(records: Iterable[Any], end: int) -> list[Any]:
    return [record for record in records if record.offset < end]


async def _close_the_done(
    consumer: AIOKafkaConsumer,
    open_: dict[TopicPartition, int],
    wanted: Mapping[int, tuple[int, int]],
    read: Mapping[int, list[Any]],
    limit: int | None,
) -> None:
    """What is read far enough is paused, so that nothing more of it is fetched."""
    for key in list(open_):
        enough = limit is not None and len(read[key.partition]) >= limit
        if enough or await consumer.position(key) >= wanted[key.partition][1]:
            consumer.pause(key)
            del open_[key]
