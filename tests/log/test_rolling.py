"""When a new segment begins."""

import pytest

from cluster.log import flushing
from cluster.log.stored_log import roll_jitter_ms
from tests.log.support import NOW, batch_of, config, fill, led, open_log
from tests.support.files import SimFiles

HOUR = 3_600_000


def bases(log) -> list[int]:  # type: ignore[no-untyped-def]
    return log.segments.base_offsets  # type: ignore[no-any-return]


def test_a_segment_ends_before_it_would_be_too_large() -> None:
    size = len(batch_of(b"x" * 100))
    log = open_log(SimFiles(), config(internal_segment_bytes=3 * size))
    fill(log, 7)
    assert bases(log) == [0, 3, 6]


def test_a_segment_ends_by_the_time_that_its_records_tell() -> None:
    log = open_log(SimFiles(), config(segment_ms=HOUR, message_timestamp_after_max_ms=100 * HOUR))
    for timestamp in (NOW, NOW + HOUR, NOW + HOUR + 1, NOW + HOUR + 2):
        log.append_as_leader(batch_of(b"x", timestamp=timestamp), 0, NOW)
    assert bases(log) == [0, 2]


def test_records_without_timestamps_end_a_segment_by_the_clock() -> None:
    log = open_log(SimFiles(), config(segment_ms=HOUR))
    for now in (NOW, NOW + HOUR, NOW + HOUR + 1):
        log.append_as_leader(batch_of(b"x", timestamp=-1), 0, now)
    assert bases(log) == [0, 2]


def test_an_empty_segment_waits_for_its_first_record() -> None:
    log = open_log(SimFiles(), config(segment_ms=HOUR))
    log.append_as_leader(batch_of(b"x", timestamp=-1), 0, NOW + 5 * HOUR)
    assert bases(log) == [0]


def test_the_age_is_known_after_a_restart() -> None:
    files = SimFiles()
    settings = config(segment_ms=HOUR, message_timestamp_after_max_ms=9 * HOUR)
    log = open_log(files, settings)
    fill(log, 2)
    log.close()
    log = open_log(files, settings)
    log.append_as_leader(batch_of(b"x", timestamp=NOW + HOUR + 1), 0, NOW)
    assert bases(log) == [0, 2]


def test_jitter_ends_segments_of_different_logs_at_different_times_and_never_late() -> None:
    settings = config(segment_ms=HOUR, segment_jitter_ms=HOUR)
    log = open_log(SimFiles(), settings)
    jitters = [roll_jitter_ms(settings, log.topic_partition, base_offset) for base_offset in range(20)]
    assert len(dict.fromkeys(jitters)) > 15
    assert all(0 <= jitter < HOUR for jitter in jitters)
    assert jitters == [roll_jitter_ms(settings, log.topic_partition, base_offset) for base_offset in range(20)]


def test_a_full_index_ends_a_segment() -> None:
    log = open_log(SimFiles(), config(segment_index_bytes=40, index_interval_bytes=0))
    fill(log, 30)
    assert len(log.segments) > 5
    assert all(len(segment.indexes.offsets) <= 5 for segment in log.segments)
    assert all(len(segment.indexes.times) <= 3 for segment in log.segments)


def test_a_segment_ends_when_offsets_get_too_far_from_its_begin() -> None:
    log = open_log(SimFiles())
    log.append_as_follower(memoryview(led(0)), max_epoch=0)
    log.append_as_follower(memoryview(led(1 << 31)), max_epoch=0)
    log.append_as_follower(memoryview(led((1 << 31) + 1)), max_epoch=0)
    assert bases(log) == [0, 1 << 31]


def test_a_compacted_log_begins_segments_early_enough_for_the_maximum_lag() -> None:
    settings = config(cleanup_policy="compact", max_compaction_lag_ms=HOUR, message_timestamp_after_max_ms=9 * HOUR)
    log = open_log(SimFiles(), settings)
    fill(log, 1)
    log.append_as_leader(batch_of(b"x", timestamp=NOW + 2 * HOUR), 0, NOW)
    assert bases(log) == [0, 1]


def test_rolling_takes_a_snapshot_and_asks_for_a_flush() -> None:
    log = open_log(SimFiles())
    fill(log, 3)
    assert log.prepare_due_flush(NOW) is None
    log.roll(NOW)
    assert log.snapshots.offsets == [3]
    fill(log, 1)
    job = log.prepare_due_flush(NOW)
    assert job is not None
    job.run()
    log.finish_flush(job, NOW)
    assert log.recovery_point == 3
    assert log.prepare_due_flush(NOW) is None


def test_flushing_by_time_and_by_number_of_records() -> None:
    log = open_log(SimFiles(), config(flush_ms=1000, flush_messages=5))
    fill(log, 4)
    assert log.recovery_point == 0
    assert log.prepare_due_flush(NOW + 999) is None
    assert log.prepare_due_flush(NOW + 1000) is not None
    fill(log, 1)
    assert log.recovery_point == 5
    assert log.prepare_flush() is None


def test_much_that_has_waited_for_long_is_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flushing, "MANY_BYTES", 1000)
    log = open_log(SimFiles(), config(index_interval_bytes=100))
    fill(log, 2, size=100)
    assert log.prepare_due_flush(NOW) is None
    assert log.prepare_due_flush(NOW + flushing.SETTLED_MS) is None
    fill(log, 20, size=100)
    assert log.prepare_due_flush(NOW) is None
    assert log.prepare_due_flush(NOW + flushing.SETTLED_MS - 1) is None
    job = log.prepare_due_flush(NOW + flushing.SETTLED_MS)
    assert job is not None
    job.run()
    log.finish_flush(job, NOW + flushing.SETTLED_MS)
    assert log.snapshots.offsets == [log.log_end_offset] == [log.recovery_point]
    settled = log.log_end_offset
    fill(log, 20, size=100)
    assert log.prepare_due_flush(NOW + flushing.SETTLED_MS + 1) is None
    log.roll(NOW)
    assert log.snapshots.offsets == [settled, log.log_end_offset]


def test_preallocated_room_is_no_content() -> None:
    files = SimFiles()
    settings = config(internal_segment_bytes=5000, preallocate=True)
    log = open_log(files, settings)
    fill(log, 3)
    assert log.segments.active.file.size() == 5000
    assert log.size_bytes < 1000
    log.roll(NOW)
    assert log.segments.first.file.size() == log.segments.first.size_bytes
    log.close()
    assert open_log(files, settings).log_end_offset == 3
