"""Leader epochs: where each begins, and where logs part."""

import errno

import pytest

from cluster.log.epochs import LeaderEpochs
from cluster.protocol.errors import KafkaStorageError
from tests.log.support import FOLDER, NOW, batch_of, fill, led, open_log, stored_batches
from tests.support.files import SimFiles


@pytest.fixture
def epochs() -> LeaderEpochs:
    files = SimFiles()
    files.make_directory("/log")
    found = LeaderEpochs(files, "/log")
    for epoch, offset in ((2, 0), (4, 10), (7, 20)):
        found.note(epoch, offset)
    found.write()
    return found


def test_the_end_of_an_epoch_is_the_begin_of_the_next_one(epochs: LeaderEpochs) -> None:
    assert epochs.end_offset_for(2, 30) == (2, 10)
    assert epochs.end_offset_for(3, 30) == (2, 10)
    assert epochs.end_offset_for(4, 30) == (4, 20)
    assert epochs.end_offset_for(7, 30) == (7, 30)


def test_an_epoch_in_front_of_all_ends_where_they_begin(epochs: LeaderEpochs) -> None:
    assert epochs.end_offset_for(1, 30) == (1, 0)


def test_a_later_epoch_and_none_are_not_known(epochs: LeaderEpochs) -> None:
    assert epochs.end_offset_for(8, 30) == (-1, -1)
    assert epochs.end_offset_for(-1, 30) == (-1, -1)


def test_a_new_entry_drives_out_those_that_contradict_it(epochs: LeaderEpochs) -> None:
    epochs.note(8, 15)
    assert epochs.entries == [(2, 0), (4, 10), (8, 15)]
    epochs.note(9, 15)
    assert epochs.entries == [(2, 0), (4, 10), (9, 15)]
    epochs.note(9, 40)
    assert epochs.entries[-1] == (9, 15)
    epochs.note(3, 50)
    assert epochs.entries == [(2, 0), (3, 50)]


def test_both_ends_can_be_cut(epochs: LeaderEpochs) -> None:
    epochs.truncate_from_end(20)
    assert epochs.entries == [(2, 0), (4, 10)]
    epochs.truncate_from_start(12)
    assert epochs.entries == [(4, 12)]
    epochs.truncate_from_start(5)
    assert epochs.entries == [(4, 12)]
    epochs.truncate_from_end(0)
    assert (epochs.entries, epochs.latest) == ([], -1)


def test_the_epoch_of_an_offset(epochs: LeaderEpochs) -> None:
    assert [epochs.epoch_at(offset) for offset in (0, 9, 10, 25)] == [2, 2, 4, 7]


def test_the_checkpoint_is_kafkas(epochs: LeaderEpochs) -> None:
    files = epochs._files
    assert isinstance(files, SimFiles)
    assert bytes(files.names["/log/leader-epoch-checkpoint"].cache) == b"0\n3\n2 0\n4 10\n7 20\n"
    loaded = LeaderEpochs.load(files, "/log")
    assert loaded is not None
    assert loaded.entries == epochs.entries


def checkpoint(files: SimFiles) -> bytes:
    return bytes(files.names[f"{FOLDER}/leader-epoch-checkpoint"].cache)


def test_an_epoch_that_begins_is_written_before_its_first_record_and_not_without() -> None:
    files = SimFiles()
    log = open_log(files)
    fill(log, 2, epoch=3)
    assert checkpoint(files) == b"0\n1\n3 0\n"
    writes = dict(files.counts)
    log.assign_epoch_start(4, log.log_end_offset)
    log.assign_epoch_start(5, log.log_end_offset)
    log.truncate_to(log.log_end_offset)
    assert files.counts == writes
    assert log.latest_epoch == 3
    log.assign_epoch_start(6, log.log_end_offset)
    files.faults["write"] = errno.EIO
    end_offset = log.log_end_offset
    with pytest.raises(KafkaStorageError):
        log.append_as_leader(batch_of(b"x"), 6, NOW)
    assert log.log_end_offset == end_offset
    files.faults.clear()
    log.append_as_leader(batch_of(b"x"), 6, NOW)
    assert checkpoint(files) == b"0\n2\n3 0\n6 2\n"


@pytest.mark.parametrize("seed", range(60))
def test_after_a_power_cut_the_epochs_are_those_of_the_batches(seed: int) -> None:
    """A cut, and what was copied behind it, may have reached the disk while the checkpoint did not, or the reverse."""
    files = SimFiles(seed)
    log = open_log(files)
    fill(log, 100, epoch=3)
    log.flush(NOW)
    fill(log, 50, epoch=4)
    log.truncate_to(100)
    for offset in range(100, 130):
        epoch = 3 if offset < 110 else 5
        log.append_as_follower(led(offset, epoch=epoch), max_epoch=epoch)
    files.restart(power_cut=True)
    log = open_log(files, clean=False, recovery_point=100)
    starts: dict[int, int] = {}
    for batch in stored_batches(log):
        starts.setdefault(batch.partition_leader_epoch, batch.base_offset)
    assert log.epochs.entries == list(starts.items())


@pytest.mark.parametrize(
    "content", [b"", b"0\n", b"1\n1\n2 0\n", b"0\n2\n2 0\n", b"0\n1\n2 0", b"0\n1\n2 x\n", b"0\n1\n\xff\n", bytes(20)]
)
def test_a_damaged_checkpoint_is_none(content: bytes) -> None:
    files = SimFiles()
    files.make_directory("/log")
    files.open("/log/leader-epoch-checkpoint").pwrite([content], 0)
    assert LeaderEpochs.load(files, "/log") is None
