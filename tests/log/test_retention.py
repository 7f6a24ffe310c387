"""What retention and DeleteRecords let go, and what they must not."""

import pytest

from cluster.log.partition_log import PartitionLog
from cluster.log.retention import unlink_all
from cluster.protocol.errors import OffsetOutOfRange
from tests.log.support import NOW, batch_of, config, fill, forged, open_log, stored_records
from tests.support.files import SimFiles

DAY = 86_400_000


def small(**overrides: object) -> PartitionLog:
    """Segments of three batches each."""
    return open_log(SimFiles(now_ms=lambda: NOW), config(internal_segment_bytes=550, **overrides))


def test_segments_go_when_their_newest_record_is_too_old() -> None:
    log = small(retention_ms=DAY)
    for day in range(9):
        log.append_as_leader(batch_of(b"x" * 100, timestamp=NOW - (9 - day) * DAY), 0, NOW)
    log.advance_high_watermark(9)
    assert len(log.segments) == 3
    assert log.apply_retention(NOW - 4 * DAY) == 1
    assert log.log_start_offset == 3
    assert log.apply_retention(NOW - 4 * DAY) == 0


def test_even_the_active_segment_goes_and_another_one_begins() -> None:
    log = small(retention_ms=DAY)
    fill(log, 5)
    assert log.apply_retention(NOW + 2 * DAY) == 2
    assert (log.log_start_offset, log.log_end_offset, len(log.segments)) == (5, 5, 1)
    assert log.apply_retention(NOW + 3 * DAY) == 0
    fill(log, 1)
    assert [record.offset for record in stored_records(log)] == [5]


def test_a_record_from_the_future_keeps_its_segment() -> None:
    log = small(retention_ms=1000, message_timestamp_after_max_ms=10 * DAY)
    log.append_as_leader(batch_of(b"x" * 100, timestamp=NOW + DAY), 0, NOW)
    fill(log, 8)
    assert log.apply_retention(NOW + 5000) == 0


def test_records_without_timestamps_age_with_their_file() -> None:
    log = small(retention_ms=DAY)
    for _ in range(7):
        log.append_as_leader(batch_of(b"x" * 100, timestamp=-1), 0, NOW)
    log.advance_high_watermark(7)
    assert log.apply_retention(NOW + DAY) == 0
    assert log.apply_retention(NOW + DAY + 1) == 3


def test_records_whose_batch_claims_a_timestamp_they_do_not_have_age_with_their_file() -> None:
    log = small(retention_ms=DAY)
    for _ in range(7):
        log.append_as_leader(forged(batch_of(b"x" * 100, timestamp=-1), max_timestamp=0), 0, NOW)
    log.advance_high_watermark(7)
    assert log.apply_retention(NOW + DAY) == 0
    assert log.apply_retention(NOW + DAY + 1) == 3


def test_size_is_kept_at_or_above_the_limit_by_whole_segments() -> None:
    log = small(retention_bytes=1000, retention_ms=-1)
    fill(log, 20)
    before = log.size_bytes
    deleted = log.apply_retention(NOW)
    assert deleted > 0
    assert 1000 <= log.size_bytes < before
    assert log.size_bytes - log.segments.first.size_bytes < 1000
    assert log.log_start_offset == log.segments.first.base_offset


def test_nothing_at_or_above_the_high_watermark_goes() -> None:
    log = small(retention_ms=1, retention_bytes=0)
    for _ in range(9):
        log.append_as_leader(batch_of(b"x" * 100), 0, NOW)
    log.advance_high_watermark(4)
    assert log.apply_retention(NOW + DAY) == 1
    assert log.log_start_offset == 3


@pytest.mark.parametrize("policy", ["compact", ""])
def test_without_the_delete_policy_only_deleted_records_go(policy: str) -> None:
    log = small(retention_ms=1, retention_bytes=0, cleanup_policy=policy)
    fill(log, 9)
    assert log.apply_retention(NOW + DAY) == 0
    log.advance_log_start(7)
    assert log.apply_retention(NOW + DAY) == 2
    assert log.log_start_offset == 7


def test_deleted_records_are_not_read_any_more_and_whole_segments_go_later() -> None:
    log = small()
    fill(log, 9)
    log.advance_log_start(4)
    with pytest.raises(OffsetOutOfRange):
        log.read(3, 100, 9, True)
    assert log.segments.first.base_offset == 0
    assert log.apply_retention(NOW) == 1
    assert (log.log_start_offset, log.segments.first.base_offset) == (4, 3)
    assert log.epochs.entries == [(0, 4)]


def test_records_that_are_not_committed_cannot_be_deleted() -> None:
    log = small()
    fill(log, 3)
    log.append_as_leader(batch_of(b"x"), 0, NOW)
    with pytest.raises(OffsetOutOfRange):
        log.advance_log_start(4)
    log.advance_log_start(2)
    log.advance_log_start(1)
    assert log.log_start_offset == 2


def test_files_stay_under_another_name_until_their_delay_is_over() -> None:
    log = small(retention_ms=DAY, file_delete_delay_ms=60_000)
    fill(log, 9)
    log.flush(NOW)
    at = NOW + 2 * DAY
    log.apply_retention(at)
    assert log.take_due_files(at + 59_999) == ()
    doomed = log.take_due_files(at + 60_000)
    assert {path.rpartition(".")[2] for path in doomed} == {"deleted"}
    assert all(log.files.exists(path) for path in doomed)
    assert any(path.endswith(".snapshot.deleted") for path in doomed)
    unlink_all(log.files, doomed)
    assert not [name for name in log.files.listdir(log.directory) if name.endswith("deleted")]
    assert log.take_due_files(at + DAY) == ()


def test_a_change_of_configuration_is_followed() -> None:
    log = small(retention_ms=-1)
    fill(log, 9)
    assert log.apply_retention(NOW + 30 * DAY) == 0
    log.update_config(config(internal_segment_bytes=550, retention_ms=DAY))
    assert log.apply_retention(NOW + 30 * DAY) == 3
