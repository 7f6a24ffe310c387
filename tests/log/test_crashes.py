"""A crash at every change of the disk: what was acknowledged, or flushed, is there afterwards, and nothing else."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from cluster.log.partition_log import PartitionLog
from cluster.log.retention import unlink_all
from cluster.protocol.errors import KafkaStorageError
from tests.log.support import NOW, batch_of, config, open_log, sequenced, stored_batches, stored_records
from tests.support.files import Crashed, SimFiles

SETTINGS = config(internal_segment_bytes=600, index_interval_bytes=150, file_delete_delay_ms=0)


class Model:
    """What the log must hold: acknowledged records, and what was under way when the process died."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.ever: dict[int, list[bytes]] = {}
        self.under_way: list[bytes] = []
        self.flushed = 0
        self.start_may_be = 0
        self.end_may_be: int | None = None


def life(files: SimFiles, model: Model) -> None:
    """Appends, new epochs, rolls, flushes, a truncation, deleted records, retention, a clean end."""
    log = open_log(files, SETTINGS)
    for step in range(36):
        append(log, model, step, epoch=step // 12)
        if step % 7 == 6:
            log.flush(NOW)
            model.flushed = log.recovery_point
        if step == 20:
            truncate(log, model, log.log_end_offset - 3)
        if step == 30:
            model.start_may_be = 12
            log.advance_high_watermark(log.log_end_offset)
            log.advance_log_start(12)
            log.apply_retention(NOW)
            unlink_all(files, log.take_due_files(NOW))
    log.close()
    model.flushed = log.log_end_offset


def append(log: PartitionLog, model: Model, step: int, epoch: int) -> None:
    sequence = max((entry.last_sequence for entry in log.active_producers()), default=-1) + 1
    is_idempotent = step % 3 == 0
    value = b"%d" % sequence if is_idempotent else b"record %d" % step
    model.under_way = [value]
    model.ever.setdefault(log.log_end_offset, []).append(value)
    log.append_as_leader(sequenced(sequence) if is_idempotent else batch_of(value, timestamp=NOW + step), epoch, NOW)
    model.records.append(value)
    model.under_way = []


def truncate(log: PartitionLog, model: Model, offset: int) -> None:
    model.end_may_be = offset
    model.flushed = min(model.flushed, offset)
    log.truncate_to(offset)
    model.end_may_be = None
    del model.records[offset:]


def changes_of_a_life() -> int:
    files = SimFiles()
    life(files, Model())
    return files.changes


def crash(change: int, *, power_cut: bool) -> tuple[SimFiles, Model]:
    files, model = SimFiles(seed=change), Model()
    files.crash_at(change)
    with pytest.raises(Crashed):
        life(files, model)
    files.restart(power_cut=power_cut)
    return files, model


def reopen(files: SimFiles, model: Model) -> PartitionLog:
    files.make_directory("/data/orders-0")
    return open_log(files, SETTINGS, clean=False, recovery_point=model.flushed)


def assert_holds(log: PartitionLog, model: Model, at_least: int, *, exactly: bool = True) -> None:
    assert log.log_start_offset <= model.start_may_be
    found = {record.offset: record.value for record in stored_records(log)}
    assert sorted(found) == list(range(log.log_start_offset, log.log_end_offset))
    assert log.log_end_offset >= at_least
    if exactly:
        everything = [*model.records, *model.under_way]
        assert all(everything[offset] == value for offset, value in found.items())
    else:
        assert all(value in model.ever[offset] for offset, value in found.items())


def assert_agrees_with_itself(log: PartitionLog) -> None:
    """Epochs and producers are those that the batches tell; what is found by time is there."""
    batches = stored_batches(log)
    starts: dict[int, int] = {}
    for batch in batches:
        starts.setdefault(batch.partition_leader_epoch, batch.base_offset)
    assert log.epochs.entries == sorted(starts.items())
    last_sequences = {batch.producer_id: batch.last_sequence for batch in batches if batch.producer_id >= 0}
    assert {entry.producer_id: entry.last_sequence for entry in log.active_producers()} == last_sequences
    if batches:
        newest = max(record.timestamp for record in stored_records(log))
        found = log.offset_for_timestamp(newest)
        assert found is not None
        assert found.timestamp == newest


CHANGES = changes_of_a_life()


@pytest.mark.parametrize("part", range(8))
def test_a_killed_process_loses_nothing_that_was_acknowledged(part: int) -> None:
    for change in range(part, CHANGES, 8):
        files, model = crash(change, power_cut=False)
        log = reopen(files, model)
        kept = len(model.records) if model.end_may_be is None else model.end_may_be
        assert_holds(log, model, at_least=kept)
        assert_agrees_with_itself(log)
        log.append_as_leader(batch_of(b"after"), 9, NOW)
        assert stored_records(log)[-1].value == b"after"


@pytest.mark.parametrize("part", range(8))
def test_a_power_cut_loses_nothing_that_was_flushed(part: int) -> None:
    for change in range(part, CHANGES, 8):
        files, model = crash(change, power_cut=True)
        log = reopen(files, model)
        assert_holds(log, model, at_least=model.flushed, exactly=False)
        assert_agrees_with_itself(log)
        log.close()
        assert open_log(files, SETTINGS).log_end_offset == log.log_end_offset


@pytest.mark.parametrize("power_cut", [False, True])
def test_a_crash_while_recovering_is_recovered_from(power_cut: bool) -> None:
    for second in range(40):
        files, model = crash(CHANGES // 2, power_cut=power_cut)
        files.crash_at(files.changes + second)
        try:
            reopen(files, model)
        except Crashed:
            files.restart(power_cut=power_cut)
        files.restart(power_cut=False)
        log = reopen(files, model)
        assert_holds(log, model, at_least=model.flushed, exactly=not power_cut)
        assert_agrees_with_itself(log)


@pytest.mark.parametrize("damage", ["torn", "zeros", "garbage"])
def test_what_follows_the_last_whole_batch_is_cut(damage: str) -> None:
    files, model = SimFiles(), Model()
    log = open_log(files, SETTINGS)
    for step in range(6):
        append(log, model, step, epoch=0)
    tail: dict[str, Callable[[], bytes]] = {
        "torn": lambda: bytes(batch_of(b"never acknowledged"))[:-1],
        "zeros": lambda: bytes(4096),
        "garbage": lambda: files.random.randbytes(300),
    }
    active = log.segments.active
    active.file.pwrite([tail[damage]()], active.size_bytes)
    again = open_log(files, SETTINGS, clean=False)
    assert_holds(again, model, at_least=6)
    assert again.segments.active.file.size() == again.segments.active.size_bytes


def test_corruption_in_the_middle_cuts_the_log_there_and_drops_later_segments() -> None:
    files, model = SimFiles(), Model()
    log = open_log(files, SETTINGS)
    for step in range(30):
        append(log, model, step, epoch=0)
    second = list(log.segments)[1]
    files.flip_bit(second.file.path, 8 * (second.size_bytes - 5))
    again = open_log(files, SETTINGS, clean=False)
    assert len(again.segments) == 2
    assert second.base_offset < again.log_end_offset < 30
    assert_holds(again, model, at_least=second.base_offset)
    assert_agrees_with_itself(again)


def test_after_a_failed_flush_nothing_more_is_taken_for_flushed() -> None:
    files = SimFiles()
    log = open_log(files, SETTINGS)
    log.append_as_leader(batch_of(b"first"), 0, NOW)
    files.faults["sync"] = errno.EIO
    job = log.prepare_flush()
    assert job is not None
    with pytest.raises(OSError, match="EIO"):
        job.run()
    log.finish_flush(job, NOW)
    del files.faults["sync"]
    log.append_as_leader(batch_of(b"second"), 0, NOW)
    with pytest.raises(KafkaStorageError):
        log.prepare_flush()
    with pytest.raises(KafkaStorageError):
        log.close()
    assert log.recovery_point == 0


def test_a_failed_write_leaves_the_log_as_it_was() -> None:
    files = SimFiles()
    log = open_log(files, SETTINGS)
    log.append_as_leader(batch_of(b"first"), 0, NOW)
    files.capacity = files.used() + 20
    with pytest.raises(KafkaStorageError, match="no space"):
        log.append_as_leader(batch_of(b"second"), 0, NOW)
    assert log.log_end_offset == 1
    with pytest.raises(KafkaStorageError, match="no space"):
        log.append_as_leader(batch_of(b"third"), 5, NOW)
    files.capacity = 1 << 40
    log.append_as_leader(batch_of(b"third"), 0, NOW)
    assert [record.value for record in stored_records(log)] == [b"first", b"third"]
    log.close()
    assert [record.value for record in stored_records(open_log(files, SETTINGS))] == [b"first", b"third"]
