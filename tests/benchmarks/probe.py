"""What one broker says of partition 0 of a topic, asked over a connection of its own: no client's cache in between."""

import socket
import struct

from cluster.protocol.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponsePartition,
)
from cluster.protocol.schema import decode, encode_bytes

METADATA, VERSION = 3, 1
HEADER = struct.pack(">hhih", METADATA, VERSION, 1, 5) + b"probe"


def partition_zero(port: int, topic: str, timeout: float = 1.0) -> MetadataResponsePartition | None:
    """None when the broker does not answer, or does not know the topic."""
    request = HEADER + encode_bytes(MetadataRequest(topics=[MetadataRequestTopic(name=topic)]), VERSION)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            (size,) = struct.unpack(">i", _receive(connection, 4))
            answer = _receive(connection, size)
    except OSError:
        return None
    (told,) = decode(MetadataResponse, VERSION, bytearray(answer[4:])).topics
    return next((partition for partition in told.partitions if partition.partition_index == 0), None)


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        if not (part := connection.recv(size - len(received))):
            raise ConnectionError("closed")
        received += part
    return received
