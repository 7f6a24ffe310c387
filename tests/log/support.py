"""Logs for tests: opened on a simulated disk, fed with small batches, read back record by record."""

from __future__ import annotations

from crc32c import crc32c

from cluster.log.config import LogConfig
from cluster.log.files import Files
from cluster.log.layout import TopicPartition
from cluster.log.partition_log import OpenFrom, PartitionLog
from cluster.protocol.primitives import Uuid
from cluster.protocol.records.batch import Batch, Compression, batches
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from cluster.protocol.records.iterate import Record, records

NOW = 1_700_000_000_000
ORDERS = TopicPartition("orders", 0)
FOLDER = "/data/orders-0"
TOPIC_ID = Uuid(bytes(range(16)))


def config(**overrides: object) -> LogConfig:
    """The defaults with some configurations changed; underscores stand for dots."""
    texts = {name.replace("_", "."): str(value) for name, value in overrides.items()}
    return LogConfig.of(texts)


def open_log(
    files: Files,
    settings: LogConfig | None = None,
    *,
    clean: bool = True,
    recovery_point: int = 0,
    log_start_offset: int = 0,
    folder: str = FOLDER,
) -> PartitionLog:
    """Open the log `orders-0`."""
    source = OpenFrom(clean=clean, recovery_point=recovery_point, log_start_offset=log_start_offset)
    return PartitionLog.open(files, folder, ORDERS, settings or config(), NOW, source, TOPIC_ID)


def batch_of(*values: bytes, timestamp: int = NOW, compression: Compression = Compression.NONE) -> bytearray:
    """A batch of records with the key `k`, as a producer sends it."""
    listed = [NewRecord(b"k", value, timestamp + index) for index, value in enumerate(values)]
    return build_batch(listed, BatchOptions(compression=compression))


HEADER_FIELDS = {
    "length": slice(8, 12),
    "magic": slice(16, 17),
    "attributes": slice(21, 23),
    "last_offset_delta": slice(23, 27),
    "base_timestamp": slice(27, 35),
    "max_timestamp": slice(35, 43),
    "count": slice(57, 61),
}


def forged(batch: bytearray, **fields: int) -> bytearray:
    """A batch with other values in its header, and the right CRC."""
    for name, value in fields.items():
        place = HEADER_FIELDS[name]
        batch[place] = value.to_bytes(place.stop - place.start, "big", signed=True)
    batch[17:21] = crc32c(memoryview(batch)[21:]).to_bytes(4, "big")
    return batch


def sequenced(
    sequence: int, count: int = 1, *, producer_id: int = 7, epoch: int = 0, transactional: bool = False
) -> bytearray:
    """A batch of an idempotent producer."""
    listed = [NewRecord(b"k", b"%d" % (sequence + index), NOW) for index in range(count)]
    options = BatchOptions(
        producer_id=producer_id, producer_epoch=epoch, base_sequence=sequence, is_transactional=transactional
    )
    return build_batch(listed, options)


def led(base_offset: int, count: int = 1, *, epoch: int = 0, size: int = 10, timestamp: int = NOW) -> bytearray:
    """A batch as a leader stored it."""
    listed = [NewRecord(b"k", b"%0*d" % (size, base_offset + index), timestamp) for index in range(count)]
    return build_batch(listed, BatchOptions(base_offset=base_offset, leader_epoch=epoch))


def fill(log: PartitionLog, batches_count: int, *, per_batch: int = 1, size: int = 100, epoch: int = 0) -> None:
    """Append batches whose values tell their offsets; everything is committed."""
    for _ in range(batches_count):
        values = (b"%0*d" % (size, log.log_end_offset + index) for index in range(per_batch))
        log.append_as_leader(batch_of(*values, timestamp=NOW + log.log_end_offset), epoch, NOW)
    log.advance_high_watermark(log.log_end_offset)


def stored_batches(log: PartitionLog, start: int | None = None) -> list[Batch]:
    """All batches from an offset on, as a reader gets them."""
    offset = log.log_start_offset if start is None else start
    found: list[Batch] = []
    while offset < log.log_end_offset:
        result = log.read(offset, 1 << 20, log.log_end_offset, True)
        read = [batch for buffer in result.buffers for batch in batches(buffer)]
        assert read, f"nothing can be read at {offset} of {log.log_end_offset}"
        found += read
        offset = read[-1].next_offset
    return found


def stored_records(log: PartitionLog, start: int | None = None) -> list[Record]:
    """All records from an offset on, as a reader gets them."""
    return [record for batch in stored_batches(log, start) for record in records(batch)]
