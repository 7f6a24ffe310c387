"""Names on disk: a data directory, its partitions' folders, the files of a segment.

data directory/
  meta.properties  .lock  .kafka_cleanshutdown  *-offset-checkpoint
  orders-0/
    00000000000000000000.log  .index  .timeindex  .txnindex     one segment, named by its first offset
    00000000000000001042.snapshot                               producers as they were at that offset
    leader-epoch-checkpoint  partition.metadata
  orders-0.3f0c…-delete/                                        deleted, its files are removed later
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LOG: Final = ".log"
INDEX: Final = ".index"
TIME_INDEX: Final = ".timeindex"
TXN_INDEX: Final = ".txnindex"
SNAPSHOT: Final = ".snapshot"
DELETED: Final = ".deleted"
CLEANED: Final = ".cleaned"
SWAP: Final = ".swap"
TEMPORARY: Final = ".tmp"
DELETE_DIRECTORY: Final = "-delete"
STRAY_DIRECTORY: Final = "-stray"

LEADER_EPOCHS: Final = "leader-epoch-checkpoint"
PARTITION_METADATA: Final = "partition.metadata"

SEGMENT_SUFFIXES: Final = (LOG, INDEX, TIME_INDEX, TXN_INDEX)

_MARKED: Final = re.compile(r"(?P<partition>.+)\.[0-9a-f]{32}(-delete|-stray)")
_PARTITION: Final = re.compile(r"(?P<topic>.+)-(?P<index>[0-9]+)")
_MAX_NAME: Final = 255


class TopicPartition(NamedTuple):
    """A topic's name and the number of one of its partitions."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


def segment_path(directory: str, base_offset: int, suffix: str) -> str:
    """Path of a segment's file, or of a producer snapshot."""
    return f"{directory}/{base_offset:020d}{suffix}"


def offset_of(name: str, suffix: str) -> int | None:
    """The offset that a file name stands for, None when it is not a name with that suffix."""
    digits = name.removesuffix(suffix)
    return int(digits) if digits != name and digits.isascii() and digits.isdigit() else None


def partition_of(folder: str) -> TopicPartition | None:
    """The partition that a folder belongs to, None when it is marked for deletion or no partition's."""
    match = _PARTITION.fullmatch(folder)
    if match is None or folder.endswith((DELETE_DIRECTORY, STRAY_DIRECTORY)):
        return None
    return TopicPartition(match["topic"], int(match["index"]))


def is_marked(folder: str) -> bool:
    """Whether a folder was renamed because its partition is to be deleted."""
    return _MARKED.fullmatch(folder) is not None


def marked_name(partition: TopicPartition, unique: str, suffix: str) -> str:
    """The name under which a deleted (or stray) partition's folder waits; `unique` has 32 hex digits."""
    tail = f"-{partition.partition}.{unique}{suffix}"
    return partition.topic[: _MAX_NAME - len(tail)] + tail
