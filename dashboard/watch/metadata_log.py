"""The newest entries of a managed cluster's metadata log, told as sentences."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cluster.models import MetadataRecord
from dashboard.watch.changes import Change, in_sync, moved, partitions, tell
from dashboard.watch.observation import Observation

REMEMBERED = 40
READ_AT_FIRST = 4_000
READ_AT_ONCE = 2_000
TOGETHER = timedelta(milliseconds=150)


@dataclass(frozen=True, slots=True)
class Entry:
    offset: int
    at: datetime
    kind: str
    fields: Mapping[str, Any]


class MetadataLog:
    """Follows the log from row to row and remembers as much of the state as the sentences need. One event loop."""

    def __init__(self) -> None:
        self._offset = -1
        self._names: dict[str, str] = {}
        self._partitions: dict[tuple[str, int], Mapping[str, Any]] = {}
        self._fenced_at: dict[int, datetime] = {}
        self._took_part: set[int] = set()
        self._told: deque[Change] = deque(maxlen=REMEMBERED)

    async def read(self, seen: Observation) -> tuple[Change, ...] | None:
        """The newest changes first; None where the cluster is not ours. Raises DatabaseError."""
        if not seen.nodes:
            return None
        if self._offset < 0:
            newest = await MetadataRecord.objects.order_by("-offset").values_list("offset", flat=True).afirst()
            self._offset = max(-1, (newest if newest is not None else -1) - READ_AT_FIRST)
        while entries := await self._next_entries():
            self.learn(entries)
        return tuple(self._told)

    async def _next_entries(self) -> list[Entry]:
        rows = MetadataRecord.objects.filter(offset__gt=self._offset).order_by("offset")[:READ_AT_ONCE]
        return [Entry(*row) async for row in rows.values_list("offset", "created_at", "kind", "payload")]

    def learn(self, entries: Iterable[Entry]) -> None:
        """Tell entries that were committed together in one breath."""
        bundle: list[Entry] = []
        for entry in entries:
            self._offset = entry.offset
            if bundle and entry.at - bundle[-1].at > TOGETHER:
                self._tell(bundle)
                bundle = []
            bundle.append(entry)
        if bundle:
            self._tell(bundle)

    def _tell(self, bundle: list[Entry]) -> None:
        at = bundle[0].at
        for entry in bundle:
            self._tell_all(self._of_brokers_and_topics(entry))
        self._tell_all(self._of_partitions(bundle, at))
        self._tell_all(self._of_configs(bundle, at))

    def _tell_all(self, changes: Iterable[Change]) -> None:
        for change in changes:
            tell(self._told, change)

    def _of_brokers_and_topics(self, entry: Entry) -> Iterator[Change]:
        fields, at = entry.fields, entry.at
        match entry.kind:
            case "ControllerElected":
                yield Change(
                    at=at,
                    subject=f"Broker {fields['controller_id']}",
                    what="is the controller",
                    detail=f"controller epoch {fields['epoch']}",
                )
            case "BrokerRegistered":
                yield self._registered(fields["broker_id"], entry)
            case "BrokerChanged":
                yield from self._fenced_or_not(fields, at)
            case "BrokerUnregistered":
                yield Change(at=at, subject=f"Broker {fields['broker_id']}", what="is no part of the cluster any more")
            case "TopicCreated":
                self._names[fields["topic_id"]] = fields["name"]
            case "TopicDeleted":
                name = self._names.pop(fields["topic_id"], "")
                yield Change(at=at, subject=f"Topic {name}".strip(), what="was deleted")

    def _registered(self, broker: int, entry: Entry) -> Change:
        fenced_at = self._fenced_at.pop(broker, None)
        away = f" after {_span((entry.at - fenced_at).total_seconds())} away" if fenced_at else ""
        return Change(
            at=entry.at, subject=f"Broker {broker}", what=f"registered{away}", detail=f"broker epoch {entry.offset}"
        )

    def _fenced_or_not(self, fields: Mapping[str, Any], at: datetime) -> Iterator[Change]:
        broker = fields["broker_id"]
        if fields["fenced"]:
            self._fenced_at[broker] = at
            yield Change(
                at=at, subject=f"Broker {broker}", what="was fenced", detail="it leads nothing until it is back"
            )
        elif fields.get("in_controlled_shutdown"):
            yield Change(at=at, subject=f"Broker {broker}", what="is shutting down in order")
        else:
            again = " again" if broker in self._took_part else ""
            self._took_part.add(broker)
            yield Change(at=at, subject=f"Broker {broker}", what=f"takes part{again}")

    def _of_partitions(self, bundle: list[Entry], at: datetime) -> Iterator[Change]:
        placed: Counter[str] = Counter()
        lost: Counter[int] = Counter()
        gained: Counter[int] = Counter()
        fell: Counter[int] = Counter()
        caught_up: Counter[int] = Counter()
        for entry in bundle:
            if entry.kind not in ("PartitionPlaced", "PartitionChanged"):
                continue
            key = entry.fields["topic_id"], entry.fields["index"]
            after = entry.fields
            # Of a partition that was placed before the first entry that was read, only what it lacks is known.
            before = self._partitions.get(key, {"leader": after["leader"], "isr": after["replicas"]})
            self._partitions[key] = after
            if entry.kind == "PartitionPlaced":
                placed[key[0]] += 1
            else:
                if before["leader"] != after["leader"]:
                    lost[before["leader"]] += 1
                    gained[after["leader"]] += 1
                fell.update(set(before["isr"]) - set(after["isr"]))
                caught_up.update(set(after["isr"]) - set(before["isr"]))
        yield from self._placements(bundle, placed, at)
        yield from moved(lost, gained, at)
        yield from in_sync(fell, caught_up, at)

    def _placements(self, bundle: list[Entry], placed: Counter[str], at: datetime) -> Iterator[Change]:
        created = {entry.fields["topic_id"] for entry in bundle if entry.kind == "TopicCreated"}
        for topic_id, count in placed.items():
            name = self._names.get(topic_id, "")
            what = "was created" if topic_id in created else "got more partitions"
            yield Change(at=at, subject=f"Topic {name}".strip(), what=what, detail=partitions(count), topic=name)

    def _of_configs(self, bundle: list[Entry], at: datetime) -> Iterator[Change]:
        created = {entry.fields["name"] for entry in bundle if entry.kind == "TopicCreated"}
        for entry in bundle:
            fields = entry.fields
            if entry.kind == "ConfigChanged" and fields["resource_name"] not in created:
                value = fields.get("value")
                what = (
                    f"has {fields['name']} at its default again" if value is None else f"has {fields['name']} = {value}"
                )
                yield Change(at=at, subject=fields["resource_name"] or "Every broker", what=what)


def _span(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
