"""ApiVersions, and frames that no client should send."""

import struct

from cluster.protocol.messages.handshake import ApiVersionsRequest
from tests.conformance.recorder import Peer


async def handshake(peer: Peer) -> None:
    await peer.ask_in_every_version(
        "versions", lambda _: ApiVersionsRequest(client_software_name="tester", client_software_version="1.0")
    )
    for name, version in (
        ("", ""),
        ("a b", "1"),
        ("ok", ""),
        ("-x", "1"),
        ("x-", "1"),
        ("a.b-c", "1.0-rc.1"),
        ("ä", "1"),
    ):
        request = ApiVersionsRequest(client_software_name=name, client_software_version=version)
        for number in (2, 3, 4):
            await peer.ask(f"software {name!r} {version!r}", request, number)


def header(key: int, version: int, *, flexible: bool = False, client_id: bytes | None = b"raw") -> bytes:
    """A request's header with correlation id 7."""
    named = struct.pack(">h", -1) if client_id is None else struct.pack(">h", len(client_id)) + client_id
    return struct.pack(">hhi", key, version, 7) + named + (b"\0" if flexible else b"")


async def frames(peer: Peer) -> None:
    await peer.ask_raw("versions in v5", header(18, 5, flexible=True) + b"\x02a\x02b\0")
    await peer.ask_raw("versions in v99 with garbage behind", header(18, 99, flexible=True) + b"\xff" * 9)
    await peer.ask_raw("versions in v-1", header(18, -1))
    await peer.ask_raw("unknown key", header(999, 0))
    await peer.ask_raw("negative key", header(-1, 0))
    await peer.ask_raw("removed key", header(4, 0))
    await peer.ask_raw("metadata in v14", header(3, 14, flexible=True))
    await peer.ask_raw("fetch in v3", header(1, 3))
    await peer.ask_raw("produce in v2", header(0, 2) + struct.pack(">hii", 1, 1000, 0))
    await peer.ask_raw("produce in v0", header(0, 0) + struct.pack(">hii", 1, 1000, 0))
    await peer.ask_raw("between brokers: AlterPartition", header(56, 3, flexible=True) + b"\0" * 16)
    await peer.ask_raw("empty frame", b"")
    await peer.ask_raw("half a header", b"\0\x12\0")
    await peer.ask_raw("header only", header(3, 0))
    await peer.ask_raw("no client id", header(18, 0, client_id=None))
    await peer.ask_raw("trailing bytes", header(16, 0) + b"more")
    await peer.ask_raw("client id of lying length", struct.pack(">hhih", 18, 0, 7, 500) + b"raw")
    await peer.ask_raw("array of -2 elements", header(3, 0) + struct.pack(">i", -2))
    await peer.ask_raw("array of 2^31-1 elements", header(3, 0) + struct.pack(">i", 2**31 - 1))
    await peer.ask_raw("array of null topics in v0", header(3, 0) + struct.pack(">i", -1))
    await peer.ask_raw("string that is not UTF-8", header(3, 1) + struct.pack(">ih", 1, 2) + b"\xff\xfe")
    await peer.ask_raw("null topic name in v1", header(3, 1) + struct.pack(">ih", 1, -1))
    await peer.ask_raw("negative size", struct.pack(">i", -5), sized=False)
    await peer.ask_raw("zero size, then a request", struct.pack(">i", 0), sized=False)
    await peer.ask_raw("huge size", struct.pack(">i", 2**31 - 1), sized=False)
    await peer.ask_raw("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", sized=False)
    await peer.ask_raw("unknown tagged field", header(18, 3, flexible=True) + b"\x02a\x02b\x01\x63\x03xyz")
    await peer.ask_raw("varint that never ends", header(18, 3) + b"\xff" * 12)
