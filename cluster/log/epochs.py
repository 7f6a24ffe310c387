"""Which leader epoch began at which offset: what replicas compare to find where their logs part.

leader-epoch-checkpoint: `0`, the number of entries, then `epoch offset` line by line
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from cluster.log.checkpoints import read_entries, write_entries
from cluster.log.files import Files
from cluster.log.layout import LEADER_EPOCHS

NO_EPOCH: Final = -1
NO_OFFSET: Final = -1


class LeaderEpochs:
    """The epochs of one log, both epochs and offsets ascending. Belongs to that log.

    A cut is written at once; an epoch that begins, before its first record is. Many begin at one moment, when a broker
    leaves, and an epoch without records is cut off anyway when the checkpoint is loaded. All of it is synchronised with
    the next flush: what lies behind that is told by the batches after a crash.
    """

    __slots__ = ("_directory", "_epochs", "_files", "_on_disk", "_starts", "unwritten")

    def __init__(self, files: Files, directory: str) -> None:
        self._files = files
        self._directory = directory
        self._epochs: list[int] = []
        self._starts: list[int] = []
        self._on_disk: list[tuple[int, int]] = []
        self.unwritten = False
        """There may be something to write."""

    @classmethod
    def load(cls, files: Files, directory: str) -> LeaderEpochs | None:
        """Read the checkpoint; None when it is missing or damaged."""
        entries = read_entries(files, f"{directory}/{LEADER_EPOCHS}", fields=2)
        epochs = cls(files, directory)
        for epoch, offset in entries or ():
            epochs.note(int(epoch), int(offset))
        epochs._on_disk, epochs.unwritten = epochs.entries, False
        return None if entries is None else epochs

    @property
    def path(self) -> str:
        """The checkpoint's path."""
        return f"{self._directory}/{LEADER_EPOCHS}"

    @property
    def latest(self) -> int:
        """The last epoch, -1 when there is none."""
        return self._epochs[-1] if self._epochs else NO_EPOCH

    @property
    def first_offset(self) -> int:
        """Where the first epoch begins, -1 when there is none."""
        return self._starts[0] if self._starts else NO_OFFSET

    @property
    def entries(self) -> list[tuple[int, int]]:
        """Epochs and where they begin."""
        return list(zip(self._epochs, self._starts, strict=True))

    def note(self, epoch: int, start_offset: int) -> None:
        """Take in that `epoch` begins at `start_offset`; what contradicts it is forgotten. To be written later."""
        if self._epochs and self._epochs[-1] == epoch and self._starts[-1] <= start_offset:
            return
        while self._epochs and (self._epochs[-1] >= epoch or self._starts[-1] >= start_offset):
            self._epochs.pop()
            self._starts.pop()
        self._epochs.append(epoch)
        self._starts.append(start_offset)
        self.unwritten = True

    def end_offset_for(self, epoch: int, log_end_offset: int) -> tuple[int, int]:
        """The largest epoch that is not above `epoch`, and where it ends; (-1, -1) when that cannot be told."""
        if epoch == NO_EPOCH or not self._epochs or epoch > self._epochs[-1]:
            return NO_EPOCH, NO_OFFSET
        if epoch == self._epochs[-1]:
            return epoch, log_end_offset
        slot = bisect_right(self._epochs, epoch)
        return (epoch if slot == 0 else self._epochs[slot - 1]), self._starts[slot]

    def epoch_at(self, offset: int) -> int:
        """The epoch in which `offset` was written, -1 when it is not known."""
        slot = bisect_right(self._starts, offset) - 1
        return self._epochs[slot] if slot >= 0 else NO_EPOCH

    def truncate_from_end(self, end_offset: int) -> None:
        """Forget the epochs that begin at `end_offset` or behind it."""
        changed = False
        while self._starts and self._starts[-1] >= end_offset:
            self._epochs.pop()
            self._starts.pop()
            changed = True
        if changed:
            self.write()

    def truncate_from_start(self, start_offset: int) -> None:
        """Forget the epochs in front of `start_offset`; the one that holds it begins there now."""
        slot = bisect_right(self._starts, start_offset) - 1
        if slot > 0 or (slot == 0 and self._starts[0] < start_offset):
            del self._epochs[:slot], self._starts[:slot]
            self._starts[0] = start_offset
            self.write()

    def clear(self) -> None:
        """Forget everything."""
        self._epochs.clear()
        self._starts.clear()
        self.write()

    def write(self) -> None:
        """Write the checkpoint, unless it says so already."""
        entries = self.entries
        if entries != self._on_disk:
            write_entries(self._files, self.path, entries, sync=False)
            self._on_disk = entries
        self.unwritten = False
