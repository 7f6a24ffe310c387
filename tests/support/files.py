"""A file system in memory that tells what a program sees from what a power cut would leave.

Killing a process loses nothing. Cutting the power loses what was not synchronised: all of it, a prefix with a torn end,
or scattered pages (a longer file with holes of zeros). A name lasts only once its directory was synchronised.
"""

from __future__ import annotations

import errno
import random
from collections.abc import Callable, Sequence

Buffer = bytes | bytearray | memoryview

PAGE = 4096


class Crashed(BaseException):
    """The process is dead: whatever it tries next does not happen. No code of ours may catch it."""


class Inode:
    """The bytes of one file: `cache` as seen, `durable` as on the platter, `pending` what lies between them."""

    def __init__(self) -> None:
        self.cache, self.durable = bytearray(), bytearray()
        self.pending: list[tuple[int, bytes | None]] = []
        self.poisoned = False
        self.modified_ms = 0

    def change(self, offset: int, data: bytes | None, now_ms: int) -> None:
        """Write `data` at an offset, or (None) cut or extend the file there."""
        self.pending.append((offset, data))
        _apply(self.cache, offset, data)
        self.modified_ms = now_ms

    def settle(self) -> None:
        """Everything reaches the platter."""
        for offset, data in self.pending:
            _apply(self.durable, offset, data)
        self.pending.clear()

    def lose(self, draw: random.Random) -> None:
        """The power fails: keep some of what was not synchronised."""
        mode = draw.choice(("nothing", "prefix", "pages")) if self.pending and not self.poisoned else "nothing"
        if mode == "prefix":
            self._keep_prefix(draw)
        elif mode == "pages":
            self._keep_pages(draw)
        self.cache = bytearray(self.durable)
        self.pending.clear()
        self.poisoned = False

    def _keep_prefix(self, draw: random.Random) -> None:
        count = draw.randrange(len(self.pending) + 1)
        for offset, data in self.pending[:count]:
            _apply(self.durable, offset, data)
        if count < len(self.pending) and self.pending[count][1]:
            offset, torn = self.pending[count]
            assert torn is not None
            _apply(self.durable, offset, torn[: draw.randrange(len(torn))])

    def _keep_pages(self, draw: random.Random) -> None:
        """The new length went down with the journal, some of the pages did not."""
        _apply(self.durable, len(self.cache), None)
        dirty = {page for offset, data in self.pending if data for page in _pages(offset, len(data))}
        for page in sorted(dirty):
            if draw.random() < 0.5:
                span = slice(page * PAGE, (page + 1) * PAGE)
                self.durable[span] = self.cache[span]


def _pages(offset: int, size: int) -> range:
    return range(offset // PAGE, (offset + size - 1) // PAGE + 1)


def _apply(target: bytearray, offset: int, data: bytes | None) -> None:
    if len(target) < offset:
        target.extend(bytes(offset - len(target)))
    if data is None:
        del target[offset:]
    else:
        target[offset : offset + len(data)] = data


class SimFile:
    """An open file of the simulated disk."""

    def __init__(self, files: SimFiles, inode: Inode, path: str) -> None:
        self._files = files
        self.inode = inode
        self.path = path

    def size(self) -> int:
        return len(self.inode.cache)

    def pread(self, size: int, offset: int) -> bytes:
        self._files.step("read", self.path)
        return bytes(self.inode.cache[offset : offset + size])

    def pwrite(self, buffers: Sequence[Buffer], offset: int) -> None:
        data = b"".join(bytes(buffer) for buffer in buffers)
        try:
            self._files.step("write", self.path)
        except Crashed:
            self._write(data[: self._files.random.randrange(len(data) + 1)], offset)
            raise
        room = self._files.capacity - self._files.used() + max(0, len(self.inode.cache) - offset)
        self._write(data[:room], offset)
        if len(data) > room:
            raise OSError(errno.ENOSPC, "no space left on device", self.path)

    def _write(self, data: bytes, offset: int) -> None:
        if data:
            self.inode.change(offset, data, self._files.now_ms())

    def truncate(self, size: int) -> None:
        self._files.step("write", self.path)
        self.inode.change(size, None, self._files.now_ms())

    def preallocate(self, size: int) -> None:
        if size > self.size():
            if self._files.used() - self.size() + size > self._files.capacity:
                raise OSError(errno.ENOSPC, "no space left on device", self.path)
            self.truncate(size)

    def sync(self) -> None:
        try:
            self._files.step("sync", self.path)
        except OSError:
            # The kernel marks the pages clean: the next fsync succeeds and lies.
            self.inode.pending.clear()
            self.inode.poisoned = True
            raise
        if not self.inode.poisoned:
            self.inode.settle()

    def close(self) -> None:
        return


class SimLock:
    """A lock that ends with the process or by `release`."""

    def __init__(self, files: SimFiles, path: str) -> None:
        self._files, self._path = files, path

    def release(self) -> None:
        self._files.locks.pop(self._path, None)


class SimFiles:
    """One machine's disk. `faults` maps an operation (read, write, sync, rename) to an errno until it is lifted."""

    def __init__(self, seed: int = 0, now_ms: Callable[[], int] = lambda: 0, capacity: int = 1 << 40) -> None:
        self.random = random.Random(seed)
        self.now_ms = now_ms
        self.capacity = capacity
        self.names: dict[str, Inode] = {}
        self.directories: dict[str, None] = {"": None}
        self.locks: dict[str, None] = {}
        self.faults: dict[str, int] = {}
        self.counts = {"read": 0, "write": 0, "sync": 0, "rename": 0}
        self.changes = 0
        self._durable_names: dict[str, Inode] = {}
        self._journal: list[list[tuple[str, Inode | None]]] = []
        self._crash_at: int | None = None
        self._dead = False

    # -- faults

    def step(self, operation: str, path: str) -> None:
        """Every operation passes here: faults, the crash that was asked for, and nothing after it."""
        if self._dead:
            raise Crashed
        self.counts[operation] += 1
        if operation in ("write", "rename"):
            if self.changes == self._crash_at:
                self._dead = True
                raise Crashed
            self.changes += 1
        code = self.faults.get(operation)
        if code is not None:
            raise OSError(code, errno.errorcode[code], path)

    def crash_at(self, change: int) -> None:
        """Die at that change of the disk (they are counted in `changes`), which may be carried out in part."""
        self._crash_at = change

    def restart(self, *, power_cut: bool) -> None:
        """A new process: after a kill with all that was written, after a power cut with what the platter holds."""
        self._dead, self._crash_at = False, None
        self.locks.clear()
        self.faults.clear()
        if power_cut:
            for inode in {id(one): one for one in [*self._durable_names.values(), *self.names.values()]}.values():
                inode.lose(self.random)
            self._settle_names(self.random.randrange(len(self._journal) + 1))
            self.names = dict(self._durable_names)

    def flip_bit(self, path: str, bit: int) -> None:
        """One bit of a file rots."""
        inode = self.names[path]
        for content in (inode.cache, inode.durable):
            if bit >> 3 < len(content):
                content[bit >> 3] ^= 1 << (bit & 7)

    def used(self) -> int:
        """Bytes of all files."""
        return sum(len(inode.cache) for inode in self.names.values())

    # -- the seam

    def open(self, path: str, *, create: bool = True) -> SimFile:
        inode = self.names.get(path)
        if inode is None:
            if not create:
                raise FileNotFoundError(errno.ENOENT, "no such file or directory", path)
            assert path.rpartition("/")[0] in self.directories, f"no directory for {path}"
            self.step("rename", path)
            inode = Inode()
            inode.modified_ms = self.now_ms()
            self._rename((path, inode))
        return SimFile(self, inode, path)

    def exists(self, path: str) -> bool:
        return path in self.names or path in self.directories

    def listdir(self, path: str) -> list[str]:
        prefix = f"{path}/"
        found = (name for name in [*self.names, *self.directories] if name.startswith(prefix))
        return sorted({name.removeprefix(prefix).partition("/")[0] for name in found})

    def is_directory(self, path: str) -> bool:
        return path in self.directories

    def make_directory(self, path: str) -> None:
        while path and path not in self.directories:
            self.directories[path] = None
            path = path.rpartition("/")[0]

    def remove_directory(self, path: str) -> None:
        if self.listdir(path):
            raise OSError(errno.ENOTEMPTY, "directory not empty", path)
        del self.directories[path]

    def replace(self, source: str, target: str) -> None:
        self.step("rename", source)
        if source in self.directories:
            self._replace_directory(source, target)
        else:
            self._rename((target, self.names[source]), (source, None))

    def _replace_directory(self, source: str, target: str) -> None:
        inside = [name for name in self.names if name.startswith(f"{source}/")]
        moved = [(target + name.removeprefix(source), self.names[name]) for name in inside]
        self._rename(*moved, *((name, None) for name in inside))
        del self.directories[source]
        self.directories[target] = None

    def unlink(self, path: str) -> None:
        self.step("rename", path)
        if path in self.names:
            self._rename((path, None))

    def sync_directory(self, path: str) -> None:
        self.step("sync", path)
        self._settle_names(len(self._journal))

    def modified_ms(self, path: str) -> int:
        return self.names[path].modified_ms

    def space(self, path: str) -> tuple[int, int]:
        return self.capacity, self.capacity - self.used()

    def lock(self, path: str) -> SimLock:
        if path in self.locks:
            raise BlockingIOError(errno.EWOULDBLOCK, "locked", path)
        self.locks[path] = None
        return SimLock(self, path)

    def _rename(self, *changes: tuple[str, Inode | None]) -> None:
        """One step of the journal: all of it lasts or nothing."""
        _change_names(self.names, changes)
        self._journal.append(list(changes))

    def _settle_names(self, count: int) -> None:
        for changes in self._journal[:count]:
            _change_names(self._durable_names, changes)
        self._journal.clear()


def _change_names(names: dict[str, Inode], changes: Sequence[tuple[str, Inode | None]]) -> None:
    for name, inode in changes:
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode
