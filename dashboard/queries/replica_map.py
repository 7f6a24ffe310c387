"""The replica map: brokers across, partitions down by topic, each cell what that broker is for that partition."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from cluster.client.admin.descriptions import PartitionDescription, Topic
from dashboard.watch.history import History
from dashboard.watch.observation import Observation, Shape

PARTITIONS_PER_PAGE = 300
TOPICS_PER_PAGE = 25
CELLS_PER_TOPIC = 200


class CellKind(StrEnum):
    """Values are the stylesheet's class names."""

    LEADER = "leader"
    IN_SYNC = "replica"
    CATCHING_UP = "behind"
    OFFLINE = "offline"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Cell:
    partition: int
    kind: CellKind
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A broker's head. `state` is empty while all is well."""

    broker_id: int
    up: bool
    controller: bool
    leaders: int
    size_bytes: int | None
    state: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A topic's cells, one tuple for each broker in the order of the columns."""

    key: str
    partitions: int
    hidden: int
    records_per_s: float | None
    cells: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    number: int
    count: int
    topics: int

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaMap:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    page: Page
    troubled_only: bool = False


def replica_map(seen: Observation, history: History, page: int, troubled_only: bool) -> ReplicaMap:
    shape = seen.shape
    if shape is None:
        return ReplicaMap(columns=(), rows=(), page=Page(number=1, count=1, topics=0), troubled_only=troubled_only)
    topics = _in_order(shape, troubled_only)
    pages = _pages(topics)
    number = min(max(page, 1), len(pages))
    moved = history.moved_recently()
    rates = history.topic_rates
    return ReplicaMap(
        columns=_columns(seen, shape),
        rows=tuple(
            Row(
                key=topic.name,
                partitions=len(topic.partitions),
                hidden=max(0, len(topic.partitions) - CELLS_PER_TOPIC),
                records_per_s=None if rates is None else rates.get(topic.name, 0.0),
                cells=tuple(
                    tuple(
                        _cell(each, broker, seen, (topic.name, each.partition) in moved)
                        for each in topic.partitions[:CELLS_PER_TOPIC]
                    )
                    for broker in shape.broker_ids
                ),
            )
            for topic in pages[number - 1]
        ),
        page=Page(number=number, count=len(pages), topics=len(topics)),
        troubled_only=troubled_only,
    )


def _cell(partition: PartitionDescription, broker: int, seen: Observation, moved: bool) -> Cell:
    kind = kind_of(partition, broker, seen)
    return Cell(partition.partition, kind, moved and kind is CellKind.LEADER)


def kind_of(partition: PartitionDescription, broker: int, seen: Observation) -> CellKind:
    if broker not in partition.replicas:
        return CellKind.ABSENT
    if broker not in seen.alive or broker in partition.offline:
        return CellKind.OFFLINE
    if broker == partition.leader:
        return CellKind.LEADER
    return CellKind.IN_SYNC if broker in partition.isr else CellKind.CATCHING_UP


def _in_order(shape: Shape, troubled_only: bool) -> list[Topic]:
    """People's topics by name, then the cluster's own: a topic keeps its place, so that the eye finds it again."""
    troubled = {topic for topic, _ in (*shape.offline, *shape.under_replicated)}
    topics = [topic for topic in shape.topics.values() if not troubled_only or topic.name in troubled]
    return sorted(topics, key=lambda topic: (topic.internal, topic.name))


def _pages(topics: list[Topic]) -> list[list[Topic]]:
    pages: list[list[Topic]] = [[]]
    cells = 0
    for topic in topics:
        cells += min(len(topic.partitions), CELLS_PER_TOPIC)
        if pages[-1] and (cells > PARTITIONS_PER_PAGE or len(pages[-1]) == TOPICS_PER_PAGE):
            pages.append([])
            cells = min(len(topic.partitions), CELLS_PER_TOPIC)
        pages[-1].append(topic)
    return pages


def _columns(seen: Observation, shape: Shape) -> tuple[Column, ...]:
    leaders = Counter(each.leader for each in shape.partitions.values())
    behind = Counter(b for key in shape.under_replicated for b in _out_of_sync(shape.partitions[key]))
    sizes: Counter[int] = Counter()
    for (broker, _, _), size in (seen.sizes or {}).items():
        sizes[broker] += size
    columns = []
    for broker in shape.broker_ids:
        up = broker in seen.alive
        state, tone = ("", "") if up and not behind[broker] else ("catching up", "warn") if up else _away(seen, broker)
        columns.append(
            Column(
                broker_id=broker,
                up=up,
                controller=up and broker == shape.controller_id,
                leaders=leaders[broker] if up else 0,
                size_bytes=sizes.get(broker) if seen.sizes is not None else None,
                state=state,
                tone=tone,
            )
        )
    return tuple(columns)


def _out_of_sync(partition: PartitionDescription) -> set[int]:
    return set(partition.replicas) - set(partition.isr)


def _away(seen: Observation, broker: int) -> tuple[str, str]:
    node = next((node for node in seen.nodes or () if node.broker_id == broker), None)
    if node and not node.wanted:
        return "stopped", "plain"
    return ("starting", "warn") if node and node.state in ("starting", "waiting") else ("down", "bad")
