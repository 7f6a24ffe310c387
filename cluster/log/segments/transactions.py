"""The aborted transactions of a segment.

    .txnindex  version int16 (0), producer id int64, first offset int64, last offset int64, last stable offset int64

The file exists only when there is an entry.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from cluster.log.files import Files, read_file

_ENTRY: Final = struct.Struct(">hqqqq")
_VERSION: Final = 0


@dataclass(frozen=True, slots=True)
class AbortedTransaction:
    """Where a producer's aborted records lie; `last_offset` is its marker's."""

    producer_id: int
    first_offset: int
    last_offset: int
    last_stable_offset: int


class TransactionIndex:
    """What readers of committed records must skip in one segment. Belongs to its segment."""

    __slots__ = ("_entries", "files", "path")

    def __init__(self, files: Files, path: str) -> None:
        self.files = files
        self.path = path
        self._entries: list[AbortedTransaction] | None = None

    @property
    def entries(self) -> list[AbortedTransaction]:
        """All of them, in the order in which they ended. A torn entry at the end is left out."""
        if self._entries is None:
            data = read_file(self.files, self.path) or b""
            whole = memoryview(data)[: len(data) - len(data) % _ENTRY.size]
            self._entries = [AbortedTransaction(*fields[1:]) for fields in _ENTRY.iter_unpack(whole)]
        return self._entries

    def append(self, transaction: AbortedTransaction) -> None:
        """Add a transaction that ended behind all others."""
        position = len(self.entries) * _ENTRY.size
        fields = transaction.producer_id, transaction.first_offset, transaction.last_offset
        file = self.files.open(self.path)
        try:
            file.pwrite([_ENTRY.pack(_VERSION, *fields, transaction.last_stable_offset)], position)
        finally:
            file.close()
        self.entries.append(transaction)

    def truncate_to(self, offset: int) -> None:
        """Forget the transactions whose markers are at `offset` or behind it."""
        kept = [entry for entry in self.entries if entry.last_offset < offset]
        if len(kept) == len(self.entries) or not self.files.exists(self.path):
            return
        file = self.files.open(self.path)
        try:
            file.truncate(len(kept) * _ENTRY.size)
        finally:
            file.close()
        self._entries = kept

    def between(self, offset: int, end_offset: int) -> list[AbortedTransaction]:
        """The transactions that a reader of [offset, end_offset) may meet."""
        return [entry for entry in self.entries if entry.last_offset >= offset and entry.first_offset < end_offset]

    def settles(self, end_offset: int) -> bool:
        """Whether a later segment cannot hold another transaction that begins below `end_offset`."""
        return any(entry.last_stable_offset >= end_offset for entry in self.entries)
