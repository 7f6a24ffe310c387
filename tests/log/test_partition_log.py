"""Appending and reading: offsets, segments, the bounds that a reader sees."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.log.partition_log import PartitionLog, TailCache
from cluster.log.segments.recent import RecentAppends
from cluster.protocol.errors import CorruptMessage, OffsetOutOfRange
from cluster.protocol.records.batch import Batch, batches
from tests.log.support import NOW, batch_of, config, fill, led, open_log, stored_batches, stored_records
from tests.support.files import SimFiles


@pytest.fixture
def log() -> PartitionLog:
    return open_log(SimFiles(), config(internal_segment_bytes=1000))


def forget_tail(log: PartitionLog) -> None:
    log.recent = RecentAppends(TailCache(0))


def test_a_leader_gives_offsets_and_its_epoch(log: PartitionLog) -> None:
    first = log.append_as_leader(batch_of(b"a", b"b"), 4, NOW)
    second = log.append_as_leader(batch_of(b"c"), 5, NOW)
    assert (first.first_offset, first.last_offset, second.first_offset) == (0, 1, 2)
    assert [(b.base_offset, b.partition_leader_epoch, b.crc_valid()) for b in stored_batches(log)] == [
        (0, 4, True),
        (2, 5, True),
    ]
    assert log.epochs.entries == [(4, 0), (5, 2)]
    assert first.log_append_time_ms == -1


@pytest.mark.parametrize("from_file", [False, True])
def test_every_record_is_read_back_over_many_segments(log: PartitionLog, from_file: bool) -> None:
    fill(log, 50, per_batch=3)
    if from_file:
        forget_tail(log)
    assert len(log.segments) > 10
    assert [int(record.value or b"") for record in stored_records(log)] == list(range(150))
    assert [record.offset for record in stored_records(log)] == list(range(150))


@pytest.mark.parametrize("from_file", [False, True])
def test_a_batch_comes_whole_when_the_offset_is_in_its_middle(log: PartitionLog, from_file: bool) -> None:
    fill(log, 4, per_batch=5)
    if from_file:
        forget_tail(log)
    result = log.read(7, 1 << 20, log.log_end_offset, True)
    assert Batch(result.buffers[0]).base_offset == 5


@pytest.mark.parametrize("from_file", [False, True])
def test_readers_see_nothing_at_the_bound_or_behind_it(log: PartitionLog, from_file: bool) -> None:
    fill(log, 20)
    if from_file:
        forget_tail(log)
    for end in range(21):
        offset = 0
        while offset < end:
            read = [b for buffer in log.read(offset, 1 << 20, end, True).buffers for b in batches(buffer)]
            offset = read[-1].next_offset
        assert offset == end
        assert log.read(end, 1 << 20, end, True).buffers == []


@pytest.mark.parametrize("from_file", [False, True])
def test_the_first_batch_comes_even_if_it_is_too_large_only_when_asked(log: PartitionLog, from_file: bool) -> None:
    fill(log, 3)
    if from_file:
        forget_tail(log)
    assert log.read(0, 10, 3, False).size_bytes == 0
    one = log.read(0, 10, 3, True)
    assert [batch.base_offset for buffer in one.buffers for batch in batches(buffer)] == [0]


def test_the_amount_that_is_asked_for_is_kept_to(log: PartitionLog) -> None:
    fill(log, 5)
    size = stored_batches(log)[0].size_bytes
    assert log.read(0, 2 * size + 5, 5, True).size_bytes in (2 * size, 2 * size + 5)


@given(
    counts=st.lists(st.integers(1, 4), min_size=1, max_size=12),
    offset=st.integers(0, 40),
    bound=st.integers(0, 12),
    max_bytes=st.integers(0, 1500),
    at_least_one=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_memory_and_file_give_the_same_batches(
    counts: list[int], offset: int, bound: int, max_bytes: int, at_least_one: bool
) -> None:
    log = open_log(SimFiles())
    ends = list(itertools.accumulate(counts))
    chunk = b"".join(led(end - count, count) for count, end in zip(counts, ends, strict=True))
    log.append_as_follower(memoryview(chunk), max_epoch=0)
    offset, end_offset = min(offset, log.log_end_offset), [0, *ends][min(bound, len(ends))]
    remembered = log.read(offset, max_bytes, end_offset, at_least_one)
    forget_tail(log)
    stored = log.read(offset, max_bytes, end_offset, at_least_one)
    whole = [batch.base_offset for buffer in stored.buffers for batch in batches(buffer)]
    assert [batch.base_offset for buffer in remembered.buffers for batch in batches(buffer)] == whole
    wanted = [end - count for count, end in zip(counts, ends, strict=True) if offset < end <= end_offset]
    assert wanted[: len(whole)] == whole
    assert whole or not wanted or not at_least_one
    assert remembered.size_bytes <= max(max_bytes, 500)


def test_offsets_outside_the_log_are_refused(log: PartitionLog) -> None:
    fill(log, 3)
    log.advance_log_start(1)
    for offset in (0, 4, -1):
        with pytest.raises(OffsetOutOfRange):
            log.read(offset, 100, 3, True)
    assert log.read(3, 100, 3, True).buffers == []


def test_the_tail_cache_forgets_the_oldest_of_all_logs_first() -> None:
    cache = TailCache(3000)
    first, second = RecentAppends(cache), RecentAppends(cache)
    for offset in range(3):
        first.add(offset, offset + 1, led(offset))
    second.add(0, 1, led(0))
    assert first.read(0, 9, 9999, at_least_one=True)
    for offset in range(1, 4):
        second.add(offset, offset + 1, led(offset))
    assert first.read(0, 9, 9999, at_least_one=True) is None
    assert second.read(0, 9, 9999, at_least_one=True)
    assert cache.used_bytes <= 3000


def test_a_follower_takes_the_leaders_offsets_and_epochs(log: PartitionLog) -> None:
    data = led(0, 2, epoch=3) + led(2, 1, epoch=3) + led(3, 4, epoch=5)
    assert log.append_as_follower(memoryview(data), max_epoch=5) is not None
    assert log.log_end_offset == 7
    assert log.epochs.entries == [(3, 0), (5, 3)]
    assert [batch.base_offset for batch in stored_batches(log)] == [0, 2, 3]


def test_a_follower_leaves_out_a_cut_batch_and_what_a_later_epoch_wrote(log: PartitionLog) -> None:
    data = led(0, epoch=1) + led(1, epoch=2) + led(2, epoch=1)
    log.append_as_follower(memoryview(data), max_epoch=1)
    assert log.log_end_offset == 1
    log.append_as_follower(memoryview(led(1, epoch=1) + led(2, epoch=1)[:-3]), max_epoch=1)
    assert log.log_end_offset == 2
    assert log.append_as_follower(memoryview(led(2)[:30]), max_epoch=1) is None


def test_a_follower_refuses_damaged_batches(log: PartitionLog) -> None:
    data = led(0)
    data[-1] ^= 1
    with pytest.raises(CorruptMessage):
        log.append_as_follower(memoryview(data), max_epoch=1)
    with pytest.raises(CorruptMessage):
        log.append_as_follower(memoryview(led(0, 3) + led(1)), max_epoch=1)
    assert log.log_end_offset == 0


def test_a_follower_takes_more_than_fits_into_one_segment(log: PartitionLog) -> None:
    data = b"".join(led(offset, size=200) for offset in range(20))
    log.append_as_follower(memoryview(data), max_epoch=0)
    assert log.log_end_offset == 20
    assert len(log.segments) > 3
    assert all(segment.size_bytes <= 1000 for segment in log.segments)
    forget_tail(log)
    assert [record.offset for record in stored_records(log)] == list(range(20))


def test_an_empty_follower_begins_where_the_leaders_batch_begins(log: PartitionLog) -> None:
    log.truncate_fully_and_start_at(12)
    log.append_as_follower(memoryview(led(10, 5)), max_epoch=0)
    assert (log.log_start_offset, log.log_end_offset) == (10, 15)


def test_the_high_watermark_never_goes_back_nor_behind_the_end(log: PartitionLog) -> None:
    for _ in range(5):
        log.append_as_leader(batch_of(b"x"), 0, NOW)
    log.advance_high_watermark(3)
    log.advance_high_watermark(2)
    assert log.high_watermark == 3
    log.advance_high_watermark(99)
    assert log.high_watermark == 5
