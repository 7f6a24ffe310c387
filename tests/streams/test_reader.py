"""One reader for all viewers of a topic, freed with the last; a viewer that catches up meets it without a gap."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from streams.tail.catch_up import catch_up
from streams.tail.filters import RecordFilter
from streams.tail.reader import Readers, ReaderState, TopicReader
from streams.tail.viewer import Account, Viewer, ViewerState
from tests.streams.topics import FakeTopic
from tests.support.patience import eventually


@pytest.fixture
def topic() -> FakeTopic:
    return FakeTopic()


@pytest.fixture
async def readers(topic: FakeTopic) -> AsyncIterator[Readers]:
    register = Readers(topic.connect)
    yield register
    for reader, _ in list(register._readers.values()):
        for viewer in list(reader.viewers):
            await register.leave(reader.topic, viewer)


def viewer(positions: dict[int, int] | None = None) -> Viewer:
    return Viewer(RecordFilter(), positions)


async def started(readers: Readers, *viewers: Viewer) -> TopicReader:
    for each in viewers:
        reader = readers.join("orders", each)
    await reader.started.wait()
    return reader


def offsets(of: Viewer) -> list[int]:
    return [record.offset for record in of.take_all()[0]]


async def test_a_tail_begins_at_the_end(topic: FakeTopic, readers: Readers) -> None:
    topic.write(b"old", b"older")
    ada = viewer()
    await started(readers, ada)
    topic.write(b"new")
    await eventually(lambda: ada.positions.get(0) == 3, "the new record")
    assert offsets(ada) == [2]


async def test_fifty_viewers_share_one_consumer_which_goes_with_the_last(topic: FakeTopic, readers: Readers) -> None:
    people = [viewer() for _ in range(50)]
    await started(readers, *people)
    topic.write(b"x")
    await eventually(lambda: all(each.positions.get(0) == 1 for each in people), "one record for everybody")
    assert topic.most_open == 1
    for each in people:
        assert len(readers) == 1
        await readers.leave("orders", each)
    assert (len(readers), topic.open) == (0, 0)


async def test_a_cluster_that_was_away_is_read_on_from_the_same_place(topic: FakeTopic, readers: Readers) -> None:
    ada = viewer()
    reader = await started(readers, ada)
    topic.away = True
    topic.write(b"written while nobody could read")
    await eventually(lambda: reader.state is ReaderState.AWAY, "the reader sees that the cluster is away")
    topic.away = False
    await eventually(lambda: ada.positions.get(0) == 1, "nothing is missed")
    assert reader.state is ReaderState.READING


async def test_a_partition_that_is_added_is_read_from_its_first_record(topic: FakeTopic, readers: Readers) -> None:
    ada = viewer()
    await started(readers, ada)
    topic.add_partition()
    topic.write(b"first of the new partition", partition=1)
    await eventually(lambda: ada.positions.get(1) == 1, "the first record of the new partition")


async def test_a_topic_that_is_gone_is_said_to_be_gone(topic: FakeTopic, readers: Readers) -> None:
    topic.gone = True
    reader = await started(readers, viewer())
    assert reader.state is ReaderState.GONE


async def test_a_viewer_from_an_earlier_place_gets_all_in_order_and_then_goes_live(
    topic: FakeTopic, readers: Readers
) -> None:
    topic.write(*(b"%d" % number for number in range(100)))
    ada = viewer({0: 40})
    reader = await started(readers, ada)
    task = asyncio.create_task(catch_up(topic.connect, reader, ada))
    await asyncio.wait_for(task, 5)
    assert ada.state is ViewerState.LIVE
    topic.write(b"100")
    await eventually(lambda: ada.positions.get(0) == 101, "the live record")
    assert offsets(ada) == list(range(40, 101))
    assert topic.open == 1


async def test_catching_up_waits_for_a_slow_viewer_and_drops_nothing(topic: FakeTopic, readers: Readers) -> None:
    topic.write(*(b"x" for _ in range(2000)))
    ada = viewer({0: 0})
    reader = await started(readers, ada)
    task = asyncio.create_task(catch_up(topic.connect, reader, ada))
    seen: list[int] = []
    while not task.done():
        await asyncio.wait([asyncio.create_task(ada.news.wait()), task], return_when=asyncio.FIRST_COMPLETED)
        records, _ = ada.take_all()
        seen += [record.offset for record in records]
        await asyncio.sleep(0)
    assert seen + offsets(ada) == list(range(2000))
    assert ada.take_all()[1] == Account(received=2000, shown=2000)


async def test_records_that_arrive_while_a_viewer_catches_up_come_once(topic: FakeTopic, readers: Readers) -> None:
    topic.write(*(b"x" for _ in range(300)))
    ada = viewer({0: 0})
    reader = await started(readers, ada)
    task = asyncio.create_task(catch_up(topic.connect, reader, ada))
    for _ in range(100):
        topic.write(b"y")
        await asyncio.sleep(0)
    await asyncio.wait_for(task, 5)
    await eventually(lambda: ada.positions.get(0) == 400, "everything")
    assert offsets(ada) == list(range(400))


async def test_what_was_deleted_before_it_could_be_read_counts_as_dropped(topic: FakeTopic, readers: Readers) -> None:
    topic.write(*(b"x" for _ in range(10)))
    topic.starts[0] = 6
    ada = viewer({0: 2})
    reader = await started(readers, ada)
    await asyncio.wait_for(catch_up(topic.connect, reader, ada), 5)
    records, account = ada.take_all()
    assert [record.offset for record in records] == [6, 7, 8, 9]
    assert account == Account(received=8, shown=4, dropped=4)
