"""Batches to send: good ones, and each kind of bad one."""

import functools
import struct
import time
import zlib

from crc32c import crc32c

from cluster.protocol.records.batch import HEADER, Compression
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch

TIME = time.time_ns() // 1_000_000 - 24 * 3_600_000
"""When records say that they were made, where it is all the same: yesterday, so that no retention takes them."""
FIELDS = (
    "base_offset",
    "length",
    "leader_epoch",
    "magic",
    "crc",
    "attributes",
    "last_offset_delta",
    "base_timestamp",
    "max_timestamp",
    "producer_id",
    "producer_epoch",
    "base_sequence",
    "count",
)


def good(count: int = 1, *, value: bytes = b"value", timestamp: int = TIME, **options: object) -> bytes:
    """Records k0, k1 … with the same value, one millisecond apart."""
    records = [NewRecord(b"k%d" % index, value, timestamp + index) for index in range(count)]
    return bytes(build_batch(records, BatchOptions(**options)))  # type: ignore[arg-type]


@functools.lru_cache
def crowded(count: int) -> bytes:
    """Many tiny records, squeezed."""
    return bytes(build_batch([NewRecord(b"k", None, TIME)] * count, BatchOptions(compression=Compression.ZSTD)))


def keyless(count: int = 1) -> bytes:
    return bytes(build_batch([NewRecord(None, b"value", TIME) for _ in range(count)]))


def forged(batch: bytes, *, keep_crc: bool = False, **fields: int) -> bytes:
    """The batch with these header fields, and a CRC that fits unless it is kept."""
    values = dict(zip(FIELDS, HEADER.unpack_from(batch), strict=True)) | fields
    forged_batch = bytearray(batch)
    HEADER.pack_into(forged_batch, 0, *values.values())
    if "crc" not in fields and not keep_crc:
        values["crc"] = crc32c(memoryview(forged_batch)[21:])
        HEADER.pack_into(forged_batch, 0, *values.values())
    return bytes(forged_batch)


def old_message_set(magic: int) -> bytes:
    """One message of the format before batches."""
    stamp = struct.pack(">q", TIME) if magic else b""
    body = struct.pack(">bb", magic, 0) + stamp + struct.pack(">i", -1) + struct.pack(">i", 1) + b"v"
    message = struct.pack(">I", zlib.crc32(body)) + body
    return struct.pack(">qi", 0, len(message)) + message
