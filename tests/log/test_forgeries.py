"""Batches whose checksums are right and whose contents lie: what they claim must not cost more than they are."""

import tracemalloc

import pytest

from cluster.log.layout import TopicPartition
from cluster.log.segments.recent import RecentAppends, TailCache
from cluster.log.validation import AT_ONCE_BYTES, AT_ONCE_RECORDS, Appending, AppendOrigin, LongWalk, validate
from cluster.protocol.errors import CorruptMessage, InvalidRecord
from cluster.protocol.records.batch import HEADER_BYTES, Batch, Compression
from cluster.protocol.records.build import NewRecord, build_batch
from cluster.protocol.records.compression import MAX_INFLATED_BYTES, compress
from cluster.protocol.records.iterate import MAX_RECORDS, MIN_RECORD_BYTES, outlines, records
from tests.log.support import NOW, batch_of, config, forged, open_log
from tests.support.files import SimFiles

MEBIBYTE = 1 << 20
REAL = [codec for codec in Compression if codec is not Compression.NONE]


def holding(payload: bytes, codec: Compression, count: int = 1) -> bytearray:
    """A batch of `count` records with this payload, whatever it is."""
    batch = build_batch([NewRecord(b"k", b"v", NOW)])[:HEADER_BYTES] + payload
    return forged(batch, attributes=codec, length=len(batch) - 12, last_offset_delta=count - 1, count=count)


def judged(batch: bytearray, **overrides: object) -> Batch:
    appending = Appending(TopicPartition("orders", 0), config(**overrides), AppendOrigin.CLIENT, NOW)
    return validate(batch, appending)


@pytest.mark.parametrize("count", [3, 1000, (1 << 31) - 1])
def test_more_records_than_there_is_room_for_are_refused(count: int) -> None:
    with pytest.raises(InvalidRecord, match="cannot hold"):
        judged(forged(batch_of(b"a"), count=count, last_offset_delta=count - 1))


@pytest.mark.parametrize("codec", REAL)
def test_more_records_than_fit_into_what_is_inflated_are_refused(codec: Compression) -> None:
    many = MAX_INFLATED_BYTES // MIN_RECORD_BYTES + 1
    with pytest.raises(InvalidRecord, match="cannot hold"):
        judged(forged(batch_of(b"a", compression=codec), count=many, last_offset_delta=many - 1))


@pytest.mark.parametrize("codec", REAL)
def test_more_records_than_anybody_would_look_at_are_refused_where_they_are_looked_at(codec: Compression) -> None:
    many = MAX_RECORDS + 1
    batch = holding(compress(codec, bytes(100)), codec, many)
    assert judged(batch).record_count == many
    with pytest.raises(InvalidRecord, match="more than is looked at"):
        judged(batch, cleanup_policy="compact")
    for walk in (records, outlines):
        with pytest.raises(InvalidRecord, match="more than is looked at"):
            next(iter(walk(Batch(batch))))


@pytest.mark.parametrize("codec", REAL)
def test_what_would_take_long_is_left_undone_where_it_has_to_be_done_at_once(codec: Compression) -> None:
    at_once = Appending(TopicPartition("orders", 0), config(cleanup_policy="compact"), AppendOrigin.CLIENT, NOW, True)
    for batch in (
        holding(compress(codec, bytes(AT_ONCE_BYTES + 1)), codec),
        holding(compress(codec, bytes(100)), codec, AT_ONCE_RECORDS + 1),
    ):
        before = bytes(batch)
        with pytest.raises(LongWalk) as found:
            validate(batch, at_once)
        assert bytes(batch) == before
        with pytest.raises(InvalidRecord):
            validate(batch, found.value.appending)


@pytest.mark.parametrize("codec", REAL)
def test_a_bomb_is_not_inflated_beyond_the_bound(codec: Compression) -> None:
    bomb, bound = compress(codec, bytes(64 * MEBIBYTE)), 8 * MEBIBYTE
    tracemalloc.start()
    try:
        with pytest.raises(CorruptMessage):
            list(outlines(Batch(holding(bomb, codec)), bound))
        assert tracemalloc.get_traced_memory()[1] < 2 * bound + 3 * MEBIBYTE
    finally:
        tracemalloc.stop()


def test_what_a_leader_looks_into_is_not_inflated_beyond_what_fits_into_a_request() -> None:
    bomb = compress(Compression.ZSTD, bytes(2 * MAX_INFLATED_BYTES))
    tracemalloc.start()
    try:
        with pytest.raises(CorruptMessage):
            judged(holding(bomb, Compression.ZSTD), cleanup_policy="compact")
        assert tracemalloc.get_traced_memory()[1] < MAX_INFLATED_BYTES + 4 * MEBIBYTE
    finally:
        tracemalloc.stop()


def test_a_few_bytes_that_promise_much_to_snappy_are_not_believed() -> None:
    promise = b"\xff\xff\xff\x1f" + bytes(20)
    tracemalloc.start()
    try:
        with pytest.raises(CorruptMessage):
            list(records(Batch(holding(promise, Compression.SNAPPY))))
        assert tracemalloc.get_traced_memory()[1] < MEBIBYTE
    finally:
        tracemalloc.stop()


def test_one_batch_at_most_is_looked_into_for_a_timestamp() -> None:
    log = open_log(SimFiles())
    for _ in range(3):
        log.append_as_leader(forged(batch_of(b"a", b"b"), max_timestamp=NOW + 1000), 0, NOW)
    log.advance_high_watermark(log.log_end_offset)
    found = log.offset_for_timestamp(NOW + 500)
    assert found is not None
    assert (found.offset, found.timestamp) == (1, NOW + 1000)


def test_a_batch_of_more_records_than_are_looked_at_is_found_as_a_whole() -> None:
    log, many = open_log(SimFiles()), MAX_RECORDS + 1
    log.append_as_leader(forged(batch_of(b"a"), max_timestamp=NOW), 0, NOW)
    log.append_as_leader(
        forged(holding(compress(Compression.ZSTD, bytes(100)), Compression.ZSTD, many), max_timestamp=NOW + 9), 0, NOW
    )
    log.advance_high_watermark(log.log_end_offset)
    assert log.offset_for_timestamp(NOW + 5) == (1, NOW + 9, 0)
    assert log.offset_of_max_timestamp() == (many, NOW + 9, 0)


def test_a_record_found_by_its_timestamp_stays_within_what_its_batch_says() -> None:
    log = open_log(SimFiles(), config(message_timestamp_type="LogAppendTime"))
    far = b"\x14\x00\x00" + b"\xfe\xff\xff\xff\x0f" + b"\x01\x01\x00"
    log.append_as_leader(holding(far, Compression.NONE), 0, NOW)
    log.advance_high_watermark(log.log_end_offset)
    found = log.offset_for_timestamp(NOW)
    assert found is not None
    assert found.offset == 0


def test_a_small_batch_does_not_keep_the_large_request_that_it_came_in() -> None:
    cache = TailCache(MEBIBYTE)
    recent = RecentAppends(cache)
    tracemalloc.start()
    try:
        for number in range(100):
            request = bytearray(MEBIBYTE)
            recent.add(number, number + 1, memoryview(request)[:100])
            del request
        assert tracemalloc.get_traced_memory()[0] < MEBIBYTE
    finally:
        tracemalloc.stop()
