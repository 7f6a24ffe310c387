"""Idempotence: sequences, duplicates, epochs, expiry, snapshots, open transactions."""

import struct

import pytest

from cluster.log import bounded_log, flushing, recovery
from cluster.log.partition_log import AppendOrigin, PartitionLog
from cluster.log.producers import state
from cluster.log.producers.entries import AppendedBatch, ProducerEntry
from cluster.log.producers.snapshots import read_snapshot, write_snapshot
from cluster.log.producers.state import Producers
from cluster.log.recovery import replay
from cluster.log.segments.collection import Segments
from cluster.protocol.errors import InvalidProducerEpoch, InvalidTxnState, OutOfOrderSequenceNumber
from cluster.protocol.records.batch import MAX_SEQUENCE
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from tests.log.support import NOW, batch_of, config, open_log, sequenced, stored_batches
from tests.support.files import SimFiles


@pytest.fixture
def log() -> PartitionLog:
    return open_log(SimFiles())


def append(log: PartitionLog, sequence: int, count: int = 1, epoch: int = 0) -> tuple[int, int, bool]:
    info = log.append_as_leader(sequenced(sequence, count, epoch=epoch), 0, NOW)
    return info.first_offset, info.last_offset, info.duplicate


def test_a_batch_that_comes_again_is_answered_with_its_first_offsets(log: PartitionLog) -> None:
    assert append(log, 0, 3) == (0, 2, False)
    assert append(log, 3, 2) == (3, 4, False)
    assert append(log, 0, 3) == (0, 2, True)
    assert append(log, 3, 2) == (3, 4, True)
    assert log.log_end_offset == 5


def test_only_the_last_five_batches_are_recognised(log: PartitionLog) -> None:
    for sequence in range(6):
        append(log, sequence)
    assert append(log, 1) == (1, 1, True)
    with pytest.raises(OutOfOrderSequenceNumber):
        append(log, 0)


def test_a_duplicate_must_have_the_same_first_and_last_sequence(log: PartitionLog) -> None:
    append(log, 0, 4)
    for sequence, count in ((0, 2), (2, 2), (0, 5)):
        with pytest.raises(OutOfOrderSequenceNumber):
            append(log, sequence, count)


def test_a_gap_is_refused_and_changes_nothing(log: PartitionLog) -> None:
    append(log, 0)
    with pytest.raises(OutOfOrderSequenceNumber):
        append(log, 2)
    assert append(log, 1) == (1, 1, False)


def test_an_unknown_producer_may_begin_anywhere(log: PartitionLog) -> None:
    assert append(log, 77) == (0, 0, False)
    with pytest.raises(OutOfOrderSequenceNumber):
        append(log, 79)


def test_a_new_epoch_begins_at_zero_and_the_old_one_is_fenced(log: PartitionLog) -> None:
    append(log, 0, epoch=3)
    with pytest.raises(OutOfOrderSequenceNumber):
        append(log, 1, epoch=4)
    append(log, 0, epoch=4)
    with pytest.raises(InvalidProducerEpoch):
        append(log, 1, epoch=3)


def test_sequences_wrap(log: PartitionLog) -> None:
    assert append(log, MAX_SEQUENCE - 1, 4) == (0, 3, False)
    assert append(log, MAX_SEQUENCE - 1, 4) == (0, 3, True)
    assert append(log, 2) == (4, 4, False)


def test_a_producer_is_forgotten_when_it_has_been_silent(log: PartitionLog) -> None:
    append(log, 0)
    log.expire_producers(NOW + 999, 1000)
    assert len(log.producers) == 1
    log.expire_producers(NOW + 1000, 1000)
    assert len(log.producers) == 0
    append(log, 50)


def test_duplicates_are_recognised_after_a_restart_and_by_a_follower_that_leads() -> None:
    """Also the older ones of the last five: a client has several requests in flight when all brokers restart."""
    files = SimFiles()
    log = open_log(files, config(internal_segment_bytes=400))
    for sequence in range(12):
        append(log, sequence)
    follower = open_log(files, folder="/other/orders-0")
    for batch in stored_batches(log):
        follower.append_as_follower(batch.view(), max_epoch=0)
    assert append(follower, 10) == (10, 10, True)
    for clean in (True, False):
        log.close()
        log = open_log(files, clean=clean)
        for sequence in range(7, 12):
            assert append(log, sequence) == (sequence, sequence, True)
        for sequence in (6, 13):
            with pytest.raises(OutOfOrderSequenceNumber):
                append(log, sequence)


def test_a_coordinators_batches_are_not_checked_for_sequences(log: PartitionLog) -> None:
    append(log, 0)
    info = log.append_as_leader(sequenced(9), 0, NOW, AppendOrigin.COORDINATOR)
    assert not info.duplicate


def test_a_snapshot_is_read_back_as_it_was_written() -> None:
    files = SimFiles()
    files.make_directory("/d")
    entry = ProducerEntry(9, 2, 5, NOW, 33)
    entry.batches.extend([AppendedBatch(37, 90, 0, NOW - 2), AppendedBatch(39, 96, 1, NOW - 1)])
    entry.batches.append(AppendedBatch(41, 99, 1, NOW))
    silent = ProducerEntry(10, 0)
    write_snapshot(files, "/d/s", [entry, silent])
    assert read_snapshot(files, "/d/s") == [entry, silent]
    for bit in range(0, 8 * len(files.names["/d/s"].cache), 7):
        files.flip_bit("/d/s", bit)
        assert read_snapshot(files, "/d/s") is None
        files.flip_bit("/d/s", bit)


def test_old_snapshots_go_and_those_of_segments_stay() -> None:
    files = SimFiles()
    settings = config(internal_segment_bytes=400)
    log = open_log(files, settings)
    for sequence in range(12):
        append(log, sequence)
    log.close()
    for sequence in range(12, 16):
        log = open_log(files, settings)
        append(log, sequence)
        log.close()
    log = open_log(files, settings)
    assert set(log.snapshots.offsets) <= {*log.segments.base_offsets, 15, 16}
    assert log.snapshots.offsets[-1] == 16


FEW = 100


def few_batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let few batches be worth a snapshot. How many were read for each cut, and each start, from now on."""
    monkeypatch.setattr(state, "SNAPSHOT_BATCHES", FEW - 10)
    replayed: list[int] = []

    def watched(segments: Segments, producers: Producers, end_offset: int) -> int:
        replayed.append(replay(segments, producers, end_offset))
        return replayed[-1]

    monkeypatch.setattr(bounded_log, "replay", watched)
    monkeypatch.setattr(recovery, "replay", watched)
    return replayed


def test_neither_a_crash_nor_the_cut_that_follows_replays_much(monkeypatch: pytest.MonkeyPatch) -> None:
    replayed, files = few_batches(monkeypatch), SimFiles()
    monkeypatch.setattr(flushing, "MANY_BYTES", 1)
    log = open_log(files)
    for sequence in range(950):
        append(log, sequence)
    assert log.prepare_due_flush(NOW) is None
    job = log.prepare_due_flush(NOW + flushing.SETTLED_MS)
    assert job is not None
    job.run()
    log.finish_flush(job, NOW)
    for sequence in range(950, 1_500):
        append(log, sequence)
    files.restart(power_cut=False)
    log = open_log(files, clean=False, recovery_point=log.recovery_point)
    assert (log.log_end_offset, log.recovery_point) == (1_500, 950)
    log.truncate_to(1_490)
    assert append(log, 1_485) == (1_485, 1_485, True)
    assert len(replayed) == 2
    assert max(replayed) <= FEW


def test_a_snapshot_of_many_producers_is_worth_more_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "SNAPSHOT_BATCHES", 10)
    log = open_log(SimFiles())
    for producer_id in range(50):
        log.append_as_leader(sequenced(0, producer_id=producer_id), 0, NOW)
    assert [offset for offset in log.snapshots.offsets if offset < 50] == []


def test_a_cut_replays_few_batches_however_large_the_segment(
    log: PartitionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    replayed = few_batches(monkeypatch)
    for sequence in range(1_000):
        append(log, sequence)
    assert len(log.segments) == 1
    for end_offset in (999, 899, 850):
        log.truncate_to(end_offset)
        assert replayed.pop() <= FEW
        assert append(log, end_offset - 5) == (end_offset - 5, end_offset - 5, True)
        assert append(log, end_offset) == (end_offset, end_offset, False)


def marker(producer_id: int, *, commit: bool, epoch: int = 0) -> bytearray:
    record = NewRecord(struct.pack(">hh", 0, int(commit)), struct.pack(">hi", 0, 3), NOW)
    options = BatchOptions(producer_id=producer_id, producer_epoch=epoch, is_transactional=True, is_control=True)
    return build_batch([record], options)


def follow(log: PartitionLog, data: bytearray) -> None:
    """Have a follower append what a leader would have written at its end."""
    struct.pack_into(">q", data, 0, log.log_end_offset)
    log.append_as_follower(memoryview(data), max_epoch=0)


@pytest.mark.parametrize("restart", [False, True])
def test_an_open_transaction_holds_the_last_stable_offset(restart: bool) -> None:
    files = SimFiles()
    log = open_log(files)
    follow(log, batch_of(b"plain"))
    follow(log, sequenced(0, producer_id=1, transactional=True))
    follow(log, sequenced(0, producer_id=2, transactional=True))
    follow(log, marker(1, commit=False))
    if restart:
        log.close()
        log = open_log(files)
    log.advance_high_watermark(3)
    assert log.last_stable_offset == 1 + restart
    log.advance_high_watermark(4)
    assert log.last_stable_offset == 2
    follow(log, marker(2, commit=True))
    log.advance_high_watermark(5)
    assert log.last_stable_offset == 5
    aborted = log.aborted_transactions(0, 5)
    assert [(one.producer_id, one.first_offset, one.last_offset, one.last_stable_offset) for one in aborted] == [
        (1, 1, 3, 2)
    ]
    assert log.aborted_transactions(4, 5) == []


def test_recovery_finds_aborted_transactions_again() -> None:
    files = SimFiles()
    log = open_log(files, config(internal_segment_bytes=300))
    for producer_id in range(1, 9):
        follow(log, sequenced(0, producer_id=producer_id, transactional=True))
        follow(log, marker(producer_id, commit=producer_id % 2 == 0))
    before = log.aborted_transactions(0, 99)
    assert len(before) == 4
    assert open_log(files, clean=False).aborted_transactions(0, 99) == before


def test_a_client_cannot_write_outside_of_a_transaction_that_it_opened(log: PartitionLog) -> None:
    with pytest.raises(InvalidTxnState):
        log.append_as_leader(sequenced(0, transactional=True), 0, NOW)
    follow(log, sequenced(0, transactional=True))
    with pytest.raises(InvalidTxnState):
        append(log, 1)
