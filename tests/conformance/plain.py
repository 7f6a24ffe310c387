"""An answer as plain values that two clusters can agree on: ids, times, hosts and ports replaced by what they mean."""

import dataclasses
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

from cluster.protocol.errors import ErrorCode
from cluster.protocol.primitives import UUID_BYTES, ZERO_UUID, Uuid, uuid_to_text
from cluster.protocol.records.batch import Batch, batches

NO_ID, ID_OF = "no id", "id of "
HOUR_MS = 3_600_000
RANDOM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIMES = {"log_append_time_ms", "timestamp", "last_timestamp", "max_timestamp", "base_timestamp"}
SOME = {"controller_id": "a broker", "session_id": "a session"}
SYMBOLS = {"producer_id": "producer"}
INVENTED = 4_000_000_000
"""Producer ids from here on are the scenarios' own."""
TEXTS = {"error_message", "batch_index_error_message", "documentation"}
A_TEXT = "a text"
"""Kafka's sentences are not ours: only whether there is one is compared."""
HIDDEN = {"cluster_id": "the cluster's id", "log_dir": "a directory"}
IDENTITIES = (
    "api_key",
    "resource_type",
    "group_id",
    "name",
    "topic",
    "resource_name",
    "key",
    "topic_id",
    "producer_id",
    "partition_index",
    "partition",
    "partition_id",
    "index",
    "group_instance_id",
    "member_id",
    "node_id",
    "broker_id",
)
"""Lists of structs have a hash order in Kafka: they are compared in the order of these."""


class Plain:
    """Turns the answers of one cluster to plain values. The same random id has the same symbol all through one run."""

    def __init__(self, base_port: int, run: str, now_ms: Callable[[], int]) -> None:
        self._ports = re.compile("|".join(str(base_port + broker) for broker in range(9)))
        self._base_port = base_port
        self._run = run
        self._now_ms = now_ms
        self._symbols: dict[tuple[str, object], str] = {}
        self._topics: dict[bytes, str] = {}

    def knows(self, topic_id: Uuid, name: str) -> None:
        """From now on this id is shown as the topic's."""
        self._topics[topic_id] = f"{ID_OF}{name.removeprefix(self._run)}"

    def begin(self) -> None:
        """A new scenario: symbols are counted from one again."""
        self._symbols.clear()

    def value(self, field: str, value: Any) -> Any:
        """The plain form of a field's value."""
        if dataclasses.is_dataclass(value):
            return {item.name: self.value(item.name, getattr(value, item.name)) for item in dataclasses.fields(value)}
        if isinstance(value, list):
            return self._list(field, value)
        if isinstance(value, memoryview):
            return self._records(value)
        if isinstance(value, bytes):
            return self._bytes(field, value)
        if isinstance(value, str):
            return A_TEXT if field in TEXTS and value else HIDDEN.get(field) or self._text(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return self._number(field, value)
        return value

    def _list(self, field: str, values: Sequence[Any]) -> list[Any]:
        listed = [self.value(field, value) for value in values]
        return sorted(listed, key=_order) if listed and isinstance(listed[0], dict) else listed

    def _bytes(self, field: str, value: bytes) -> str:
        if len(value) == UUID_BYTES and field == "topic_id":
            return self._topic_id(value)
        return repr(value)

    def _topic_id(self, value: bytes) -> str:
        if value == ZERO_UUID:
            return NO_ID
        return self._topics.get(value) or self._symbol("id", value)

    def _text(self, value: str) -> str:
        value = value.replace(self._run, "") if self._run else value
        for topic_id, name in self._topics.items():
            value = value.replace(uuid_to_text(Uuid(topic_id)), f"<{name}>")
        value = RANDOM_ID.sub(lambda found: self._symbol("random id", found[0]), value)
        return self._ports.sub(lambda found: f"<port of {int(found[0]) - self._base_port + 1}>", value)

    def _number(self, field: str, value: int) -> object:
        if field.endswith("error_code"):
            return ErrorCode(value).name
        if field == "port" and value > 0:
            return f"port of {value - self._base_port + 1}"
        if field in SYMBOLS and 0 <= value < INVENTED:
            return self._symbol(SYMBOLS[field], value)
        if field in SOME and value > 0:
            return SOME[field]
        if field in TIMES and abs(value - self._now_ms()) < HOUR_MS:
            return "now"
        return value

    def _symbol(self, kind: str, value: object) -> str:
        taken = sum(1 for other, _ in self._symbols if other == kind)
        return self._symbols.setdefault((kind, value), f"{kind} {taken + 1}")

    def _records(self, buffer: memoryview) -> list[dict[str, object]]:
        return [self._batch(batch) for batch in batches(buffer)]

    def _batch(self, batch: Batch) -> dict[str, object]:
        numbers = (
            "base_offset",
            "last_offset",
            "partition_leader_epoch",
            "attributes",
            "base_timestamp",
            "max_timestamp",
            "producer_id",
            "producer_epoch",
            "base_sequence",
            "record_count",
            "size_bytes",
        )
        plain = {name: self.value(name, int(getattr(batch, name))) for name in numbers}
        payload = hashlib.sha256(batch.payload()).hexdigest()[:12]
        return {**plain, "crc_valid": batch.crc_valid(), "payload": payload}


def identity(value: dict[str, Any]) -> str:
    """What tells a struct from its neighbours in a list; empty when nothing does."""
    known = (str(value[name]) for name in IDENTITIES if value.get(name) not in (None, "", NO_ID))
    return next(known, "").removeprefix(ID_OF)


def _order(value: dict[str, Any]) -> tuple[str, ...]:
    named = (value[name] for name in IDENTITIES if value.get(name) is not None)
    return tuple(f"{part:09}" if isinstance(part, int) else part for part in named)
