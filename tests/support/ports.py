"""Free TCP ports on 127.0.0.1 for processes that tests start."""

import contextlib
import random
import socket

LOWEST, HIGHEST = 20_000, 32_000
"""Below the range that the kernel hands out to clients, so that no outgoing connection takes a port in between."""


def free_ports(count: int) -> int:
    """The first of `count` neighbouring ports that nobody listens on."""
    draw = random.SystemRandom()
    for _ in range(200):
        first = draw.randrange(LOWEST, HIGHEST - count)
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(_bound(port))
            except OSError:
                continue
            return first
    raise RuntimeError(f"no {count} neighbouring free ports")


def _bound(port: int) -> socket.socket:
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", port))
    except OSError:
        taken.close()
        raise
    return taken
