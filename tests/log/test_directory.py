"""A broker's data directory: who may have it, how it was left, what lies in it."""

import errno
from pathlib import Path

import pytest

from cluster.log.checkpoints import HIGH_WATERMARKS, LOG_STARTS, RECOVERY_POINTS, read_offsets
from cluster.log.directory import ROOM_BYTES, DataDirectory, DirectoryRefused, remove_folder
from cluster.log.files import Files, RealFiles
from cluster.log.layout import TopicPartition, is_marked, partition_of
from cluster.protocol.primitives import Uuid, uuid_to_text
from tests.log.support import NOW, config, fill, stored_records
from tests.support.files import SimFiles

ORDERS, ODD = TopicPartition("orders", 0), TopicPartition("a-1.b-2", 11)
FIRST, SECOND = Uuid(b"\1" * 16), Uuid(b"\2" * 16)
SETTINGS = config(internal_segment_bytes=500, file_delete_delay_ms=1000)


def open_directory(files: Files, path: str = "/data", *, node_id: int = 1, cluster_id: str = "c") -> DataDirectory:
    return DataDirectory.open(files, path, node_id, cluster_id, SETTINGS, NOW, b"seed")


def crash(files: SimFiles) -> None:
    files.restart(power_cut=False)


def test_everything_is_there_after_a_clean_shutdown() -> None:
    files = SimFiles()
    directory = open_directory(files)
    for partition in (ORDERS, ODD):
        fill(directory.log(partition, FIRST, SETTINGS, NOW), 9)
    directory.logs[ORDERS].advance_log_start(4)
    directory.close(broker_epoch=42)

    again = open_directory(files)
    assert again.previous_broker_epoch == 42
    assert again.directory_id == directory.directory_id
    assert list(again.logs) == [ODD, ORDERS]
    log = again.log(ORDERS, FIRST, SETTINGS, NOW)
    assert (log.log_start_offset, log.log_end_offset, log.high_watermark, log.recovery_point) == (4, 9, 9, 9)
    assert len(stored_records(again.log(ODD, FIRST, SETTINGS, NOW))) == 9


def test_a_crash_is_noticed_even_when_it_happens_right_after_a_clean_start() -> None:
    files = SimFiles()
    open_directory(files).close(broker_epoch=42)
    assert open_directory(files).previous_broker_epoch == 42
    crash(files)
    assert open_directory(files).previous_broker_epoch == -1


def test_checkpoints_tell_a_crashed_broker_where_it_was() -> None:
    files = SimFiles()
    directory = open_directory(files)
    log = directory.log(ORDERS, FIRST, SETTINGS, NOW)
    fill(log, 9)
    log.flush(NOW)
    log.advance_log_start(4)
    directory.checkpoint(HIGH_WATERMARKS, RECOVERY_POINTS, LOG_STARTS).run()
    assert bytes(files.names[f"/data/{HIGH_WATERMARKS}"].cache) == b"0\n1\norders 0 9\n"
    fill(log, 2)
    crash(files)
    log = open_directory(files).logs[ORDERS]
    assert (log.log_start_offset, log.log_end_offset, log.high_watermark, log.recovery_point) == (4, 11, 9, 9)


def test_a_directory_whose_disk_fails_is_not_left_as_if_it_were_in_order() -> None:
    files = SimFiles()
    directory = open_directory(files)
    for partition in (ORDERS, ODD):
        fill(directory.log(partition, FIRST, SETTINGS, NOW), 3)
    job = directory.logs[ODD].prepare_flush()
    assert job is not None
    files.faults["sync"] = errno.EIO
    with pytest.raises(OSError, match="EIO"):
        job.run()
    files.faults.clear()
    directory.close(broker_epoch=5)
    again = open_directory(files)
    assert again.previous_broker_epoch == -1
    assert {log.log_end_offset for log in again.logs.values()} == {3}


def test_a_full_disk_is_not_left_as_if_it_were_in_order_and_is_left_nevertheless() -> None:
    files = SimFiles()
    directory = open_directory(files)
    fill(directory.log(ORDERS, FIRST, SETTINGS, NOW), 3)
    files.capacity = files.used()
    directory.close(broker_epoch=5)
    files.capacity = 1 << 40
    again = open_directory(files)
    assert again.previous_broker_epoch == -1
    assert again.logs[ORDERS].log_end_offset == 3


def test_a_start_on_a_full_disk_is_given_up_and_leaves_no_trace() -> None:
    files = SimFiles()
    fill(open_directory(files).log(ORDERS, FIRST, SETTINGS, NOW), 3)
    crash(files)
    before = sorted(files.names)
    files.capacity = files.used() + ROOM_BYTES - 1
    with pytest.raises(OSError, match="no space"):
        open_directory(files)
    assert sorted(files.names) == before
    files.capacity += 1
    assert open_directory(files).logs[ORDERS].log_end_offset == 3


def test_a_second_broker_is_refused() -> None:
    files = SimFiles()
    directory = open_directory(files)
    with pytest.raises(DirectoryRefused, match="in use"):
        open_directory(files)
    directory.release()
    open_directory(files)


def test_a_second_process_is_refused_by_the_real_lock(tmp_path: Path) -> None:
    directory = open_directory(RealFiles(), str(tmp_path))
    with pytest.raises(DirectoryRefused, match="in use"):
        open_directory(RealFiles(), str(tmp_path))
    directory.close(1)
    open_directory(RealFiles(), str(tmp_path)).release()


def test_the_directory_of_another_broker_or_cluster_is_refused_and_left_alone() -> None:
    files = SimFiles()
    open_directory(files).close(1)
    before = {name: bytes(inode.cache) for name, inode in files.names.items()}
    with pytest.raises(DirectoryRefused, match=r"belongs to node.id 1, not to 2"):
        open_directory(files, node_id=2)
    with pytest.raises(DirectoryRefused, match=r"belongs to cluster.id c, not to d"):
        open_directory(files, cluster_id="d")
    assert {name: bytes(inode.cache) for name, inode in files.names.items()} == before
    assert open_directory(files).previous_broker_epoch == 1


def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DirectoryRefused, match="cannot be used"):
        open_directory(RealFiles(), str(tmp_path / "file" / "data"))


def test_meta_properties_are_kafkas() -> None:
    files = SimFiles()
    directory = open_directory(files, node_id=3, cluster_id="abc")
    lines = bytes(files.names["/data/meta.properties"].cache).decode().splitlines()
    wanted = ["cluster.id=abc", f"directory.id={uuid_to_text(directory.directory_id)}", "node.id=3", "version=1"]
    assert lines == ["#", *wanted]


def test_a_deleted_partition_is_gone_at_once_and_its_files_later() -> None:
    files = SimFiles()
    directory = open_directory(files)
    fill(directory.log(ORDERS, FIRST, SETTINGS, NOW), 9)
    directory.delete(ORDERS)
    assert ORDERS not in directory.logs
    assert not files.is_directory("/data/orders-0")
    assert directory.take_due_folders(NOW + 999) == ()
    (doomed,) = directory.take_due_folders(NOW + 1000)
    assert is_marked(doomed.rpartition("/")[2])
    remove_folder(files, doomed)
    remove_folder(files, doomed)
    assert not files.exists(doomed)
    assert directory.log(ORDERS, SECOND, SETTINGS, NOW).log_end_offset == 0


def test_deleted_folders_are_removed_after_a_restart() -> None:
    files = SimFiles()
    directory = open_directory(files)
    fill(directory.log(ORDERS, FIRST, SETTINGS, NOW), 3)
    directory.delete(ORDERS)
    crash(files)
    again = open_directory(files)
    assert again.logs == {}
    assert len(again.take_due_folders(NOW)) == 1


def test_a_log_of_an_earlier_topic_of_that_name_is_not_taken_for_this_one() -> None:
    files = SimFiles()
    directory = open_directory(files)
    fill(directory.log(ORDERS, FIRST, SETTINGS, NOW), 3)
    directory.close(1)
    again = open_directory(files)
    log = again.log(ORDERS, SECOND, SETTINGS, NOW)
    assert (log.topic_id, log.log_end_offset) == (SECOND, 0)


def test_old_checkpoints_do_not_hide_records_of_a_new_topic_of_that_name() -> None:
    now = NOW
    files = SimFiles(now_ms=lambda: now)
    directory = open_directory(files)
    log = directory.log(ORDERS, FIRST, SETTINGS, NOW)
    fill(log, 20)
    log.advance_log_start(15)
    directory.checkpoint(RECOVERY_POINTS, LOG_STARTS).run()
    now += 5
    directory.delete(ORDERS)
    fill(directory.log(ORDERS, SECOND, SETTINGS, NOW), 17)
    crash(files)
    assert read_offsets(files, f"/data/{LOG_STARTS}") == {ORDERS: 15}
    log = open_directory(files).logs[ORDERS]
    assert (log.log_start_offset, log.log_end_offset) == (0, 17)


def test_strays_are_those_that_nobody_asked_for() -> None:
    files = SimFiles()
    directory = open_directory(files)
    for partition in (ORDERS, ODD):
        fill(directory.log(partition, FIRST, SETTINGS, NOW), 3)
    directory.close(1)
    again = open_directory(files)
    again.log(ODD, FIRST, SETTINGS, NOW)
    assert again.unclaimed() == [ORDERS]
    again.set_aside(ORDERS)
    assert list(again.logs) == [ODD]
    assert [name for name in files.listdir("/data") if name.endswith("-stray")]
    crash(files)
    third = open_directory(files)
    assert list(third.logs) == [ODD]
    assert third.take_due_folders(NOW) == ()


@pytest.mark.parametrize(
    ("folder", "partition"),
    [
        ("orders-0", ORDERS),
        ("a-1.b-2-11", ODD),
        ("orders-0.0123456789abcdef0123456789abcdef-delete", None),
        ("orders-0.0123456789abcdef0123456789abcdef-stray", None),
        ("orders", None),
        ("orders-x", None),
    ],
)
def test_folders_tell_their_partition(folder: str, partition: TopicPartition | None) -> None:
    assert partition_of(folder) == partition
