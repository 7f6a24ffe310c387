"""The file system as the log uses it: the only module that opens files, and the seam where tests break things.

Nothing here keeps an index mapped into memory: every byte passes `pread`, `pwrite` or `truncate`.
A path is absolute, with `/` between its parts. Every method may raise OSError.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from typing import Protocol

Buffer = bytes | bytearray | memoryview


class File(Protocol):
    """An open file. Writing goes to a position that the owner keeps: the length of a file is not a fact to rely on."""

    path: str

    def size(self) -> int:
        """Length of the file, whatever of it is in use."""

    def pread(self, size: int, offset: int) -> bytes:
        """Up to `size` bytes; fewer only at the end of the file."""

    def pwrite(self, buffers: Sequence[Buffer], offset: int) -> None:
        """Write all buffers, one behind the other. After an error any part of them may have been written."""

    def truncate(self, size: int) -> None:
        """Cut the file, or extend it with zeros."""

    def preallocate(self, size: int) -> None:
        """Reserve room on the disk, without a change of what `size` says where the system can do that."""

    def sync(self) -> None:
        """Return when the content is on the disk. Does nothing once the file is closed."""

    def close(self) -> None:
        """Let go of the file; may be called twice."""


class Lock(Protocol):
    """A lock on a directory, held until `release` or the end of the process."""

    def release(self) -> None:
        """Let somebody else have it."""


class Files(Protocol):
    """One machine's file system."""

    def open(self, path: str, *, create: bool = True) -> File:
        """Open for reading and writing. Raises FileNotFoundError unless `create`."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or directory of that name."""

    def listdir(self, path: str) -> list[str]:
        """Names in a directory, sorted."""

    def is_directory(self, path: str) -> bool:
        """Whether the path names a directory."""

    def make_directory(self, path: str) -> None:
        """Create a directory and those above it, unless they exist."""

    def remove_directory(self, path: str) -> None:
        """Remove an empty directory."""

    def replace(self, source: str, target: str) -> None:
        """Rename a file or directory; a file of the new name is replaced at once or not at all."""

    def unlink(self, path: str) -> None:
        """Remove a file; none of that name is not an error."""

    def sync_directory(self, path: str) -> None:
        """Return when the names in a directory are on the disk."""

    def modified_ms(self, path: str) -> int:
        """Wall-clock time of the last change, in ms since 1970."""

    def space(self, path: str) -> tuple[int, int]:
        """Total and usable bytes of the volume that holds the path."""

    def lock(self, path: str) -> Lock:
        """Take the lock file at `path`. Raises BlockingIOError when another process has it."""


class RealFile:
    """A file of the operating system, by its descriptor."""

    __slots__ = ("_descriptor", "path")

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def pread(self, size: int, offset: int) -> bytes:
        data = os.pread(self._descriptor, size, offset)
        if len(data) == size or not data:
            return data
        parts = [data]
        while data:
            offset, size = offset + len(data), size - len(data)
            data = os.pread(self._descriptor, size, offset)
            parts.append(data)
        return b"".join(parts)

    def pwrite(self, buffers: Sequence[Buffer], offset: int) -> None:
        wanted = sum(map(len, buffers))
        written = os.pwritev(self._descriptor, buffers, offset)
        if written < wanted:
            rest = memoryview(b"".join(buffers))[written:]
            while rest:
                offset += written
                written = os.pwrite(self._descriptor, rest, offset)
                rest = rest[written:]

    def truncate(self, size: int) -> None:
        os.ftruncate(self._descriptor, size)

    def preallocate(self, size: int) -> None:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._descriptor, 0, size)

    def sync(self) -> None:
        if self._descriptor >= 0:
            sync = getattr(os, "fdatasync", os.fsync)
            sync(self._descriptor)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class RealLock:
    """An advisory lock that ends with the process, however that ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class RealFiles:
    """The file system of the operating system."""

    def open(self, path: str, *, create: bool = True) -> RealFile:
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        return RealFile(path, os.open(path, flags, 0o644))

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def listdir(self, path: str) -> list[str]:
        return sorted(os.listdir(path))

    def is_directory(self, path: str) -> bool:
        return os.path.isdir(path)

    def make_directory(self, path: str) -> None:
        os.makedirs(path, exist_ok=True)

    def remove_directory(self, path: str) -> None:
        os.rmdir(path)

    def replace(self, source: str, target: str) -> None:
        os.replace(source, target)

    def unlink(self, path: str) -> None:
        try:
            os.unlink(path)
        except FileNotFoundError:
            return

    def sync_directory(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def modified_ms(self, path: str) -> int:
        return os.stat(path).st_mtime_ns // 1_000_000

    def space(self, path: str) -> tuple[int, int]:
        volume = os.statvfs(path)
        return volume.f_blocks * volume.f_frsize, volume.f_bavail * volume.f_frsize

    def lock(self, path: str) -> RealLock:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return RealLock(descriptor)


def read_file(files: Files, path: str) -> bytes | None:
    """The content of a small file, or None when there is none."""
    try:
        file = files.open(path, create=False)
    except FileNotFoundError:
        return None
    try:
        return file.pread(file.size(), 0)
    finally:
        file.close()


def write_file(files: Files, path: str, data: bytes, *, sync: bool) -> None:
    """Replace a small file: readers see the old content or the new, never a part.

    Without `sync` a power cut may leave the new name with any part of the content: let the reader be able to tell.
    """
    temporary = f"{path}.tmp"
    file = files.open(temporary)
    try:
        file.truncate(0)
        file.pwrite([data], 0)
        if sync:
            file.sync()
    finally:
        file.close()
    files.replace(temporary, path)
    if sync:
        files.sync_directory(path.rpartition("/")[0])


def sync_path(files: Files, path: str) -> None:
    """Return when a file's content is on the disk; a file that is gone needs no syncing."""
    try:
        file = files.open(path, create=False)
    except FileNotFoundError:
        return
    try:
        file.sync()
    finally:
        file.close()
