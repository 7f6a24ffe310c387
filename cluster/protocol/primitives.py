"""Values that every message is made of and that Python has no type for: buffers, uuids, variable-length integers."""

from __future__ import annotations

import random
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Final, NewType

from cluster.protocol.errors import ProtocolViolation

Buffer = bytes | bytearray | memoryview

Uuid = NewType("Uuid", bytes)
"""16 bytes, big-endian: topic ids, directory ids, incarnations."""

ZERO_UUID: Final = Uuid(bytes(16))
"""No id."""

UUID_BYTES: Final = 16
MAX_VARINT_BYTES: Final = 5


def uuid_to_text(value: Uuid) -> str:
    """Kafka's way to print an id: 22 characters of base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def uuid_from_text(text: str) -> Uuid:
    """The id that `uuid_to_text` printed. Raises ValueError for anything else."""
    try:
        value = urlsafe_b64decode(text.encode("ascii") + b"==")
    except (Base64Error, UnicodeEncodeError) as error:
        raise ValueError(f"{text!r} is not an id") from error
    if len(value) != UUID_BYTES or uuid_to_text(Uuid(value)) != text:
        raise ValueError(f"{text!r} is not an id")
    return Uuid(value)


def random_uuid(rng: random.Random) -> Uuid:
    """A new id (RFC 9562, version 4) whose text does not begin with a dash: commands would take it for an option."""
    while True:
        drawn = Uuid(uuid.UUID(bytes=rng.randbytes(UUID_BYTES), version=4).bytes)
        if not uuid_to_text(drawn).startswith("-"):
            return drawn


def read_unsigned_varint(buffer: Buffer, position: int) -> tuple[int, int]:
    """The unsigned varint (seven bits a byte, lowest first) at `position`, and the position after it."""
    first = buffer[position]
    if first < 0x80:
        return first, position + 1
    return finish_unsigned_varint(buffer, position + 1, first)


def finish_unsigned_varint(buffer: Buffer, position: int, first: int) -> tuple[int, int]:
    """The rest of a varint whose first byte, read already, says that more follow."""
    value = first & 0x7F
    byte = buffer[position]
    if byte < 0x80:
        return value | byte << 7, position + 1
    value |= (byte & 0x7F) << 7
    byte = buffer[position + 1]
    if byte < 0x80:
        return value | byte << 14, position + 2
    return _finish_long_varint(buffer, position + 2, value | (byte & 0x7F) << 14)


def _finish_long_varint(buffer: Buffer, position: int, value: int) -> tuple[int, int]:
    for shift in range(21, 7 * MAX_VARINT_BYTES, 7):
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ProtocolViolation(f"a varint of more than {MAX_VARINT_BYTES} bytes")


def unsigned_varint(value: int) -> bytes:
    """The bytes of an unsigned varint."""
    if value < 1 << 7:
        return bytes((value,))
    if value < 1 << 14:
        return bytes((value & 0x7F | 0x80, value >> 7))
    if value < 1 << 21:
        return bytes((value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14))
    return bytes((value & 0x7F | 0x80,)) + unsigned_varint(value >> 7)
