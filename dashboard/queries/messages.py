"""Records of a topic as a page: where from, how written, which came before and which come next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer

from cluster.client.addresses import TopicPartition
from cluster.client.admin import Admin
from cluster.client.admin.descriptions import Topic
from cluster.client.admin.offsets import Instant, ListedOffset
from dashboard.queries import reading
from streams.payload import LARGE_BYTES, Form, Payload, payload_of
from streams.tail.places import places_to_text

CREATE_TIME = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asked for. `before` and `after` are places of an earlier page and win over `start`."""

    start: str = "newest"
    partition: int | None = None
    offset: int = 0
    timestamp_ms: int = 0
    limit: int = 50
    form: Form = Form.AUTO
    before: Mapping[int, int] | None = None
    after: Mapping[int, int] | None = None

    @property
    def newest_first(self) -> bool:
        return self.start == "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    partition: int
    offset: int
    at: datetime | None
    created: bool
    key: Payload
    value: Payload
    headers: tuple[tuple[str, Payload], ...]

    @property
    def size_bytes(self) -> int:
        """Key, value and headers, as the tail counts."""
        headers = sum(len(name.encode()) + value.size_bytes for name, value in self.headers)
        return self.key.size_bytes + self.value.size_bytes + headers


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """
    `older` and `newer` are places as text, empty where there is nothing that way. `total` is the offset range of the
    partitions that could be read, `unread` the number of the others.
    """

    rows: tuple[Message, ...]
    older: str
    newer: str
    total: int
    unread: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where the readable partitions begin and end, and why the others cannot be read."""

    starts: Mapping[int, int]
    ends: Mapping[int, int]
    notes: tuple[str, ...]


async def bounds_of(admin: Admin, topic: Topic, partition: int | None) -> Bounds:
    chosen = [each.partition for each in topic.partitions if partition is None or each.partition == partition]
    keys = [TopicPartition(topic.name, number) for number in chosen]
    starts = await admin.offsets.list(dict.fromkeys(keys, int(Instant.EARLIEST)))
    ends = await admin.offsets.list(dict.fromkeys(keys, int(Instant.LATEST)))
    first = {key.partition: told.offset for key, told in starts.items() if isinstance(told, ListedOffset)}
    last = {key.partition: told.offset for key, told in ends.items() if isinstance(told, ListedOffset)}
    readable = first.keys() & last.keys()
    return Bounds(
        starts={number: first[number] for number in sorted(readable)},
        ends={number: last[number] for number in sorted(readable)},
        notes=tuple(
            f"Partition {number} cannot be read now: no leader answers." for number in chosen if number not in readable
        ),
    )


async def message_page(admin: Admin, consumer: AIOKafkaConsumer, topic: Topic, wanted: Wanted) -> MessagePage:
    """The records asked for. Raises KafkaError, ConnectionLost when the cluster cannot be asked."""
    bounds = await bounds_of(admin, topic, wanted.partition)
    places, notes = await _places(admin, topic, wanted, bounds)
    if wanted.before is not None or (wanted.newest_first and wanted.after is None):
        found = await reading.backwards(consumer, topic.name, places, bounds.starts, wanted.limit)
    else:
        found = await reading.forwards(consumer, topic.name, places, bounds.ends, wanted.limit)
    if found.out_of_time:
        notes = (*notes, f"Stopped after {reading.BUDGET_S:.0f} s; there may be more.")
    rows = [message(record, wanted.form) for record in found.records]
    return MessagePage(
        rows=tuple(reversed(rows) if wanted.newest_first else rows),
        older=places_to_text(found.before) if any(at > bounds.starts[p] for p, at in found.before.items()) else "",
        newer=places_to_text(found.after) if any(at < bounds.ends[p] for p, at in found.after.items()) else "",
        total=sum(end - bounds.starts[number] for number, end in bounds.ends.items()),
        unread=len(bounds.notes),
        notes=(*bounds.notes, *notes),
    )


async def _places(
    admin: Admin, topic: Topic, wanted: Wanted, bounds: Bounds
) -> tuple[Mapping[int, int], tuple[str, ...]]:
    """Where to read from in each partition; a place outside the log is moved into it, and that is said."""
    given = wanted.before or wanted.after
    if given is not None:
        places = {number: given.get(number, bounds.ends[number]) for number in bounds.ends}
    elif wanted.start == "offset":
        places = dict.fromkeys(bounds.ends, wanted.offset)
    elif wanted.start == "timestamp":
        keys = [TopicPartition(topic.name, number) for number in bounds.ends]
        told = await admin.offsets.list(dict.fromkeys(keys, wanted.timestamp_ms))
        found = {key.partition: each.offset for key, each in told.items() if isinstance(each, ListedOffset)}
        places = {n: found[n] if found.get(n, -1) >= 0 else bounds.ends[n] for n in bounds.ends}
    else:
        places = dict(bounds.starts if wanted.start == "oldest" else bounds.ends)
    clamped = {number: min(max(at, bounds.starts[number]), bounds.ends[number]) for number, at in places.items()}
    return clamped, tuple(_moved(wanted, bounds, clamped)) if wanted.start == "offset" and given is None else ()


def _moved(wanted: Wanted, bounds: Bounds, clamped: Mapping[int, int]) -> list[str]:
    off = [number for number, at in clamped.items() if at != wanted.offset]
    return [
        f"Partition {n} has offsets {bounds.starts[n]:,} to {bounds.ends[n]:,}: read from {clamped[n]:,}."
        for n in off[:3]
    ]


def message(record: Any, form: Form = Form.AUTO, limit_bytes: int = LARGE_BYTES) -> Message:
    """From aiokafka's ConsumerRecord."""
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC) if 0 <= record.timestamp < 253_402_300_800_000 else None
    return Message(
        partition=record.partition,
        offset=record.offset,
        at=at,
        created=record.timestamp_type == CREATE_TIME,
        key=payload_of(record.key, form, limit_bytes),
        value=payload_of(record.value, form, limit_bytes),
        headers=tuple((name, payload_of(value, form, LARGE_BYTES)) for name, value in record.headers),
    )
