"""Rings, rates and changes come from comparing what was seen with what is seen."""

from dataclasses import replace
from datetime import timedelta

from dashboard.watch.changes import Change, tell
from dashboard.watch.differences import changes_between
from dashboard.watch.history import RING_S, History
from dashboard.watch.metadata_log import Entry, MetadataLog
from dashboard.watch.rates import Counters, points_of
from tests.dashboard import scenes


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def words(changes: list[Change]) -> list[str]:
    return [f"{change.subject} {change.what}" + (f" ({change.detail})" if change.detail else "") for change in changes]


BEFORE = scenes.shape(scenes.topic("orders", scenes.partition(0, (1, 2)), scenes.partition(1, (2, 1))))
AFTER = scenes.shape(
    scenes.topic("orders", scenes.partition(0, (1, 2), leader=2, isr=(2,)), scenes.partition(1, (2, 1), isr=(2,))),
    brokers=(2, 3),
)


def test_a_moved_leader_is_ringed_for_some_seconds() -> None:
    clock = Clock()
    history = History(clock)
    history.learn(scenes.seen(BEFORE), scenes.seen(AFTER), "shape")
    assert history.moved_recently() == {("orders", 0)}
    clock.now += RING_S + 0.1
    assert history.moved_recently() == frozenset()


def test_a_failover_reads_as_a_story() -> None:
    assert words(changes_between(BEFORE, AFTER, scenes.NOON)) == [
        "Broker 1 is gone",
        "Leadership of 1 partition moved from broker 1 (1 to broker 2)",
        "Broker 1 is out of sync on 2 partitions",
    ]


def test_topics_come_grow_and_go() -> None:
    one = scenes.shape(scenes.topic("a", scenes.partition(0)), scenes.topic("b"))
    two = scenes.shape(scenes.topic("a", scenes.partition(0), scenes.partition(1)), scenes.topic("c"))
    assert words(changes_between(one, two, scenes.NOON)) == [
        "Topic c was created (3 partitions)",
        "Topic b was deleted",
        "Topic a has 2 partitions instead of 1",
    ]


def test_a_rate_is_what_log_ends_grew_by() -> None:
    clock = Clock()
    history = History(clock)
    seen = scenes.seen(BEFORE)
    history.learn(seen, replace(seen, ends={("orders", 0): 100, ("orders", 1): 50}), "ends")
    assert history.topic_rates is None
    clock.now += 2
    history.learn(seen, replace(seen, ends={("orders", 0): 140, ("orders", 1): 50}), "ends")
    assert history.topic_rates == {"orders": 20.0}
    assert history.records_per_s == 20.0


def test_a_gap_in_looking_breaks_the_line() -> None:
    clock = Clock()
    history = History(clock)
    seen = scenes.seen(BEFORE)
    for end in (0, 10, 20):
        clock.now += 1
        history.learn(seen, replace(seen, ends={("orders", 0): end}), "ends")
    clock.now += 600
    history.learn(seen, replace(seen, ends={("orders", 0): 60_000}), "ends")
    assert list(history.records_in) == []


def test_what_happens_in_small_steps_is_told_as_one() -> None:
    history = History()
    step = Change(
        at=scenes.NOON, subject="Broker 1", what="is in sync again on 1 partition", tally=("is in sync again", 1)
    )
    for second in range(3):
        tell(history.changes, replace(step, at=scenes.NOON + timedelta(seconds=second)))
    tell(history.changes, replace(step, at=scenes.NOON + timedelta(seconds=60)))
    assert words(list(history.changes)) == [
        "Broker 1 is in sync again on 1 partition",
        "Broker 1 is in sync again on 3 partitions",
    ]


def entry(offset: int, seconds: float, kind: str, **fields: object) -> Entry:
    return Entry(offset, scenes.NOON + timedelta(seconds=seconds), kind, fields)


def changed(offset: int, seconds: float, index: int, leader: int, isr: list[int]) -> Entry:
    fields = {"topic_id": "t", "index": index, "leader": leader, "replicas": [1, 2], "isr": isr}
    return entry(offset, seconds, "PartitionChanged", **fields)


async def told(log: MetadataLog) -> list[str]:
    return words(list(log._told))


async def test_the_metadata_log_is_told_in_sentences() -> None:
    log = MetadataLog()
    placed = {"topic_id": "t", "replicas": [1, 2], "isr": [1, 2], "leader": 1}
    log.learn(
        [
            entry(0, 0, "ControllerElected", controller_id=2, epoch=7, host="h", port=1),
            entry(1, 1, "BrokerRegistered", broker_id=1, incarnation="i", host="h", port=1),
            entry(2, 2, "BrokerChanged", broker_id=1, broker_epoch=1, fenced=False),
            entry(3, 3, "TopicCreated", name="orders", topic_id="t"),
            entry(4, 3, "PartitionPlaced", index=0, **placed),
            entry(5, 3, "PartitionPlaced", index=1, **placed),
            entry(6, 4, "BrokerChanged", broker_id=1, broker_epoch=1, fenced=True),
            changed(7, 4, 0, 2, [2]),
            changed(8, 4, 1, 2, [2]),
            entry(9, 8.1, "BrokerRegistered", broker_id=1, incarnation="j", host="h", port=1),
            entry(10, 9, "BrokerChanged", broker_id=1, broker_epoch=9, fenced=False),
            changed(11, 10, 0, 2, [2, 1]),
            entry(12, 11, "ConfigChanged", resource_type=2, resource_name="orders", name="retention.ms", value="1"),
            entry(13, 12, "TopicDeleted", topic_id="t"),
        ]
    )
    assert (await told(log))[::-1] == [
        "Broker 2 is the controller (controller epoch 7)",
        "Broker 1 registered (broker epoch 1)",
        "Broker 1 takes part",
        "Topic orders was created (2 partitions)",
        "Broker 1 was fenced (it leads nothing until it is back)",
        "Leadership of 2 partitions moved from broker 1 (2 to broker 2)",
        "Broker 1 is out of sync on 2 partitions",
        "Broker 1 registered after 4.1 s away (broker epoch 9)",
        "Broker 1 takes part again",
        "Broker 1 is in sync again on 1 partition",
        "orders has retention.ms = 1",
        "Topic orders was deleted",
    ]


async def test_a_partition_whose_beginning_was_not_read_still_tells_what_it_lacks() -> None:
    log = MetadataLog()
    log.learn([changed(5000, 0, 0, 2, [2])])
    assert await told(log) == ["Broker 1 is out of sync on 1 partition"]


def test_rates_are_summed_over_brokers_and_survive_a_restart() -> None:
    def counters(at: float, total: int) -> Counters:
        return Counters(at=at, records_in=total, bytes_in=10 * total, bytes_out=0)

    points = points_of(
        {
            1: [counters(0, 0), counters(5, 50), counters(10, 100)],
            2: [counters(1, 900), counters(6, 1000), counters(11, 25)],
        }
    )
    assert [round(point.records_in) for point in points] == [30, 15]
    assert [round(point.bytes_in) for point in points] == [300, 150]


def test_a_bucket_that_not_every_broker_has_told_is_not_shown_yet() -> None:
    one = Counters(at=0, records_in=0, bytes_in=0, bytes_out=0)
    samples = {
        1: [one, replace(one, at=5, bytes_in=50), replace(one, at=10, bytes_in=100)],
        2: [one, replace(one, at=5, bytes_in=50)],
    }
    assert [point.bytes_in for point in points_of(samples)] == [20.0]
