"""A record on its way to the viewers of a tail: its JSON row and its searchable text are made once for all of them."""

import json
from collections.abc import Sequence
from typing import Any

from streams.payload import PREVIEW_BYTES, Form, payload_of

SEARCHED_BYTES = 1_000_000


class TailRecord:
    """One consumed record. `row` is what a browser gets; offsets travel as text, since JavaScript rounds above 2^53."""

    __slots__ = ("_row", "_text", "headers", "key", "offset", "partition", "timestamp_ms", "value")

    def __init__(
        self,
        partition: int,
        offset: int,
        timestamp_ms: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]] = (),
    ) -> None:
        self.partition = partition
        self.offset = offset
        self.timestamp_ms = timestamp_ms
        self.key = key
        self.value = value
        self.headers = headers
        self._row: str | None = None
        self._text: str | None = None

    @classmethod
    def of(cls, record: Any) -> "TailRecord":
        """From aiokafka's ConsumerRecord."""
        return cls(record.partition, record.offset, record.timestamp, record.key, record.value, record.headers)

    @property
    def size_bytes(self) -> int:
        headers = sum(len(name.encode()) + len(value or b"") for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers

    @property
    def row(self) -> str:
        """[partition, offset, milliseconds, key, value, bytes, number of headers] as JSON."""
        if self._row is None:
            cells = [self.partition, str(self.offset), self.timestamp_ms, _cell(self.key), _cell(self.value)]
            self._row = json.dumps([*cells, self.size_bytes, len(self.headers)], separators=(",", ":"))
        return self._row

    @property
    def text(self) -> str:
        """Key, value and headers in one casefolded text, for searching."""
        if self._text is None:
            parts = [self.key, self.value, *(part for name, value in self.headers for part in (name.encode(), value))]
            whole = b"\n".join(part[:SEARCHED_BYTES] for part in parts if part)
            self._text = whole.decode("utf-8", "replace").casefold()
        return self._text


def _cell(data: bytes | None) -> list[str]:
    payload = payload_of(data, Form.AUTO, PREVIEW_BYTES)
    return [payload.kind, payload.text + "…" if payload.truncated else payload.text]
