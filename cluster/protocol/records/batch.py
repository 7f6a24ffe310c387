"""The header of a record batch, version 2: reading it, checking it, patching it where it lies.

 0  base offset            int64     written by the leader          not under the CRC
 8  length                 int32     bytes that follow this field   not under the CRC
12  partition leader epoch int32     written by the leader          not under the CRC
16  magic                  int8      2                              not under the CRC
17  CRC-32C                uint32    over everything from 21 to the end
21  attributes             int16     bits 0-2 codec, 3 timestamp type, 4 transactional, 5 control, 6 delete horizon
23  last offset delta      int32
27  base timestamp         int64     with bit 6 set: the delete horizon
35  max timestamp          int64
43  producer id            int64
51  producer epoch         int16
53  base sequence          int32
57  record count           int32
61  records, compressed as one piece
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from crc32c import crc32c

Buffer = bytes | bytearray | memoryview

HEADER: Final = struct.Struct(">qiibIhiqqqhii")
HEADER_BYTES: Final = HEADER.size
LENGTH_OVERHEAD: Final = 12
"""Bytes of a batch that its length field does not count."""
MAGIC: Final = 2
NO_TIMESTAMP: Final = -1
NO_PRODUCER_ID: Final = -1
NO_PRODUCER_EPOCH: Final = -1
NO_SEQUENCE: Final = -1
NO_LEADER_EPOCH: Final = -1
MAX_SEQUENCE: Final = (1 << 31) - 1

_CODEC_MASK: Final = 0x07
_LOG_APPEND_TIME: Final = 0x08
_TRANSACTIONAL: Final = 0x10
_CONTROL: Final = 0x20
_ATTRIBUTES_POSITION: Final = 21

_OFFSET_LENGTH_EPOCH = struct.Struct(">qii")
_CRC = struct.Struct(">I")
_ATTRIBUTES = struct.Struct(">h")
_MAX_TIMESTAMP = struct.Struct(">q")


class Compression(IntEnum):
    """The codecs, by the number that a batch's attributes carry."""

    NONE = 0
    GZIP = 1
    SNAPPY = 2
    LZ4 = 3
    ZSTD = 4


class TimestampType(IntEnum):
    """Whose clock a batch's timestamps come from."""

    CREATE_TIME = 0
    LOG_APPEND_TIME = 1


class Batch:
    """One batch inside a buffer: its header's fields, and where it lies. Patches write into the buffer."""

    __slots__ = (
        "attributes",
        "base_offset",
        "base_sequence",
        "base_timestamp",
        "batch_length",
        "buffer",
        "crc",
        "end",
        "last_offset",
        "last_offset_delta",
        "magic",
        "max_timestamp",
        "next_offset",
        "partition_leader_epoch",
        "producer_epoch",
        "producer_id",
        "record_count",
        "size_bytes",
        "start",
    )

    base_offset: int
    batch_length: int
    partition_leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int

    size_bytes: int
    """Bytes of the whole batch."""
    end: int
    """Where the batch ends in its buffer."""
    last_offset: int
    """Offset of the last record (of the last one there was, in a compacted batch)."""
    next_offset: int
    """The offset after the batch."""

    def __init__(self, buffer: Buffer, start: int = 0) -> None:
        """Read the header at `start`. Raises struct.error when the buffer ends before the header does."""
        self.buffer = buffer
        self.start = start
        (
            self.base_offset,
            self.batch_length,
            self.partition_leader_epoch,
            self.magic,
            self.crc,
            self.attributes,
            self.last_offset_delta,
            self.base_timestamp,
            self.max_timestamp,
            self.producer_id,
            self.producer_epoch,
            self.base_sequence,
            self.record_count,
        ) = HEADER.unpack_from(buffer, start)
        self.size_bytes = size_bytes = self.batch_length + LENGTH_OVERHEAD
        self.end = start + size_bytes
        self.last_offset = last_offset = self.base_offset + self.last_offset_delta
        self.next_offset = last_offset + 1

    @property
    def last_sequence(self) -> int:
        """Sequence number of the last record; sequences wrap from 2^31 - 1 to 0."""
        if self.base_sequence == NO_SEQUENCE:
            return NO_SEQUENCE
        return (self.base_sequence + self.last_offset_delta) & MAX_SEQUENCE

    @property
    def compression(self) -> Compression:
        """The codec. Raises ValueError for a number that no codec has."""
        return Compression(self.attributes & _CODEC_MASK)

    @property
    def timestamp_type(self) -> TimestampType:
        """Whose clock the timestamps come from."""
        return TimestampType.LOG_APPEND_TIME if self.attributes & _LOG_APPEND_TIME else TimestampType.CREATE_TIME

    @property
    def is_transactional(self) -> bool:
        """Whether the batch belongs to a transaction."""
        return bool(self.attributes & _TRANSACTIONAL)

    @property
    def is_control(self) -> bool:
        """Whether the batch holds a marker instead of records."""
        return bool(self.attributes & _CONTROL)

    def view(self) -> memoryview:
        """The bytes of the batch, not copied."""
        return memoryview(self.buffer)[self.start : self.end]

    def payload(self) -> memoryview:
        """The records' bytes (compressed where the batch is), not copied."""
        return memoryview(self.buffer)[self.start + HEADER_BYTES : self.end]

    def crc_valid(self) -> bool:
        """Whether the stored CRC is that of the bytes. The whole batch must lie in the buffer."""
        return bool(crc32c(memoryview(self.buffer)[self.start + _ATTRIBUTES_POSITION : self.end]) == self.crc)

    def patch_for_append(self, base_offset: int, leader_epoch: int) -> None:
        """Write what a leader gives a batch: the offset of the first record, and its epoch. Needs no new CRC."""
        _OFFSET_LENGTH_EPOCH.pack_into(self._writable(), self.start, base_offset, self.batch_length, leader_epoch)
        self.base_offset = base_offset
        self.last_offset = base_offset + self.last_offset_delta
        self.next_offset = self.last_offset + 1
        self.partition_leader_epoch = leader_epoch

    def patch_max_timestamp(self, timestamp_type: TimestampType, max_timestamp: int) -> None:
        """Write timestamp type and max timestamp, and with them a new CRC."""
        attributes = self.attributes & ~_LOG_APPEND_TIME
        if timestamp_type is TimestampType.LOG_APPEND_TIME:
            attributes |= _LOG_APPEND_TIME
        buffer = self._writable()
        _ATTRIBUTES.pack_into(buffer, self.start + _ATTRIBUTES_POSITION, attributes)
        _MAX_TIMESTAMP.pack_into(buffer, self.start + 35, max_timestamp)
        self.attributes, self.max_timestamp = attributes, max_timestamp
        self.crc = crc32c(memoryview(buffer)[self.start + _ATTRIBUTES_POSITION : self.end])
        _CRC.pack_into(buffer, self.start + 17, self.crc)

    def _writable(self) -> bytearray | memoryview:
        assert not isinstance(self.buffer, bytes), "a batch is patched in the buffer that it was received in"
        return self.buffer


def attributes_of(buffer: Buffer) -> int:
    """The attributes of the batch that begins here, and nothing else of its header; 0 where that is cut."""
    return int(_ATTRIBUTES.unpack_from(buffer, _ATTRIBUTES_POSITION)[0]) if len(buffer) >= HEADER_BYTES else 0


def batches(buffer: Buffer, start: int = 0, end: int | None = None) -> Iterator[Batch]:
    """The whole batches in a buffer, one behind the other; a partial one at the end is left out.

    Stops in front of anything that cannot be a batch of version 2: look at where the last one ended.
    """
    end = len(buffer) if end is None else end
    while end - start >= HEADER_BYTES:
        batch = Batch(buffer, start)
        if batch.magic != MAGIC or batch.batch_length < HEADER_BYTES - LENGTH_OVERHEAD or batch.end > end:
            return
        yield batch
        start = batch.end
