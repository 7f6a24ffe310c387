"""A broker's data directory: whose it is, how it was left, which logs lie in it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from cluster.log import checkpoints
from cluster.log.checkpoints import (
    CLEAN_SHUTDOWN,
    HIGH_WATERMARKS,
    LOG_STARTS,
    META_PROPERTIES,
    RECOVERY_POINTS,
    read_clean_shutdown,
    read_offsets,
    read_properties,
    write_clean_shutdown,
    write_offsets,
    write_properties,
)
from cluster.log.config import LogConfig
from cluster.log.files import Files, Lock
from cluster.log.layout import (
    DELETE_DIRECTORY,
    PARTITION_METADATA,
    STRAY_DIRECTORY,
    TopicPartition,
    is_marked,
    marked_name,
    partition_of,
)
from cluster.log.partition_log import PartitionLog
from cluster.log.recovery import OpenFrom
from cluster.log.segments.recent import TailCache
from cluster.protocol.errors import KafkaStorageError
from cluster.protocol.primitives import ZERO_UUID, Uuid, random_uuid, uuid_from_text, uuid_to_text

logger = logging.getLogger(__name__)

LOCK: Final = ".lock"
PROBE: Final = ".probe"
ROOM_BYTES: Final = 1 << 20
"""What a start wants to be free: with less, the broker would be down again at its first large batch."""
TAIL_BYTES: Final = 32 << 20
"""What the logs of a broker together keep in memory for readers at their ends."""
_META_VERSION: Final = "1"


class DirectoryRefused(Exception):
    """The data directory cannot be used; the message tells an operator why."""


@dataclass(frozen=True, slots=True)
class CheckpointJob:
    """Offsets to be written down. `run` may be called in an executor, one job at a time."""

    files: Files
    offsets: Mapping[str, Mapping[TopicPartition, int]]
    """By the path of the checkpoint."""

    def run(self) -> None:
        """Replace the checkpoints, on the disk when this returns."""
        for path, offsets in self.offsets.items():
            write_offsets(self.files, path, offsets)


@dataclass(frozen=True, slots=True)
class DoomedFolder:
    """A deleted partition's folder, and from when on it may be removed."""

    due_ms: int
    path: str


def _prove_room(files: Files, path: str) -> None:
    """Make sure that the disk takes something and keeps it. Raises OSError."""
    probe = files.open(path)
    try:
        probe.preallocate(ROOM_BYTES)
        probe.pwrite([bytes(1)], 0)
        probe.sync()
    finally:
        probe.close()
        files.unlink(path)


def remove_folder(files: Files, path: str) -> None:
    """Remove a deleted partition's folder. For an executor: touches only its arguments."""
    if files.exists(path):
        for name in files.listdir(path):
            files.unlink(f"{path}/{name}")
        files.remove_directory(path)


class DataDirectory:
    """The data directory of one broker, locked, and the logs in it. Belongs to the broker's loop.

    `open` and `close` may run in an executor: before anybody uses it, and when nobody does any more.
    """

    def __init__(self, files: Files, path: str, directory_id: Uuid, random: Random, lock: Lock) -> None:
        self.files = files
        self.path = path
        self.directory_id = directory_id
        self.tail_cache = TailCache(TAIL_BYTES)
        self.previous_broker_epoch = -1
        """Epoch of the broker that shut down in order; -1 when it did not, or did not tell."""
        self.logs: dict[TopicPartition, PartitionLog] = {}
        self._claimed: dict[TopicPartition, None] = {}
        self._random = random
        self._lock = lock
        marked = (name for name in files.listdir(path) if is_marked(name) and name.endswith(DELETE_DIRECTORY))
        self._doomed = [DoomedFolder(0, f"{path}/{name}") for name in marked]

    @classmethod
    def open(
        cls,
        files: Files,
        path: str,
        node_id: int,
        cluster_id: str,
        defaults: LogConfig,
        now_ms: int,
        seed: bytes,
    ) -> DataDirectory:
        """Take the directory for this broker, create it when there is none; open the logs in it, repair them.

        `seed` is where new ids come from. Raises DirectoryRefused when another process has the directory, or when it
        belongs to another cluster or broker, and OSError when the disk fails or is full.
        """
        try:
            files.make_directory(path)
            lock = files.lock(f"{path}/{LOCK}")
        except BlockingIOError:
            raise DirectoryRefused(f"{path} is in use by another process: is this broker running already?") from None
        except OSError as error:
            raise DirectoryRefused(f"{path} cannot be used: {error.strerror or error}") from error
        try:
            _prove_room(files, f"{path}/{PROBE}")
            random = Random(seed)
            directory = cls(files, path, _claim(files, path, cluster_id, node_id, random), random, lock)
            directory._load(defaults, now_ms)
        except BaseException:
            lock.release()
            raise
        return directory

    def _load(self, defaults: LogConfig, now_ms: int) -> None:
        mark = f"{self.path}/{CLEAN_SHUTDOWN}"
        epoch = read_clean_shutdown(self.files, mark)
        if epoch is not None:
            # From here on a crash must leave no mark, not even while the logs are being opened.
            self.files.unlink(mark)
            self.files.sync_directory(self.path)
            self.previous_broker_epoch = epoch
        known = _Checkpoints(self.files, self.path)
        for name in self.files.listdir(self.path):
            partition = partition_of(name)
            if partition is not None and self.files.is_directory(f"{self.path}/{name}"):
                source = known.source_of(partition, clean=epoch is not None)
                log = self._open_log(partition, defaults, now_ms, source, ZERO_UUID)
                log.advance_high_watermark(known.high_watermarks.get(partition, 0))

    def _open_log(
        self, partition: TopicPartition, config: LogConfig, now_ms: int, source: OpenFrom, topic_id: Uuid
    ) -> PartitionLog:
        folder = f"{self.path}/{partition}"
        log = PartitionLog.open(self.files, folder, partition, config, now_ms, source, topic_id, self.tail_cache)
        self.logs[partition] = log
        return log

    # -- logs

    def log(self, partition: TopicPartition, topic_id: Uuid, config: LogConfig, now_ms: int) -> PartitionLog:
        """The log of a partition; created when there is none, or only one of an earlier topic of that name."""
        self._claimed[partition] = None
        log = self.logs.get(partition)
        if log is not None and log.topic_id not in (topic_id, ZERO_UUID):
            logger.warning("%s is that of a deleted topic of the same name: it goes", log.directory)
            self.delete(partition)
            log = None
        if log is None:
            return self._open_log(partition, config, now_ms, OpenFrom(clean=True), topic_id)
        log.assign_topic_id(topic_id)
        log.update_config(config)
        return log

    def unclaimed(self) -> list[TopicPartition]:
        """Partitions that lie here and that nobody has asked for: strays, once all metadata is applied."""
        return [partition for partition in self.logs if partition not in self._claimed]

    def delete(self, partition: TopicPartition) -> None:
        """Take a partition out of sight; its files are removed after file.delete.delay.ms."""
        log = self.logs[partition]
        path = self._mark(partition, DELETE_DIRECTORY)
        self._doomed.append(DoomedFolder(log.now_ms + log.config.file_delete_delay_ms, path))

    def set_aside(self, partition: TopicPartition) -> None:
        """Take a stray partition out of sight; an operator may look at it or remove it."""
        logger.warning(
            "%s is no partition of this broker: set aside as %s", partition, self._mark(partition, STRAY_DIRECTORY)
        )

    def _mark(self, partition: TopicPartition, suffix: str) -> str:
        log = self.logs.pop(partition)
        self._claimed.pop(partition, None)
        log.abandon()
        path = f"{self.path}/{marked_name(partition, self._random.randbytes(16).hex(), suffix)}"
        self.files.replace(log.directory, path)
        return path

    def take_due_folders(self, now_ms: int) -> tuple[str, ...]:
        """Folders of deleted partitions that may go now: hand each to `remove_folder`, in an executor if you like."""
        due = tuple(doomed.path for doomed in self._doomed if doomed.due_ms <= now_ms)
        self._doomed = [doomed for doomed in self._doomed if doomed.due_ms > now_ms]
        return due

    # -- checkpoints

    def checkpoint(self, *names: str) -> CheckpointJob:
        """What the checkpoints of these names would hold now: HIGH_WATERMARKS, RECOVERY_POINTS, LOG_STARTS."""
        return CheckpointJob(self.files, {f"{self.path}/{name}": _offsets(self.logs.values(), name) for name in names})

    # -- the end

    def close(self, broker_epoch: int) -> None:
        """Close every log in order, write all checkpoints, leave the mark of a clean shutdown, give up the lock.

        There is no mark when that could not be done: the next start has to look what is left of the logs.
        """
        failed = [log for log in self.logs.values() if not _closed(log)]
        try:
            self.checkpoint(RECOVERY_POINTS, LOG_STARTS, HIGH_WATERMARKS).run()
            if not failed:
                write_clean_shutdown(self.files, f"{self.path}/{CLEAN_SHUTDOWN}", broker_epoch)
        except OSError as error:
            logger.error("%s could not be left in order: %s", self.path, error)
        self.release()

    def release(self) -> None:
        """Give up the lock and nothing else: as far as the disk can tell, the broker has crashed."""
        self._lock.release()


def _closed(log: PartitionLog) -> bool:
    try:
        log.close()
    except (OSError, KafkaStorageError) as error:
        logger.error("%s could not be closed in order: %s", log.directory, error)
        return False
    return True


def _offsets(logs: Iterable[PartitionLog], name: str) -> dict[TopicPartition, int]:
    """What a checkpoint says of the logs; a log start only where no segment's name tells it."""
    match name:
        case checkpoints.HIGH_WATERMARKS:
            return {log.topic_partition: log.high_watermark for log in logs}
        case checkpoints.RECOVERY_POINTS:
            return {log.topic_partition: log.recovery_point for log in logs}
        case _:
            moved = (log for log in logs if log.log_start_offset > log.segments.first.base_offset)
            return {log.topic_partition: log.log_start_offset for log in moved}


class _Checkpoints:
    """What was written down of the logs before."""

    def __init__(self, files: Files, path: str) -> None:
        self._files = files
        self._path = path
        self.recovery_points = read_offsets(files, f"{path}/{RECOVERY_POINTS}")
        self.log_starts = read_offsets(files, f"{path}/{LOG_STARTS}")
        self.high_watermarks = read_offsets(files, f"{path}/{HIGH_WATERMARKS}")

    def source_of(self, partition: TopicPartition, *, clean: bool) -> OpenFrom:
        """From where to open a partition's log."""
        return OpenFrom(
            clean=clean,
            recovery_point=self._unless_older(RECOVERY_POINTS, partition, self.recovery_points.get(partition, 0)),
            log_start_offset=self._unless_older(LOG_STARTS, partition, self.log_starts.get(partition, 0)),
        )

    def _unless_older(self, name: str, partition: TopicPartition, offset: int) -> int:
        """An offset that was written down before the log was created is that of a deleted topic of the same name."""
        created = f"{self._path}/{partition}/{PARTITION_METADATA}"
        if offset == 0 or not self._files.exists(created):
            return offset
        written_ms = self._files.modified_ms(f"{self._path}/{name}")
        return 0 if written_ms < self._files.modified_ms(created) else offset


def _claim(files: Files, path: str, cluster_id: str, node_id: int, random: Random) -> Uuid:
    """Make sure that the directory is this broker's, or make it so. Answers its id."""
    properties = read_properties(files, f"{path}/{META_PROPERTIES}")
    if properties is None:
        directory_id = random_uuid(random)
        known = {"version": _META_VERSION, "cluster.id": cluster_id, "node.id": str(node_id)}
        write_properties(files, f"{path}/{META_PROPERTIES}", {**known, "directory.id": uuid_to_text(directory_id)})
        return directory_id
    for name, ours in (("cluster.id", cluster_id), ("node.id", str(node_id))):
        theirs = properties.get(name, ours)
        if theirs != ours:
            raise DirectoryRefused(f"{path} belongs to {name} {theirs}, not to {ours}: take another data directory")
    if "directory.id" not in properties:
        properties["directory.id"] = uuid_to_text(random_uuid(random))
        write_properties(files, f"{path}/{META_PROPERTIES}", properties)
    return uuid_from_text(properties["directory.id"])
