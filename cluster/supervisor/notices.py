"""The socket on which the parts say how they are doing, and the wait for the one part that cannot say it."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

Heard = Callable[[int, Mapping[str, str]], None]


class Notices(asyncio.DatagramProtocol):
    """Receives what worker/notify sends; calls `heard(pid, words)`."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: object) -> None:
        words = dict(line.split("=", 1) for line in data.decode(errors="replace").splitlines() if "=" in line)
        self._heard(int(words.get("MAINPID", "0")), words)


async def listen(path: Path, heard: Heard) -> asyncio.DatagramTransport:
    """Receive notices on a Unix socket at `path`."""
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(str(path))
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Notices(heard), sock=receiver)
    return transport


async def accepts_connections(path: Path) -> None:
    """Return when somebody listens on the Unix socket at `path`."""
    while True:
        try:
            _, writer = await asyncio.open_unix_connection(path)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
