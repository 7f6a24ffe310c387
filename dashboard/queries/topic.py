"""One topic: its partitions with their leaders, replicas, offsets and sizes, and what to say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cluster.client.addresses import TopicPartition
from cluster.client.admin import Admin
from cluster.client.admin.descriptions import PartitionDescription, Topic
from cluster.client.connection import Connection
from cluster.client.fan_out import ask_owners
from cluster.protocol.errors import KafkaError
from cluster.protocol.messages.offsets import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from dashboard.queries.groups import state_words
from dashboard.queries.sentences import Sentence, Tone, be, brokers, counted, listed
from dashboard.queries.topics import replication_factor
from dashboard.watch.changes import NO_LEADER
from dashboard.watch.history import History
from dashboard.watch.observation import Observation

CONSUMER_ID = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    broker_id: int
    in_sync: bool
    alive: bool
    leader: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionLine:
    """A partition. Offsets and sizes are None while they cannot be known."""

    key: int
    leader: int | None
    preferred: bool
    leader_epoch: int
    replicas: tuple[Replica, ...]
    log_start: int | None
    high_watermark: int | None
    log_end: int | None
    size_bytes: int | None
    moved: bool

    @property
    def in_sync(self) -> int:
        return sum(replica.in_sync for replica in self.replicas)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionTable:
    rows: tuple[PartitionLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFigures:
    partitions: int
    replication_factor: int
    in_sync: int
    replicas: int
    offline: int
    records: int | None
    size_bytes: int | None
    records_per_s: float | None


def partition_table(seen: Observation, history: History, topic: Topic, log_ends: Mapping[int, int]) -> PartitionTable:
    moved = history.moved_recently()
    return PartitionTable(rows=tuple(_line(seen, topic.name, each, log_ends, moved) for each in topic.partitions))


def _line(
    seen: Observation,
    topic: str,
    partition: PartitionDescription,
    log_ends: Mapping[int, int],
    moved: frozenset[tuple[str, int]],
) -> PartitionLine:
    key = topic, partition.partition
    led = partition.leader != NO_LEADER and not seen.unreachable
    high_watermark, log_end = (seen.ends or {}).get(key), log_ends.get(partition.partition)
    return PartitionLine(
        key=partition.partition,
        leader=partition.leader if led else None,
        preferred=partition.leader == partition.replicas[0],
        leader_epoch=partition.leader_epoch,
        replicas=tuple(
            Replica(
                broker_id=broker,
                in_sync=broker in partition.isr,
                alive=broker in seen.alive,
                leader=led and broker == partition.leader,
            )
            for broker in partition.replicas
        ),
        log_start=(seen.starts or {}).get(key),
        high_watermark=high_watermark,
        # The two are asked one after the other; a log never ends before its high watermark.
        log_end=max(log_end, high_watermark or 0) if led and log_end is not None else None,
        size_bytes=(seen.sizes or {}).get((partition.leader, *key)),
        moved=key in moved,
    )


def topic_figures(seen: Observation, history: History, topic: Topic, table: PartitionTable) -> TopicFigures:
    known = [row for row in table.rows if row.high_watermark is not None and row.log_start is not None]
    return TopicFigures(
        partitions=len(topic.partitions),
        replication_factor=replication_factor(topic),
        in_sync=sum(row.in_sync for row in table.rows),
        replicas=sum(len(row.replicas) for row in table.rows),
        offline=sum(row.leader is None for row in table.rows),
        records=sum((row.high_watermark or 0) - (row.log_start or 0) for row in known) if known else None,
        size_bytes=None
        if seen.sizes is None
        else sum(size for (_, name, _), size in seen.sizes.items() if name == topic.name),
        records_per_s=None if history.topic_rates is None else history.topic_rates.get(topic.name, 0.0),
    )


def sentence_of(topic: Topic, figures: TopicFigures) -> Sentence:
    shape = f"{counted(figures.partitions, 'partition')}, replicated {figures.replication_factor} times"
    if figures.replication_factor == 1:
        shape = f"{counted(figures.partitions, 'partition')}, one copy each"
    if figures.offline:
        text = f"{_lost(topic, figures)} {shape.capitalize()}."
        return Sentence(headline=topic.name, detail=text, tone=Tone.BAD)
    behind = sorted({b for each in topic.partitions for b in set(each.replicas) - set(each.isr)})
    if behind:
        text = f"Served, while {brokers(behind).lower()} {be(behind)} not in sync. {shape.capitalize()}."
        return Sentence(headline=topic.name, detail=text, tone=Tone.WARN)
    if any(len(each.replicas) and each.leader != each.replicas[0] for each in topic.partitions):
        moved = sum(each.leader != each.replicas[0] for each in topic.partitions)
        text = f"{shape.capitalize()}, all in sync; {counted(moved, 'partition')} not led by the preferred broker."
        return Sentence(headline=topic.name, detail=text, tone=Tone.GOOD)
    return Sentence(headline=topic.name, detail=f"{shape.capitalize()}, all in sync.", tone=Tone.GOOD)


def _lost(topic: Topic, figures: TopicFigures) -> str:
    dead = [each.partition for each in topic.partitions if each.leader == NO_LEADER]
    if not dead:
        return "No broker answers, so none of it can be read or written now."
    named = f"Partition{'s' if len(dead) > 1 else ''} {listed(dead)}"
    if len(dead) > 5:
        named = f"{len(dead)} of {figures.partitions} partitions"
    return f"{named} cannot be read or written: no leader."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A group that has read from the topic, or reads it now."""

    group_id: str
    state: str
    members: int
    partitions: int
    lag: int | None


def readers_of(seen: Observation, name: str) -> tuple[Reader, ...] | None:
    """None while groups are not known."""
    if seen.groups is None:
        return None
    readers = []
    for group in seen.groups.values():
        committed = {key: offset for key, offset in group.committed.items() if key[0] == name}
        members = [member for member in group.members if any(topic == name for topic, _ in member.assignment)]
        if committed or members:
            lags = (
                [max(0, seen.ends[key] - at) for key, at in committed.items() if key in seen.ends] if seen.ends else []
            )
            readers.append(
                Reader(
                    group_id=group.group_id,
                    state=state_words(group.state),
                    members=len(members),
                    partitions=len(committed),
                    lag=sum(lags) if lags else None,
                )
            )
    return tuple(sorted(readers, key=lambda reader: reader.group_id))


async def log_ends_of(admin: Admin, topic: Topic) -> Mapping[int, int]:
    """Where each leader's log ends, which may be beyond the high watermark. What no leader tells is left out."""
    epochs = {
        TopicPartition(topic.name, each.partition): each.leader_epoch
        for each in topic.partitions
        if each.leader != NO_LEADER and each.leader_epoch >= 0
    }

    async def ask(connection: Connection, part: Sequence[TopicPartition]) -> dict[TopicPartition, int | KafkaError]:
        asked = [OffsetForLeaderPartition(partition=key.partition, leader_epoch=epochs[key]) for key in part]
        request = OffsetForLeaderEpochRequest(
            replica_id=CONSUMER_ID, topics=[OffsetForLeaderTopic(topic=topic.name, partitions=asked)]
        )
        response: OffsetForLeaderEpochResponse = await connection.send(request)
        return {
            TopicPartition(told.topic, each.partition): each.end_offset
            for told in response.topics
            for each in told.partitions
            if each.error_code == 0
        }

    answers = await ask_owners(admin.router, epochs, admin.router.leaders, ask) if epochs else {}
    return {key.partition: end for key, end in answers.items() if isinstance(end, int) and end >= 0}
