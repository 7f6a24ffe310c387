"""What a leader refuses, and what it changes in a batch before it appends it."""

from collections.abc import Callable

import pytest

from cluster.log.partition_log import AppendOrigin, PartitionLog
from cluster.log.validation import InvalidRecords, InvalidTimestamps
from cluster.protocol.errors import (
    CorruptMessage,
    InvalidRecord,
    InvalidTimestamp,
    MessageTooLarge,
    RecordListTooLarge,
)
from cluster.protocol.records.batch import Batch, Compression, TimestampType
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from cluster.protocol.records.iterate import records
from tests.log.support import NOW, batch_of, config, forged, led, open_log, stored_batches, stored_records
from tests.support.files import SimFiles

HOUR = 3_600_000


def log_with(**overrides: object) -> PartitionLog:
    return open_log(SimFiles(), config(**overrides))


WRONG: dict[str, tuple[Callable[[], bytearray], type[Exception]]] = {
    "nothing at all": (bytearray, InvalidRecord),
    "half a header": (lambda: batch_of(b"a")[:40], InvalidRecord),
    "two batches": (lambda: batch_of(b"a") + batch_of(b"b"), InvalidRecord),
    "a cut batch": (lambda: batch_of(b"abc")[:-1], InvalidRecord),
    "a flipped bit": (lambda: bytearray(batch_of(b"a")[:-1] + b"\xff"), CorruptMessage),
    "version 1": (lambda: forged(batch_of(b"a"), magic=1), InvalidRecord),
    "a negative length": (lambda: forged(batch_of(b"a"), length=-1), CorruptMessage),
    "no records": (lambda: forged(batch_of(b"a"), count=0), InvalidRecord),
    "too many records": (lambda: forged(batch_of(b"a"), count=2), InvalidRecord),
    "a negative offset delta": (lambda: forged(batch_of(b"a"), last_offset_delta=-1), InvalidRecord),
    "a base offset": (lambda: led(5), InvalidRecord),
    "a control batch": (lambda: build_batch([NewRecord(b"k", b"v")], BatchOptions(is_control=True)), InvalidRecord),
    "no sequence": (lambda: build_batch([NewRecord(b"k", b"v")], BatchOptions(producer_id=4)), InvalidRecord),
    "an unknown codec": (lambda: forged(batch_of(b"a"), attributes=6), InvalidRecord),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_batch_is_refused_that_is(what: str) -> None:
    make, error = WRONG[what]
    log = log_with()
    with pytest.raises(error):
        log.append_as_leader(make(), 0, NOW)
    assert log.log_end_offset == 0
    assert log.size_bytes == 0


def test_too_large_a_batch_is_refused() -> None:
    with pytest.raises(MessageTooLarge):
        log_with(max_message_bytes=100).append_as_leader(batch_of(b"x" * 100), 0, NOW)
    with pytest.raises(RecordListTooLarge):
        log_with(internal_segment_bytes=100).append_as_leader(batch_of(b"x" * 100), 0, NOW)


@pytest.mark.parametrize("codec", Compression)
def test_a_compacted_log_refuses_records_without_keys_and_tells_which(codec: Compression) -> None:
    log = log_with(cleanup_policy="compact,delete")
    batch = build_batch(
        [NewRecord(b"k", b"v", NOW), NewRecord(None, b"v", NOW), NewRecord(b"", b"v", NOW), NewRecord(None, None, NOW)],
        BatchOptions(compression=codec),
    )
    with pytest.raises(InvalidRecords) as refused:
        log.append_as_leader(batch, 0, NOW)
    assert [error.batch_index for error in refused.value.record_errors] == [1, 3]
    log.append_as_leader(batch_of(b"with a key", compression=codec), 0, NOW)


@pytest.mark.parametrize(
    ("timestamps", "wrong"),
    [((NOW - HOUR, NOW + HOUR), []), ((NOW + HOUR + 1, NOW), [0]), ((NOW, NOW - HOUR - 1), [1]), ((-1, -1), [])],
)
def test_timestamps_must_lie_in_the_window(timestamps: tuple[int, int], wrong: list[int]) -> None:
    log = log_with(message_timestamp_before_max_ms=HOUR, message_timestamp_after_max_ms=HOUR)
    batch = build_batch([NewRecord(b"k", b"v", timestamp) for timestamp in timestamps])
    if not wrong:
        log.append_as_leader(batch, 0, NOW)
        return
    with pytest.raises(InvalidTimestamps) as refused:
        log.append_as_leader(batch, 0, NOW)
    assert [error.batch_index for error in refused.value.record_errors] == wrong


def test_records_from_far_ahead_are_refused_by_default() -> None:
    log = log_with()
    log.append_as_leader(batch_of(b"x", timestamp=NOW + HOUR), 0, NOW)
    log.append_as_leader(batch_of(b"x", timestamp=0), 0, NOW)
    with pytest.raises(InvalidTimestamp):
        log.append_as_leader(batch_of(b"x", timestamp=NOW + HOUR + 1), 0, NOW)


def test_the_largest_timestamp_is_put_right() -> None:
    log = log_with()
    log.append_as_leader(forged(batch_of(b"a", b"b"), max_timestamp=-1), 0, NOW)
    (batch,) = stored_batches(log)
    assert batch.max_timestamp == NOW + 1
    assert batch.crc_valid()


@pytest.mark.parametrize("codec", Compression)
def test_the_log_stamps_records_itself(codec: Compression) -> None:
    log = log_with(message_timestamp_type="LogAppendTime")
    info = log.append_as_leader(batch_of(b"a", b"b", timestamp=5, compression=codec), 0, NOW)
    assert info.log_append_time_ms == NOW
    (batch,) = stored_batches(log)
    assert batch.timestamp_type is TimestampType.LOG_APPEND_TIME
    assert batch.crc_valid()
    assert [record.timestamp for record in records(batch)] == [NOW, NOW]


def test_a_producer_may_not_claim_the_logs_clock() -> None:
    claimed = BatchOptions(timestamp_type=TimestampType.LOG_APPEND_TIME, log_append_time_ms=NOW)
    batch = build_batch([NewRecord(b"k", b"v", NOW)], claimed)
    with pytest.raises(InvalidTimestamp):
        log_with(message_timestamp_type="LogAppendTime").append_as_leader(bytearray(batch), 0, NOW)
    log = log_with()
    log.append_as_leader(batch, 0, NOW)
    assert stored_batches(log)[0].timestamp_type is TimestampType.CREATE_TIME


@pytest.mark.parametrize("wanted", ["uncompressed", "gzip", "snappy", "lz4", "zstd", "producer"])
@pytest.mark.parametrize("sent", Compression)
def test_the_logs_compression_wins(wanted: str, sent: Compression) -> None:
    log = log_with(compression_type=wanted)
    batch = batch_of(b"a" * 50, b"b" * 50, compression=sent)
    unchanged = bytes(batch)
    info = log.append_as_leader(batch, 2, NOW)
    (stored,) = stored_batches(log)
    names = {"uncompressed": "none", "producer": sent.name.lower()}
    assert stored.compression.name.lower() == names.get(wanted, wanted)
    assert stored.crc_valid()
    assert [record.value for record in stored_records(log)] == [b"a" * 50, b"b" * 50]
    assert (info.first_offset, info.last_offset, stored.partition_leader_epoch) == (0, 1, 2)
    if stored.compression is sent:
        assert bytes(stored.view())[17:] == unchanged[17:]


def test_compressing_again_keeps_what_makes_a_batch_recognisable() -> None:
    log = log_with(compression_type="zstd")
    for repeated in (False, True):
        options = BatchOptions(producer_id=5, producer_epoch=1, base_sequence=9)
        batch = build_batch([NewRecord(b"k", b"v", NOW, (("h", b"1"), ("h", None)))], options)
        assert log.append_as_leader(batch, 0, NOW).duplicate is repeated
    assert stored_records(log)[0].headers == (("h", b"1"), ("h", None))


def test_a_batch_that_grows_when_it_is_compressed_again_may_be_too_large() -> None:
    batch = batch_of(b"a" * 5000, compression=Compression.ZSTD)
    with pytest.raises(MessageTooLarge):
        log_with(compression_type="uncompressed", max_message_bytes=1000).append_as_leader(batch, 0, NOW)


def test_records_that_cannot_be_decompressed_are_corrupt_where_they_must_be_looked_at() -> None:
    batch = batch_of(b"a" * 100, compression=Compression.LZ4)
    batch[61:65] = b"\x00\x01\x02\x03"
    forged(batch)
    with pytest.raises(CorruptMessage):
        log_with(cleanup_policy="compact").append_as_leader(bytearray(batch), 0, NOW)


def test_a_coordinator_may_write_what_clients_may_not() -> None:
    log = log_with(cleanup_policy="compact")
    batch = build_batch([NewRecord(None, b"v", NOW)])
    log.append_as_leader(batch, 0, NOW, AppendOrigin.COORDINATOR)
    assert Batch(log.read(0, 99, 1, True).buffers[0]).record_count == 1


def test_an_ordinary_batch_is_not_decompressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.protocol.records.iterate.decompress", None)
    log_with().append_as_leader(batch_of(b"x", compression=Compression.ZSTD), 0, NOW)
