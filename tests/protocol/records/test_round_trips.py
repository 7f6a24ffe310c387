"""Batches against two other implementations: what one writes, the others read."""

from __future__ import annotations

import itertools

import pytest
from aiokafka.record.default_records import DefaultRecordBatch as AiokafkaBatch
from aiokafka.record.default_records import DefaultRecordBatchBuilder as AiokafkaBuilder
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatch as KafkaPythonBatch
from kafka.record.default_records import DefaultRecordBatchBuilder as KafkaPythonBuilder

from cluster.protocol.records.batch import Batch, Compression, TimestampType, batches
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from cluster.protocol.records.iterate import outlines, records

CODECS_OF_KAFKA_PYTHON = (Compression.NONE, Compression.GZIP)

optional_bytes = st.none() | st.binary(max_size=300)
headers = st.lists(st.tuples(st.text(max_size=10), st.none() | st.binary(max_size=20)), max_size=4).map(tuple)
new_records = st.builds(NewRecord, optional_bytes, optional_bytes, st.integers(0, 1 << 42), headers)
record_lists = st.lists(new_records, min_size=1, max_size=30)
codecs = st.sampled_from(Compression)


def plain(record: object) -> tuple[object, ...]:
    """A record of any of the libraries as a tuple."""
    found = tuple((name, None if value is None else bytes(value)) for name, value in record.headers)  # type: ignore[attr-defined]
    key, value = record.key, record.value  # type: ignore[attr-defined]
    return record.offset, record.timestamp, key, value, found  # type: ignore[attr-defined]


def expected(listed: list[NewRecord], base_offset: int = 0) -> list[tuple[object, ...]]:
    return [(base_offset + i, one.timestamp, one.key, one.value, one.headers) for i, one in enumerate(listed)]


@given(record_lists, codecs, st.integers(0, 1 << 60))
@settings(max_examples=150, deadline=None)
def test_what_we_write_we_read(listed: list[NewRecord], codec: Compression, base_offset: int) -> None:
    batch = Batch(build_batch(listed, BatchOptions(compression=codec, base_offset=base_offset)))
    assert batch.crc_valid()
    assert [plain(record) for record in records(batch)] == expected(listed, base_offset)
    walked = [(one.offset_delta, one.timestamp, one.has_key) for one in outlines(batch)]
    assert walked == [(i, one.timestamp, one.key is not None) for i, one in enumerate(listed)]
    assert batch.max_timestamp == max(one.timestamp for one in listed)
    assert batch.next_offset == base_offset + len(listed)


@given(record_lists, codecs)
@settings(max_examples=80, deadline=None)
def test_what_we_write_aiokafka_reads(listed: list[NewRecord], codec: Compression) -> None:
    batch = AiokafkaBatch(bytes(build_batch(listed, BatchOptions(compression=codec))))
    assert batch.validate_crc()
    assert [plain(record) for record in batch] == expected(listed)


@given(record_lists, st.sampled_from(CODECS_OF_KAFKA_PYTHON))
@settings(max_examples=40, deadline=None)
def test_what_we_write_kafka_python_reads(listed: list[NewRecord], codec: Compression) -> None:
    batch = KafkaPythonBatch(bytes(build_batch(listed, BatchOptions(compression=codec))))
    assert batch.validate_crc()
    assert [plain(record) for record in batch] == expected(listed)


@given(record_lists, codecs)
@settings(max_examples=80, deadline=None)
def test_what_aiokafka_writes_we_read(listed: list[NewRecord], codec: Compression) -> None:
    builder = AiokafkaBuilder(2, int(codec), False, 11, 3, 40, 1 << 24)
    for offset, record in enumerate(listed):
        builder.append(offset, record.timestamp, record.key, record.value, list(record.headers))
    batch = Batch(builder.build())
    assert batch.crc_valid()
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (11, 3, 40)
    assert [plain(record) for record in records(batch)] == expected(listed)


@given(record_lists, st.sampled_from(CODECS_OF_KAFKA_PYTHON))
@settings(max_examples=40, deadline=None)
def test_what_kafka_python_writes_we_read(listed: list[NewRecord], codec: Compression) -> None:
    builder = KafkaPythonBuilder(2, int(codec), False, -1, -1, -1, 1 << 24)
    for offset, record in enumerate(listed):
        builder.append(offset, record.timestamp, record.key, record.value, list(record.headers))
    batch = Batch(builder.build())
    assert batch.crc_valid()
    assert [plain(record) for record in records(batch)] == expected(listed)


@given(record_lists)
@settings(max_examples=40, deadline=None)
def test_uncompressed_batches_are_equal_byte_for_byte(listed: list[NewRecord]) -> None:
    builder = KafkaPythonBuilder(2, 0, False, 7, 1, 5, 1 << 24)
    for offset, record in enumerate(listed):
        builder.append(offset, record.timestamp, record.key, record.value, list(record.headers))
    options = BatchOptions(producer_id=7, producer_epoch=1, base_sequence=5, leader_epoch=0)
    ours = build_batch(listed, options)
    theirs = bytes(builder.build())
    assert bytes(ours[17:]) == theirs[17:]


@given(st.lists(record_lists, min_size=1, max_size=5), st.integers(0, 200))
@settings(max_examples=60, deadline=None)
def test_batches_behind_each_other_are_found_and_a_cut_one_is_left_out(lists: list[list[NewRecord]], cut: int) -> None:
    built = [build_batch(listed, BatchOptions(base_offset=100 * i)) for i, listed in enumerate(lists)]
    data = b"".join(built)[: -cut or None]
    ends = list(itertools.accumulate(map(len, built)))
    found = list(batches(data))
    assert [batch.base_offset for batch in found] == [100 * i for i, end in enumerate(ends) if end <= len(data)]
    assert all(bytes(batch.view()) == built[i] for i, batch in enumerate(found))


def test_what_a_leader_writes_into_a_batch_needs_no_new_checksum() -> None:
    data = build_batch([NewRecord(b"k", b"v", 5)])
    batch = Batch(data)
    batch.patch_for_append(1 << 40, 77)
    again = Batch(data)
    assert (again.base_offset, again.partition_leader_epoch) == (1 << 40, 77)
    assert again.crc_valid()


@pytest.mark.parametrize("stamp", TimestampType)
def test_timestamps_are_written_with_a_new_checksum(stamp: TimestampType) -> None:
    data = bytearray(b"before") + build_batch([NewRecord(b"k", b"v", 5)])
    Batch(data, 6).patch_max_timestamp(stamp, 1234)
    batch = Batch(data, 6)
    assert batch.crc_valid()
    assert (batch.timestamp_type, batch.max_timestamp) == (stamp, 1234)
    shown = 1234 if stamp is TimestampType.LOG_APPEND_TIME else 5
    assert [record.timestamp for record in records(batch)] == [shown]


def test_sequences_wrap_within_a_batch() -> None:
    listed = [NewRecord(b"k", b"v")] * 4
    batch = Batch(build_batch(listed, BatchOptions(producer_id=1, producer_epoch=0, base_sequence=(1 << 31) - 2)))
    assert batch.last_sequence == 1
