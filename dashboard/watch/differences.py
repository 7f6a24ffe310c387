"""What changed between two looks at a cluster, in words: for clusters whose own log of changes cannot be read."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from dashboard.watch.changes import Change, in_sync, moved, partitions
from dashboard.watch.observation import PartitionKey, Shape


def moved_leaders(before: Shape, after: Shape) -> Iterator[tuple[PartitionKey, int, int]]:
    """(partition, old leader, new leader) for every partition that is led by another broker than before."""
    for key, partition in after.partitions.items():
        old = before.partitions.get(key)
        if old is not None and old.leader != partition.leader:
            yield key, old.leader, partition.leader


def changes_between(before: Shape, after: Shape, at: datetime) -> list[Change]:
    """The differences, those that explain the others first."""
    return [
        *_brokers(before, after, at),
        *_leaders(before, after, at),
        *_replicas(before, after, at),
        *_topics(before, after, at),
    ]


def _brokers(before: Shape, after: Shape, at: datetime) -> Iterator[Change]:
    for broker_id in sorted(before.brokers.keys() - after.brokers.keys()):
        yield Change(at=at, subject=f"Broker {broker_id}", what="is gone")
    for broker_id in sorted(after.brokers.keys() - before.brokers.keys()):
        yield Change(at=at, subject=f"Broker {broker_id}", what="is there")
    controller = after.controller_id
    if controller not in (None, before.controller_id) and before.controller_id not in after.brokers:
        yield Change(at=at, subject=f"Broker {controller}", what="is the controller")


def _leaders(before: Shape, after: Shape, at: datetime) -> Iterator[Change]:
    lost: Counter[int] = Counter()
    gained: Counter[int] = Counter()
    for _, old, new in moved_leaders(before, after):
        lost[old] += 1
        gained[new] += 1
    yield from moved(lost, gained, at)


def _replicas(before: Shape, after: Shape, at: datetime) -> Iterator[Change]:
    fell: Counter[int] = Counter()
    caught_up: Counter[int] = Counter()
    for key, partition in after.partitions.items():
        old = before.partitions.get(key)
        if old is not None and old.isr != partition.isr:
            fell.update(set(old.isr) - set(partition.isr))
            caught_up.update(set(partition.isr) - set(old.isr))
    yield from in_sync(fell, caught_up, at)


def _topics(before: Shape, after: Shape, at: datetime) -> Iterator[Change]:
    for name in sorted(after.topics.keys() - before.topics.keys()):
        detail = partitions(len(after.topics[name].partitions))
        yield Change(at=at, subject=f"Topic {name}", what="was created", detail=detail, topic=name)
    for name in sorted(before.topics.keys() - after.topics.keys()):
        yield Change(at=at, subject=f"Topic {name}", what="was deleted")
    for name, topic in after.topics.items():
        old = before.topics.get(name)
        if old and len(old.partitions) < len(topic.partitions):
            grown = f"has {partitions(len(topic.partitions))} instead of {len(old.partitions)}"
            yield Change(at=at, subject=f"Topic {name}", what=grown, topic=name)
