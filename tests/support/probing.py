"""The smallest question to a broker, written by hand: who is there? Needs no codec and no client library."""

import socket
import struct

METADATA_V1 = struct.pack(">hhih", 3, 1, 1, 5) + b"probe" + struct.pack(">i", 0)


def brokers_listed(port: int, host: str = "127.0.0.1", timeout: float = 2.0) -> int:
    """How many live brokers the one on this port lists; 0 when nobody answers."""
    try:
        with socket.create_connection((host, port), timeout) as connection:
            connection.settimeout(timeout)
            connection.sendall(struct.pack(">i", len(METADATA_V1)) + METADATA_V1)
            answer = b""
            while len(answer) < 12:
                if not (part := connection.recv(65536)):
                    return 0
                answer += part
    except OSError:
        return 0
    (count,) = struct.unpack(">i", answer[8:12])
    return int(count)
