"""Where a consumer reads: seeks, pauses, patterns that match more topics, topics that get more partitions."""

from collections.abc import Callable

import pytest

from tests.clients.driver import Record
from tests.clients.libraries import each_library
from tests.clients.stage import Scenario, Stage

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

Play = Callable[[Scenario], None]
BEGAN_MS = 1_700_000_000_000


def numbered(count: int, first: int = 0, partition: int = 0) -> list[Record]:
    """Records a second apart."""
    return [
        Record(b"%d" % number, partition=partition, timestamp=BEGAN_MS + 1000 * number)
        for number in range(first, first + count)
    ]


@each_library("seek")
def test_it_seeks_to_the_beginning_the_end_an_offset_and_a_timestamp(play: Play) -> None:
    play(seek)


def seek(stage: Stage) -> None:
    topic, name, driver = stage.topic(), stage.name(), stage.driver
    driver.produce(topic, numbered(100))
    driver.open(name, [topic], group=name)
    stage.read(name, 100)

    def offset_after_seek(to: str | int) -> int:
        driver.call("seek", name=name, topic=topic, partition=0, to=to)
        return stage.read(name, 1)[0].offset

    assert offset_after_seek("beginning") == 0
    assert offset_after_seek(77) == 77
    # Between two records: the first that is not older.
    at = driver.call("offset_for_time", name=name, topic=topic, partition=0, timestamp=BEGAN_MS + 41_500)
    assert at == 42
    assert offset_after_seek(at) == 42
    driver.call("seek", name=name, topic=topic, partition=0, to="end")
    assert driver.poll(name, timeout_ms=500) == []
    driver.produce(topic, numbered(1, 100))
    assert [record.offset for record in stage.read(name, 1)] == [100]
    driver.close(name)


@each_library("pause and resume")
def test_a_paused_partition_is_silent_until_it_is_resumed(play: Play) -> None:
    play(pause)


def pause(stage: Stage) -> None:
    topic, name, driver = stage.topic(2), stage.name(), stage.driver
    for partition in (0, 1):
        driver.produce(topic, numbered(10, partition=partition), batch=1)
    driver.open(name, [topic], group=name)
    stage.read(name, 20)
    # kafka-python 3.0.12 must have noticed that this was all: what it has not emptied when a partition is paused it
    # keeps, and after the resumption it neither gives that out nor fetches more while it is at another partition.
    assert driver.poll(name, timeout_ms=500) == []
    driver.call("pause", name=name, parts=[[topic, 0]])
    for partition in (0, 1):
        driver.produce(topic, numbered(10, 10, partition), batch=1)
    assert {record.partition for record in stage.read(name, 10)} == {1}
    assert driver.poll(name, timeout_ms=1000) == []
    driver.call("resume", name=name, parts=[[topic, 0]])
    assert [(record.partition, record.offset) for record in stage.read(name, 10)] == [(0, n) for n in range(10, 20)]
    driver.close(name)


@each_library("pattern")
def test_a_pattern_notices_a_topic_that_is_made_later(play: Play) -> None:
    play(notice_a_topic)


def notice_a_topic(stage: Stage) -> None:
    base, name, driver = stage.name(), stage.name(), stage.driver
    first = stage.cluster.create_topic(f"{base}-first", 2)
    driver.open(name, pattern=f"{base}-.*", group=name)
    stage.wait_assigned(name, {(first, 0), (first, 1)})
    later = stage.cluster.create_topic(f"{base}-later", 2)
    stage.wait_assigned(name, {(topic, partition) for topic in (first, later) for partition in (0, 1)})
    driver.produce(later, numbered(10))
    assert {record.topic for record in stage.read(name, 10)} == {later}
    driver.close(name)


@each_library("more partitions")
def test_partitions_that_are_added_are_read_and_written(play: Play) -> None:
    play(grow)


def grow(stage: Stage) -> None:
    topic, name, driver = stage.topic(1), stage.name(), stage.driver
    driver.open(name, [topic], group=name)
    stage.wait_assigned(name, {(topic, 0)})
    driver.call("add_partitions", topic=topic, total=4)
    stage.wait_assigned(name, {(topic, partition) for partition in range(4)})
    for partition in range(4):
        driver.produce(topic, numbered(5, partition=partition), batch=1)
    assert sorted(record.partition for record in stage.read(name, 20)) == sorted([0, 1, 2, 3] * 5)
    driver.close(name)
