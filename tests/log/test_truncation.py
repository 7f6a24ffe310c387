"""Cutting a log at its end: what is left, and that everything beside the batches follows."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.log.support import NOW, batch_of, config, fill, led, open_log, sequenced, stored_batches, stored_records
from tests.support.files import SimFiles

SMALL = config(internal_segment_bytes=700, index_interval_bytes=200)


@given(offset=st.integers(0, 45), again=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_log_ends_where_it_was_cut(offset: int, again: bool) -> None:
    files = SimFiles()
    log = open_log(files, SMALL)
    fill(log, 40)
    log.truncate_to(offset)
    end = min(offset, 40)
    if again:
        log.close()
        log = open_log(files, SMALL)
    assert log.log_end_offset == end
    assert [int(record.value or b"") for record in stored_records(log)] == list(range(end))
    assert again or log.high_watermark == end
    assert log.recovery_point <= end
    fill(log, 3)
    assert [record.offset for record in stored_records(log)] == list(range(end + 3))


def test_a_batch_is_never_split() -> None:
    log = open_log(SimFiles())
    fill(log, 3, per_batch=5)
    log.truncate_to(7)
    assert log.log_end_offset == 5
    assert log.append_as_leader(batch_of(b"x"), 0, NOW).first_offset == 5


def test_epochs_behind_the_cut_are_forgotten_even_when_no_record_goes() -> None:
    log = open_log(SimFiles())
    fill(log, 2, epoch=1)
    log.assign_epoch_start(4, 2)
    log.truncate_to(2)
    assert log.epochs.entries == [(1, 0)]


def test_producers_are_as_they_were_at_the_cut() -> None:
    log = open_log(SimFiles(), SMALL)
    for sequence in range(30):
        log.append_as_leader(sequenced(sequence), 0, NOW)
    log.truncate_to(11)
    entry = next(iter(log.active_producers()))
    assert entry.last_sequence == 10
    assert not log.append_as_leader(sequenced(11), 0, NOW).duplicate


def test_starting_over_at_an_offset_leaves_nothing() -> None:
    files = SimFiles()
    log = open_log(files, SMALL)
    for sequence in range(30):
        log.append_as_leader(sequenced(sequence), 0, NOW)
    log.truncate_fully_and_start_at(500)
    assert (log.log_start_offset, log.log_end_offset, log.high_watermark) == (500, 500, 500)
    assert not list(log.active_producers())
    assert log.latest_epoch == -1
    log.append_as_follower(memoryview(led(500, 3, epoch=2)), max_epoch=2)
    assert [batch.base_offset for batch in stored_batches(log)] == [500]
    log.close()
    again = open_log(files, SMALL)
    assert (again.log_start_offset, again.log_end_offset) == (500, 503)


def test_cutting_in_front_of_the_first_segment_starts_over_there() -> None:
    log = open_log(SimFiles(), SMALL)
    log.truncate_fully_and_start_at(100)
    fill(log, 5)
    log.truncate_to(40)
    assert (log.log_start_offset, log.log_end_offset) == (40, 40)


def test_a_flush_that_was_under_way_during_a_cut_does_not_count() -> None:
    log = open_log(SimFiles())
    fill(log, 10)
    job = log.prepare_flush()
    assert job is not None
    log.truncate_to(4)
    fill(log, 20)
    job.run()
    log.finish_flush(job, NOW)
    assert log.recovery_point <= 4
