"""Bad company: many sockets of one process that do what no good client does."""

from __future__ import annotations

import contextlib
import resource
import selectors
import socket
import time
from collections.abc import Iterator, Sequence

ADDRESS = "127.0.0.1"
PACE_S = 0.02


def raise_own_limit(descriptors: int) -> None:
    """So many sockets must be possible here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= descriptors, f"only {hard} open files are allowed"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Crowd:
    """Connections from one process, none of which ever blocks it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.sockets: list[socket.socket] = []

    def join(self, count: int, first_words: bytes = b"") -> None:
        """So many more connections, each of which begins with these bytes."""
        for _ in range(count):
            one = socket.create_connection((ADDRESS, self._port), timeout=30)
            if first_words:
                one.sendall(first_words)
            one.setblocking(False)
            self.sockets.append(one)

    def send(self, data: bytes, seconds: float) -> Sequence[int]:
        """Send the same on all, as far as it is taken within that time, at a steady pace. How much each got rid of."""
        sent = dict.fromkeys(self.sockets, 0)
        view, deadline = memoryview(data), time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for one in self.sockets:
                selector.register(one, selectors.EVENT_WRITE)
            while selector.get_map() and time.monotonic() < deadline:
                for key, _ in selector.select(0.1):
                    one = key.fileobj
                    assert isinstance(one, socket.socket)
                    try:
                        sent[one] += one.send(view[sent[one] : sent[one] + (1 << 18)])
                    except BlockingIOError:
                        continue
                    except OSError:
                        selector.unregister(one)
                        continue
                    if sent[one] == len(data):
                        selector.unregister(one)
                time.sleep(PACE_S)
        return list(sent.values())

    def read(self, one: socket.socket, size: int, seconds: float = 30.0) -> bytes:
        """Read so many bytes from one of them."""
        one.settimeout(seconds)
        found = b""
        while len(found) < size and (piece := one.recv(size - len(found))):
            found += piece
        return found

    def leave(self) -> None:
        for one in self.sockets:
            one.close()
        self.sockets.clear()


@contextlib.contextmanager
def crowd(port: int) -> Iterator[Crowd]:
    """A crowd that is gone at the end."""
    people = Crowd(port)
    try:
        yield people
    finally:
        people.leave()
