"""Brings one viewer from its place up to the shared reader, at the viewer's pace and without a gap or a repeat."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from streams.consumers import TopicGone, assign, partitions_of
from streams.tail.reader import RETRY_S, Connect, TopicReader
from streams.tail.records import TailRecord
from streams.tail.viewer import QUEUE_RECORDS, Viewer, ViewerState

POLL_MS = 200


async def catch_up(connect: Connect, reader: TopicReader, viewer: Viewer) -> None:
    """Feed the viewer until it is level with the reader, then let it go live. Cancel to give up."""
    await reader.started.wait()
    while viewer.state is ViewerState.CATCHING_UP:
        try:
            await _until_level(connect, reader, viewer)
        except TopicGone:
            return
        except (KafkaError, OSError):
            await asyncio.sleep(RETRY_S)


async def _until_level(connect: Connect, reader: TopicReader, viewer: Viewer) -> None:
    if not _level(viewer.positions, reader.positions):
        consumer = await connect(lambda _, first, end, __: viewer.miss(end - first))
        try:
            await _take_places(consumer, reader, viewer)
            while not _level(viewer.positions, reader.positions):
                await _feed(consumer, viewer)
            _go_live(reader, viewer)
        finally:
            await consumer.stop()
    else:
        _go_live(reader, viewer)


def _go_live(reader: TopicReader, viewer: Viewer) -> None:
    """To be called without an await since the two were found level, so that nothing was delivered in between."""
    viewer.follow(reader.positions)
    viewer.move_to(ViewerState.LIVE)


def _level(mine: dict[int, int], theirs: dict[int, int]) -> bool:
    return all(mine.get(partition, offset) >= offset for partition, offset in theirs.items())


async def _take_places(consumer: AIOKafkaConsumer, reader: TopicReader, viewer: Viewer) -> None:
    partitions = await partitions_of(consumer, reader.topic)
    starts = await consumer.beginning_offsets(partitions)
    for each in partitions:
        viewer.positions.setdefault(each.partition, reader.positions.get(each.partition, 0))
    # What retention took away while the viewer was paused cannot be shown any more: it counts as dropped.
    viewer.skip_to({each.partition: offset for each, offset in starts.items()})
    assign(consumer, {each: viewer.positions[each.partition] for each in partitions})


async def _feed(consumer: AIOKafkaConsumer, viewer: Viewer) -> None:
    batches: dict[Any, list[Any]] = await consumer.getmany(timeout_ms=POLL_MS, max_records=QUEUE_RECORDS)
    for records in batches.values():
        for record in map(TailRecord.of, records):
            await viewer.room.wait()
            viewer.feed(record)
    viewer.follow({each.partition: await consumer.position(each) for each in consumer.assignment()})
    await asyncio.sleep(0)
