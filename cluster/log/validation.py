"""What a leader checks before it appends a batch and what it changes in it; what a follower checks.

The header is checked always. Records are walked over only where the header cannot tell: null keys in a compacted log, a
lower limit for timestamps, an odd max timestamp; they are decoded only to be compressed again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from cluster.log.config import LogConfig
from cluster.log.layout import TopicPartition
from cluster.log.producers.state import AppendOrigin
from cluster.protocol.errors import (
    CorruptMessage,
    InvalidRecord,
    InvalidTimestamp,
    KafkaError,
    MessageTooLarge,
    RecordListTooLarge,
)
from cluster.protocol.records.batch import (
    HEADER_BYTES,
    LENGTH_OVERHEAD,
    MAGIC,
    NO_TIMESTAMP,
    Batch,
    Buffer,
    Compression,
    TimestampType,
    batches,
)
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from cluster.protocol.records.compression import MAX_INFLATED_BYTES
from cluster.protocol.records.iterate import MIN_RECORD_BYTES, RecordOutline, outlines, records

MAX_LONG: Final = (1 << 63) - 1
AT_ONCE_BYTES: Final = 1 << 20
AT_ONCE_RECORDS: Final = 5_000
"""Records that inflate to more, or are more, take longer to walk over than a loop may stand still."""
_ODD_ATTRIBUTES: Final = 0x28
_MAGIC_POSITION: Final = 16
_SMALLEST_MESSAGE: Final = 14
"""Bytes of the smallest message of any record format, without offset and length."""
_CODECS: Final = {
    "uncompressed": Compression.NONE,
    "gzip": Compression.GZIP,
    "snappy": Compression.SNAPPY,
    "lz4": Compression.LZ4,
    "zstd": Compression.ZSTD,
}


class RecordError(NamedTuple):
    """Why a record was refused, by its index in the batch."""

    batch_index: int
    message: str


class InvalidRecords(InvalidRecord):
    """Some records of the batch are refused, and the batch with them."""

    def __init__(self, message: str, record_errors: tuple[RecordError, ...]) -> None:
        super().__init__(message)
        self.record_errors = record_errors


class NotOneBatch(InvalidRecord):
    """What was sent is not exactly one batch of the version that is accepted: the log was not looked at."""


class InvalidTimestamps(InvalidTimestamp):
    """Some records of the batch have timestamps that are not allowed."""

    def __init__(self, message: str, record_errors: tuple[RecordError, ...]) -> None:
        super().__init__(message)
        self.record_errors = record_errors


class Appending(NamedTuple):
    """To which log, by which rules, for whom and when; `at_once`: on a loop that others wait for."""

    partition: TopicPartition
    config: LogConfig
    origin: AppendOrigin
    now_ms: int
    at_once: bool = False


class LongWalk(Exception):
    """`validate` would take long: it is to be done in an executor, by the same rules. Nothing has been changed."""

    def __init__(self, appending: Appending) -> None:
        super().__init__(f"the records for {appending.partition} cannot be looked at at once")
        self.appending = appending._replace(at_once=False)


class Validated(NamedTuple):
    """What is to be appended, as long as the log's configuration is still this one."""

    batch: Batch
    config: LogConfig


def validate(data: bytearray | memoryview, appending: Appending, validated: Validated | None = None) -> Batch:
    """Check the one batch in `data`, and give it the log's timestamps and compression. Answers what is to be appended.

    If that has been done before, `validated` has the answer. Raises InvalidRecord, InvalidTimestamp, CorruptMessage,
    MessageTooLarge, RecordListTooLarge; with `at_once` LongWalk.
    """
    if validated is not None and validated.config is appending.config:
        return validated.batch
    batch = _only_batch(data, appending)
    config = appending.config
    _check_size(batch, appending)
    if not batch.crc_valid():
        raise CorruptMessage(f"Record is corrupt (stored crc = {batch.crc}) in topic partition {appending.partition}.")
    if appending.origin is AppendOrigin.CLIENT:
        _check_client_batch(batch, appending)
    if batch.attributes & _ODD_ATTRIBUTES == 0 and not _needs_walk(batch, appending):
        if config.message_timestamp_type == "LogAppendTime":
            batch.patch_max_timestamp(TimestampType.LOG_APPEND_TIME, appending.now_ms)
        return batch
    return batch if batch.is_control else _walk(batch, appending)


def _only_batch(data: bytearray | memoryview, appending: Appending) -> Batch:
    """The one batch; a cut one behind it is cut off, as by Kafka's reader of batches."""
    if len(data) >= HEADER_BYTES:
        batch = Batch(data)
        if batch.magic == MAGIC and batch.size_bytes == len(data):
            return batch
    size = _whole_batch(data)
    if size is None:
        raise NotOneBatch(f"There is no whole batch for topic partition {appending.partition}")
    if data[_MAGIC_POSITION] != MAGIC:
        raise NotOneBatch(f"Only batches of version {MAGIC} are accepted, not version {data[_MAGIC_POSITION]}")
    if size < len(data):
        if _whole_batch(data[size:]) is not None:
            raise NotOneBatch(f"There must be one batch for topic partition {appending.partition}, not more")
        data = data[:size]
    if size < HEADER_BYTES:
        raise CorruptMessage(f"A batch of {size} bytes is shorter than its header")
    return Batch(data)


def _whole_batch(data: bytearray | memoryview) -> int | None:
    """The size of the batch that begins here, None when it is cut. Raises CorruptMessage where Kafka's reader does."""
    if len(data) <= _MAGIC_POSITION:
        return None
    length = int.from_bytes(data[8:12], "big", signed=True)
    if length < _SMALLEST_MESSAGE:
        raise CorruptMessage(f"A batch of {length} bytes is smaller than any")
    if data[_MAGIC_POSITION] > MAGIC:
        raise CorruptMessage(f"There is no record format {data[_MAGIC_POSITION]}")
    size = length + LENGTH_OVERHEAD
    return size if size <= len(data) else None


def _check_size(batch: Batch, appending: Appending) -> None:
    size, config = batch.size_bytes, appending.config
    if size > config.max_message_bytes:
        raise MessageTooLarge(
            f"The record batch size in the append to {appending.partition} is {size} bytes "
            f"which exceeds the maximum configured value of {config.max_message_bytes}."
        )
    if size > config.segment_bytes:
        raise RecordListTooLarge(
            f"Message batch size is {size} bytes in append to partition {appending.partition}, "
            f"which exceeds the maximum configured segment size of {config.segment_bytes}."
        )


def _check_client_batch(batch: Batch, appending: Appending) -> None:
    problem = None
    if batch.base_offset != 0:
        problem = f"The base offset of the record batch should be 0, but it is {batch.base_offset}"
    elif batch.record_count <= 0 or batch.last_offset_delta + 1 != batch.record_count:
        problem = f"A batch of {batch.record_count} records cannot end with offset delta {batch.last_offset_delta}"
    elif batch.record_count > _most_records(batch):
        problem = f"A batch of {batch.size_bytes} bytes cannot hold {batch.record_count} records"
    elif batch.is_control:
        problem = "Clients are not allowed to write control records"
    elif batch.producer_id >= 0 and batch.base_sequence < 0:
        problem = f"Invalid sequence number {batch.base_sequence} in record batch with producerId {batch.producer_id}"
    elif batch.attributes & 7 > Compression.ZSTD:
        problem = f"Unknown compression type {batch.attributes & 7}"
    if problem is not None:
        raise InvalidRecord(f"{problem} in topic partition {appending.partition}")


def _most_records(batch: Batch) -> int:
    """How many records the batch can hold, as far as its size tells. What is compressed can hold many."""
    inflated_bytes = MAX_INFLATED_BYTES if batch.attributes & 7 else batch.size_bytes - HEADER_BYTES
    return inflated_bytes // MIN_RECORD_BYTES


def _needs_walk(batch: Batch, appending: Appending) -> bool:
    """Whether the header leaves something open that only the records tell.

    librdkafka gives records without timestamps a max timestamp of 0: believed, they would be too old to be kept at all.
    """
    config = appending.config
    if "compact" in config.cleanup_policy and appending.origin is AppendOrigin.CLIENT:
        return True
    if config.compression_type != "producer" and _CODECS[config.compression_type] != batch.attributes & 7:
        return True
    if config.message_timestamp_type == "LogAppendTime":
        return False
    return (
        config.message_timestamp_before_max_ms != MAX_LONG
        or batch.max_timestamp > appending.now_ms + config.message_timestamp_after_max_ms
        or batch.max_timestamp < batch.base_timestamp
        or batch.base_timestamp < 0
    )


def _walk(batch: Batch, appending: Appending) -> Batch:
    config = appending.config
    errors: list[RecordError] = []
    bad_timestamp = False
    newest, consecutive = NO_TIMESTAMP, True
    for index, outline in enumerate(_outlines(batch, appending)):
        if config.compact and not outline.has_key:
            errors.append(RecordError(index, "Compacted topic cannot accept message without key"))
        elif (problem := _timestamp_problem(batch, outline.timestamp, appending)) is not None:
            errors.append(RecordError(index, problem))
            bad_timestamp = True
        newest = max(newest, outline.timestamp)
        consecutive = consecutive and outline.offset_delta == index
    if errors:
        raise _refusal(errors, appending.partition, bad_timestamp=bad_timestamp)
    target = _CODECS.get(config.compression_type, batch.compression)
    if target is not batch.compression or (not consecutive and batch.compression is not Compression.NONE):
        rebuilt = Batch(_rebuild(batch, target, appending))
        _check_size(rebuilt, appending)
        return rebuilt
    _settle_timestamps(batch, newest, appending)
    return batch


def _outlines(batch: Batch, appending: Appending) -> Iterator[RecordOutline]:
    if appending.at_once and batch.record_count > AT_ONCE_RECORDS:
        raise LongWalk(appending)
    try:
        yield from outlines(batch, AT_ONCE_BYTES if appending.at_once else MAX_INFLATED_BYTES)
    except CorruptMessage:
        if not appending.at_once:
            raise
        raise LongWalk(appending) from None


def _timestamp_problem(batch: Batch, timestamp: int, appending: Appending) -> str | None:
    config, now_ms = appending.config, appending.now_ms
    if config.message_timestamp_type == "CreateTime" and timestamp != NO_TIMESTAMP:
        earliest = now_ms - config.message_timestamp_before_max_ms
        latest = now_ms + config.message_timestamp_after_max_ms
        if not earliest <= timestamp <= latest:
            return f"Timestamp {timestamp} is out of range. It should be within [{earliest}, {latest}]"
    elif batch.timestamp_type is TimestampType.LOG_APPEND_TIME:
        return "Producer should not set timestamp type to LogAppendTime."
    return None


def _refusal(errors: list[RecordError], partition: TopicPartition, *, bad_timestamp: bool) -> KafkaError:
    if bad_timestamp:
        return InvalidTimestamps("One or more records have been rejected due to invalid timestamp", tuple(errors))
    shown = "; ".join(f"record {error.batch_index}: {error.message}" for error in errors[:3])
    return InvalidRecords(
        f"{len(errors)} records have been rejected in topic partition {partition}: {shown}", tuple(errors)
    )


def _settle_timestamps(batch: Batch, newest: int, appending: Appending) -> None:
    """Write what Kafka's leader would: its own clock, or the true maximum of the records' timestamps."""
    if appending.config.message_timestamp_type == "LogAppendTime":
        batch.patch_max_timestamp(TimestampType.LOG_APPEND_TIME, appending.now_ms)
    elif batch.max_timestamp != newest or batch.timestamp_type is not TimestampType.CREATE_TIME:
        batch.patch_max_timestamp(TimestampType.CREATE_TIME, newest)


def _rebuild(batch: Batch, target: Compression, appending: Appending) -> bytearray:
    config = appending.config
    by_append = config.message_timestamp_type == "LogAppendTime"
    options = BatchOptions(
        compression=target,
        compression_level=config.compression_level(target.name.lower()),
        timestamp_type=TimestampType.LOG_APPEND_TIME if by_append else TimestampType.CREATE_TIME,
        log_append_time_ms=appending.now_ms,
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        is_transactional=batch.is_transactional,
    )
    found = [NewRecord(record.key, record.value, record.timestamp, record.headers) for record in records(batch)]
    return build_batch(found, options)


def acceptable(data: Buffer, max_epoch: int, partition: TopicPartition) -> list[Batch]:
    """The whole batches that a follower may append: those in front of the first one of a later epoch.

    A leader that was deposed while its answer was on the way sends such. Raises CorruptMessage.
    """
    found: list[Batch] = []
    for batch in batches(data):
        if batch.partition_leader_epoch > max_epoch:
            break
        if not batch.crc_valid():
            raise CorruptMessage(f"{partition}: corrupt batch at {batch.base_offset} from the leader")
        if found and batch.base_offset < found[-1].next_offset:
            raise CorruptMessage(f"{partition}: offsets from the leader go back at {batch.base_offset}")
        found.append(batch)
    return found
