"""Building batches: from records to bytes, with any codec."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from crc32c import crc32c

from cluster.protocol.records.batch import (
    HEADER,
    HEADER_BYTES,
    LENGTH_OVERHEAD,
    MAGIC,
    NO_LEADER_EPOCH,
    NO_PRODUCER_EPOCH,
    NO_PRODUCER_ID,
    NO_SEQUENCE,
    NO_TIMESTAMP,
    Compression,
    TimestampType,
)
from cluster.protocol.records.compression import compress

_CRC_START: Final = 21


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record that has no offset yet. A timestamp of -1 means none."""

    key: bytes | None
    value: bytes | None
    timestamp: int = NO_TIMESTAMP
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """Everything about a batch but its records. `offset_deltas` None: 0, 1, 2 …"""

    base_offset: int = 0
    leader_epoch: int = NO_LEADER_EPOCH
    compression: Compression = Compression.NONE
    compression_level: int | None = None
    timestamp_type: TimestampType = TimestampType.CREATE_TIME
    log_append_time_ms: int = NO_TIMESTAMP
    producer_id: int = NO_PRODUCER_ID
    producer_epoch: int = NO_PRODUCER_EPOCH
    base_sequence: int = NO_SEQUENCE
    is_transactional: bool = False
    is_control: bool = False
    offset_deltas: Sequence[int] | None = None


def build_batch(records: Iterable[NewRecord], options: BatchOptions | None = None) -> bytearray:
    """The bytes of one batch, in a buffer that can be patched. There must be at least one record."""
    options = options or BatchOptions()
    listed = list(records)
    assert listed, "a batch holds at least one record"
    deltas = options.offset_deltas or range(len(listed))
    base_timestamp = listed[0].timestamp
    body = bytearray()
    for record, delta in zip(listed, deltas, strict=True):
        _encode(body, record, record.timestamp - base_timestamp, delta)
    max_timestamp = max(record.timestamp for record in listed)
    if options.timestamp_type is TimestampType.LOG_APPEND_TIME:
        max_timestamp = options.log_append_time_ms
    payload = compress(options.compression, body, options.compression_level)
    batch = bytearray(HEADER_BYTES + len(payload))
    batch[HEADER_BYTES:] = payload
    timestamps = (base_timestamp, max_timestamp)
    _write_header(batch, options, timestamps, last_delta=deltas[-1], count=len(listed))
    return batch


def _write_header(
    batch: bytearray, options: BatchOptions, timestamps: tuple[int, int], *, last_delta: int, count: int
) -> None:
    attributes = (
        options.compression
        | options.timestamp_type << 3
        | (0x10 if options.is_transactional else 0)
        | (0x20 if options.is_control else 0)
    )

    def write(crc: int) -> None:
        HEADER.pack_into(
            batch,
            0,
            options.base_offset,
            len(batch) - LENGTH_OVERHEAD,
            options.leader_epoch,
            MAGIC,
            crc,
            attributes,
            last_delta,
            *timestamps,
            options.producer_id,
            options.producer_epoch,
            options.base_sequence,
            count,
        )

    write(0)
    write(crc32c(memoryview(batch)[_CRC_START:]))


def _put_varint(target: bytearray, value: int) -> None:
    raw = (value << 1) ^ (value >> 63)
    while raw >= 0x80:
        target.append((raw & 0x7F) | 0x80)
        raw >>= 7
    target.append(raw)


def _put_bytes(target: bytearray, value: bytes | None) -> None:
    if value is None:
        target.append(1)
    else:
        _put_varint(target, len(value))
        target += value


def _encode(target: bytearray, record: NewRecord, timestamp_delta: int, offset_delta: int) -> None:
    body = bytearray(1)
    _put_varint(body, timestamp_delta)
    _put_varint(body, offset_delta)
    _put_bytes(body, record.key)
    _put_bytes(body, record.value)
    _put_varint(body, len(record.headers))
    for name, value in record.headers:
        _put_bytes(body, name.encode())
        _put_bytes(body, value)
    _put_varint(target, len(body))
    target += body
