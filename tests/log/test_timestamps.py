"""Finding offsets by time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.log.partition_log import PartitionLog
from cluster.protocol.records.batch import Compression
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from tests.log.support import NOW, config, open_log
from tests.support.files import SimFiles


def log_of(batches: list[list[int]], **overrides: object) -> PartitionLog:
    """A log with the given timestamps (after NOW), batch by batch, in small segments."""
    settings_ = {"internal_segment_bytes": 400, "index_interval_bytes": 100, "message_timestamp_after_max_ms": 10_000}
    log = open_log(SimFiles(), config(**{**settings_, **overrides}))
    for number, timestamps in enumerate(batches):
        listed = [NewRecord(b"k", b"v", NOW + timestamp) for timestamp in timestamps]
        options = BatchOptions(compression=Compression(number % 5))
        log.append_as_leader(build_batch(listed, options), number // 3, NOW)
    return log


@given(
    batches=st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=4), max_size=20),
    wanted=st.integers(-1, 101),
    start=st.integers(0, 30),
)
@settings(max_examples=150, deadline=None)
def test_the_first_record_that_is_not_older_is_found(batches: list[list[int]], wanted: int, start: int) -> None:
    log = log_of(batches)
    log.advance_high_watermark(log.log_end_offset)
    log.advance_log_start(min(start, log.log_end_offset))
    timestamps = [timestamp for batch in batches for timestamp in batch]
    matching = [offset for offset, timestamp in enumerate(timestamps) if timestamp >= wanted and offset >= start]
    found = log.offset_for_timestamp(NOW + wanted)
    assert (None if found is None else found.offset) == (matching[0] if matching else None)
    if found is not None:
        assert found.timestamp == NOW + timestamps[found.offset]


@given(batches=st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=4), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_the_newest_record_is_found(batches: list[list[int]]) -> None:
    timestamps = [timestamp for batch in batches for timestamp in batch]
    found = log_of(batches).offset_of_max_timestamp()
    assert found is not None
    assert found.timestamp == NOW + max(timestamps)
    assert timestamps[found.offset] == max(timestamps)


def test_the_epoch_is_that_of_the_batch() -> None:
    log = log_of([[0], [1], [2], [3], [4]])
    found = log.offset_for_timestamp(NOW + 4)
    assert found is not None
    assert (found.offset, found.leader_epoch) == (4, 1)


@pytest.mark.parametrize("clean", [True, False])
def test_times_are_known_after_a_restart(clean: bool) -> None:
    log = log_of([[30], [10], [20]])
    log.close()
    again = open_log(log.files, clean=clean)
    assert again.offset_for_timestamp(NOW + 15) == (0, NOW + 30, 0)
    assert again.offset_of_max_timestamp() == (0, NOW + 30, 0)


def test_a_log_that_stamps_records_itself_finds_them_by_that_time() -> None:
    log = open_log(SimFiles(), config(message_timestamp_type="LogAppendTime"))
    for now in (NOW, NOW + 10):
        log.append_as_leader(build_batch([NewRecord(b"k", b"v", 5), NewRecord(b"k", b"v", 6)]), 0, now)
    assert log.offset_for_timestamp(NOW + 1) == (2, NOW + 10, 0)
    assert log.offset_of_max_timestamp() == (2, NOW + 10, 0)


def test_without_timestamps_the_first_record_is_the_newest_one() -> None:
    log = open_log(SimFiles())
    assert log.offset_of_max_timestamp() is None
    for epoch in range(2):
        log.append_as_leader(build_batch([NewRecord(b"k", b"v", -1)]), epoch, NOW)
    assert log.offset_for_timestamp(0) is None
    assert log.offset_of_max_timestamp() == (0, -1, 0)
