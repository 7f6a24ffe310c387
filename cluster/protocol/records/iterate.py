"""The records inside a batch: decoding them, and walking over them without touching keys and values.

length          varint    of everything that follows
attributes      int8      unused
timestamp delta varlong   from the batch's base timestamp
offset delta    varint    from the batch's base offset
key             varint length (-1: null), bytes
value           varint length (-1: null), bytes
headers         varint count, then for each: varint length, name; varint length (-1: null), value
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cluster.protocol.errors import CorruptMessage, InvalidRecord
from cluster.protocol.records.batch import Batch, Buffer, TimestampType
from cluster.protocol.records.compression import MAX_INFLATED_BYTES, decompress

MIN_RECORD_BYTES: Final = 7
MAX_RECORDS: Final = 1 << 20
"""A batch of more is not walked over: a few kilobytes can hold as many as keep a broker busy for minutes."""
_VARINT_BITS: Final = 70


@dataclass(frozen=True, slots=True)
class Record:
    """One record. Null and empty differ, for keys, values and header values."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass(slots=True)
class RecordOutline:
    """What a validator wants to know of a record without decoding it."""

    offset_delta: int
    timestamp: int
    has_key: bool


def records(batch: Batch, max_bytes: int = MAX_INFLATED_BYTES) -> Iterator[Record]:
    """Decode the records of a batch.

    Raises CorruptMessage when they cannot be decompressed, InvalidRecord when they are not what the header says.
    """
    data = bytes(_inflated(batch, max_bytes))
    timestamp = batch.max_timestamp if batch.timestamp_type is TimestampType.LOG_APPEND_TIME else None
    position = 0
    for _ in range(batch.record_count):
        record, position = _decode(data, position, batch, timestamp)
        yield record
    if position != len(data):
        raise InvalidRecord("bytes are left behind the last record of the batch")


def outlines(batch: Batch, max_bytes: int = MAX_INFLATED_BYTES) -> Iterator[RecordOutline]:
    """Walk over the records of a batch without copying keys and values. Raises as `records` does."""
    data = _inflated(batch, max_bytes)
    timestamp = batch.max_timestamp if batch.timestamp_type is TimestampType.LOG_APPEND_TIME else None
    position = 0
    for _ in range(batch.record_count):
        outline, position = _outline(data, position, batch, timestamp)
        yield outline
    if position != len(data):
        raise InvalidRecord("bytes are left behind the last record of the batch")


def _inflated(batch: Batch, max_bytes: int) -> Buffer:
    if batch.record_count > MAX_RECORDS:
        raise InvalidRecord(f"a batch of {batch.record_count} records is more than is looked at")
    try:
        codec = batch.compression
    except ValueError as error:
        raise CorruptMessage(f"records are compressed in an unknown way: {error}") from error
    return decompress(codec, batch.payload(), max_bytes)


def _varint(data: Buffer, position: int) -> tuple[int, int]:
    """A zigzag number of up to 64 bits, and where it ends."""
    try:
        byte = data[position]
        position += 1
        if byte < 0x80:
            return (byte >> 1) ^ -(byte & 1), position
        raw, shift = byte & 0x7F, 7
        while True:
            byte = data[position]
            position += 1
            raw |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (raw >> 1) ^ -(raw & 1), position
            shift += 7
            if shift >= _VARINT_BITS:
                raise InvalidRecord("a number in a record is longer than 64 bits")
    except IndexError:
        raise InvalidRecord("the batch holds fewer records than its header says") from None


def _begin(data: Buffer, position: int) -> tuple[int, int]:
    """Where a record's fields begin (behind its attributes) and where it ends."""
    length, position = _varint(data, position)
    end = position + length
    if length < MIN_RECORD_BYTES - 1 or end > len(data):
        raise InvalidRecord(f"a record of {length} bytes does not fit into its batch")
    return position + 1, end


def _field(data: Buffer, position: int, end: int) -> tuple[int, int]:
    """The length of a key or value (-1: null) and where its bytes begin; they end within the record."""
    length, position = _varint(data, position)
    if length < -1 or position + max(length, 0) > end:
        raise InvalidRecord(f"a field of {length} bytes does not fit into its record")
    return length, position


def _bytes(data: bytes, position: int, end: int) -> tuple[bytes | None, int]:
    length, position = _field(data, position, end)
    if length < 0:
        return None, position
    return data[position : position + length], position + length


def _decode(data: bytes, position: int, batch: Batch, timestamp: int | None) -> tuple[Record, int]:
    position, end = _begin(data, position)
    timestamp_delta, position = _varint(data, position)
    offset_delta, position = _varint(data, position)
    key, position = _bytes(data, position, end)
    value, position = _bytes(data, position, end)
    headers, position = _headers(data, position, end)
    if position != end:
        raise InvalidRecord("a record is not as long as it says")
    if timestamp is None:
        timestamp = batch.base_timestamp + timestamp_delta
    return Record(batch.base_offset + offset_delta, timestamp, key, value, headers), end


def _headers(data: bytes, position: int, end: int) -> tuple[tuple[tuple[str, bytes | None], ...], int]:
    count, position = _varint(data, position)
    if count == 0:
        return (), position
    if count < 0 or count > end - position:
        raise InvalidRecord(f"a record cannot have {count} headers")
    headers = []
    for _ in range(count):
        name, position = _bytes(data, position, end)
        if name is None:
            raise InvalidRecord("a header has no name")
        value, position = _bytes(data, position, end)
        headers.append((_text(name), value))
    return tuple(headers), position


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise InvalidRecord("a header's name is not UTF-8") from None


def _outline(data: Buffer, position: int, batch: Batch, timestamp: int | None) -> tuple[RecordOutline, int]:
    position, end = _begin(data, position)
    timestamp_delta, position = _varint(data, position)
    offset_delta, position = _varint(data, position)
    key_length, position = _field(data, position, end)
    _field(data, position + max(key_length, 0), end)
    if timestamp is None:
        timestamp = batch.base_timestamp + timestamp_delta
    return RecordOutline(offset_delta, timestamp, key_length >= 0), end
