"""Opening a log whose files were lost or damaged, and opening one that is sound without a look at its data."""

from __future__ import annotations

import pytest

from cluster.log.layout import LEADER_EPOCHS, SNAPSHOT
from cluster.log.partition_log import PartitionLog
from tests.log.support import FOLDER, NOW, batch_of, config, fill, open_log, sequenced, stored_records
from tests.support.files import SimFiles

SETTINGS = config(internal_segment_bytes=2000, index_interval_bytes=200)


def closed_log(files: SimFiles, count: int = 60) -> PartitionLog:
    log = open_log(files, SETTINGS)
    for sequence in range(count):
        log.append_as_leader(sequenced(sequence), sequence // 25, NOW)
    log.close()
    return log


def paths(files: SimFiles, suffix: str) -> list[str]:
    return [f"{FOLDER}/{name}" for name in files.listdir(FOLDER) if name.endswith(suffix)]


def assert_complete(log: PartitionLog, count: int = 60) -> None:
    assert [int(record.value or b"") for record in stored_records(log)] == list(range(count))
    for offset in range(count):
        record = next(iter(stored_records(log, offset)))
        assert record.offset == offset
    found = log.offset_for_timestamp(NOW)
    assert found is not None
    assert found.offset == 0


def damage(files: SimFiles, path: str, how: str) -> None:
    content = files.names[path].cache
    match how:
        case "lost":
            files.unlink(path)
        case "empty":
            content.clear()
        case "torn":
            del content[-5:]
        case "zeros":
            content[:] = bytes(len(content))
        case "preallocated":
            content.extend(bytes(800))
        case "shifted":
            content[:] = bytes(value ^ 3 for value in content)


DAMAGES = ["lost", "empty", "torn", "zeros", "preallocated", "shifted"]


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("suffix", [".index", ".timeindex"])
@pytest.mark.parametrize(("clean", "recovery_point"), [(True, 0), (False, 0), (False, 33), (False, 60)])
def test_a_lost_or_damaged_index_is_built_again(suffix: str, how: str, clean: bool, recovery_point: int) -> None:
    files = SimFiles()
    closed_log(files)
    sound = {path: bytes(files.names[path].cache) for path in paths(files, suffix)}
    for path in sound:
        damage(files, path, how)
    log = open_log(files, SETTINGS, clean=clean, recovery_point=recovery_point)
    assert_complete(log)
    log.close()
    assert {path: bytes(files.names[path].cache) for path in sound} == sound


def test_an_index_that_points_into_the_middle_of_a_batch_is_built_again_when_it_misleads() -> None:
    files = SimFiles()
    log = closed_log(files)
    first = paths(files, ".index")[0]
    middle = len(files.names[first].cache) // 16 * 8
    files.names[first].cache[middle + 7] ^= 1
    again = open_log(files, SETTINGS)
    assert [record.offset for record in stored_records(again)] == list(range(log.log_end_offset))
    for offset in range(60):
        assert next(iter(stored_records(again, offset))).offset == offset


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("clean", [True, False])
def test_producers_are_known_without_a_sound_snapshot(how: str, clean: bool) -> None:
    files = SimFiles()
    closed_log(files)
    for path in paths(files, SNAPSHOT):
        damage(files, path, how)
    log = open_log(files, SETTINGS, clean=clean)
    assert log.append_as_leader(sequenced(59), 3, NOW).duplicate
    assert not log.append_as_leader(sequenced(60), 3, NOW).duplicate


@pytest.mark.parametrize("how", ["lost", "empty", "torn", "zeros"])
@pytest.mark.parametrize("clean", [True, False])
def test_epochs_are_found_again_in_the_batches(how: str, clean: bool) -> None:
    files = SimFiles()
    closed_log(files)
    damage(files, f"{FOLDER}/{LEADER_EPOCHS}", how)
    assert open_log(files, SETTINGS, clean=clean).epochs.entries == [(0, 0), (1, 25), (2, 50)]
    assert open_log(files, SETTINGS).epochs.entries == [(0, 0), (1, 25), (2, 50)]


def test_a_clean_log_is_opened_without_reading_its_batches() -> None:
    files = SimFiles()
    log = open_log(files, config(internal_segment_bytes=200_000))
    fill(log, 400, size=2000)
    log.close()
    read = count_bytes_read(files)
    again = open_log(files, config(internal_segment_bytes=200_000))
    assert again.log_end_offset == 400
    assert again.recovery_point == 400
    assert sum(read) < log.size_bytes // 20


def count_bytes_read(files: SimFiles) -> list[int]:
    read: list[int] = []
    open_before = files.open

    def opened(path: str, *, create: bool = True):  # type: ignore[no-untyped-def]
        file = open_before(path, create=create)
        pread = file.pread

        def counting(size: int, offset: int) -> bytes:
            data = pread(size, offset)
            read.append(len(data))
            return data

        file.pread = counting  # type: ignore[method-assign]
        return file

    files.open = opened  # type: ignore[method-assign]
    return read


def test_what_lies_below_the_recovery_point_is_not_scanned() -> None:
    files = SimFiles()
    log = closed_log(files)
    first = log.segments.first
    files.flip_bit(first.file.path, 8 * 70)
    again = open_log(files, SETTINGS, clean=False, recovery_point=30)
    assert (again.log_start_offset, again.log_end_offset) == (0, 60)
    assert again.recovery_point == 30


def test_a_check_begins_at_the_recovery_point_in_the_middle_of_a_segment() -> None:
    files = SimFiles()
    settings = config(internal_segment_bytes=2_000_000)
    log = open_log(files, settings)
    fill(log, 400, size=2000)
    log.snapshots.take(log.producers)
    log.flush(NOW)
    fill(log, 4, size=2000)
    log.segments.active.spill()
    read = count_bytes_read(files)
    again = open_log(files, settings, clean=False, recovery_point=400)
    assert sum(read) < log.size_bytes // 20
    assert (again.log_end_offset, again.recovery_point) == (404, 400)
    assert [record.offset for record in stored_records(again)] == list(range(404))
    files.flip_bit(log.segments.active.file.path, 8 * (log.size_bytes - 5))
    assert open_log(files, settings, clean=False, recovery_point=400).log_end_offset == 403


def test_a_segment_that_lost_what_had_been_flushed_is_checked_as_a_whole() -> None:
    files = SimFiles()
    log = open_log(files)
    fill(log, 40)
    path = log.segments.active.file.path
    log.close()
    del files.names[path].cache[-5:]
    files.flip_bit(path, 8 * 100)
    assert open_log(files, clean=False, recovery_point=40).log_end_offset == 0


def test_an_unclean_log_is_not_flushed_just_because_it_was_recovered() -> None:
    files = SimFiles()
    closed_log(files)
    assert open_log(files, SETTINGS, clean=False, recovery_point=10).recovery_point == 10


def test_indexes_without_a_log_and_leftovers_of_deletions_are_removed() -> None:
    files = SimFiles()
    closed_log(files)
    for name in ("00000000000000009999.index", "00000000000000000000.log.deleted", "x.cleaned", "a.tmp"):
        files.open(f"{FOLDER}/{name}")
    open_log(files, SETTINGS)
    left = files.listdir(FOLDER)
    assert not [name for name in left if "9999" in name or name.endswith((".deleted", ".cleaned", ".tmp"))]


def test_an_interrupted_replacement_of_segments_is_ended() -> None:
    files = SimFiles()
    log = closed_log(files)
    bases = log.segments.base_offsets
    content = bytes(files.names[f"{FOLDER}/{0:020d}.log"].cache)
    merged = content + bytes(files.names[f"{FOLDER}/{bases[1]:020d}.log"].cache)
    files.open(f"{FOLDER}/{0:020d}.log.swap").pwrite([merged], 0)
    again = open_log(files, SETTINGS)
    assert again.segments.base_offsets == [0, *bases[2:]]
    assert_complete(again)


def test_a_log_that_ends_in_front_of_its_start_begins_anew_there() -> None:
    files = SimFiles()
    closed_log(files)
    log = open_log(files, SETTINGS, clean=False, log_start_offset=100)
    assert (log.log_start_offset, log.log_end_offset) == (100, 100)
    assert log.append_as_leader(batch_of(b"x"), 0, NOW).first_offset == 100
    assert log.epochs.entries == [(0, 100)]


def test_the_topic_id_is_remembered() -> None:
    files = SimFiles()
    log = closed_log(files)
    assert open_log(files).topic_id == log.topic_id
    assert bytes(files.names[f"{FOLDER}/partition.metadata"].cache) == b"version: 0\ntopic_id: AAECAwQFBgcICQoLDA0ODw\n"
