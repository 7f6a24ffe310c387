"""Bytes to messages and back: the codec of each message and version is compiled when it is first wanted, and kept."""

from __future__ import annotations

import struct
from typing import Any, TypeVar

from cluster.protocol.decoding import Decoder, compile_decoder
from cluster.protocol.encoding import Cuts, Encoder, UnsupportedFieldVersion, compile_encoder
from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.fields import message_info
from cluster.protocol.primitives import Buffer

__all__ = [
    "UnsupportedFieldVersion",
    "decode",
    "decode_prefix",
    "encode",
    "encode_bytes",
    "encode_into",
    "interleave",
]

T = TypeVar("T")

_encoders: dict[tuple[type[Any], int], Encoder] = {}
_decoders: dict[tuple[type[Any], int], Decoder] = {}


def encode(message: Any, version: int) -> list[Buffer]:
    """The message as buffers to be written one after the other. Records are among them by reference, never copied.

    Raises UnsupportedFieldVersion when a field of a request is set that the version lacks and that Kafka does not let
    go (a response just leaves it out), and ValueError when the version does not exist or a value does not fit.
    """
    written = bytearray()
    cuts: Cuts = []
    encode_into(message, version, written, cuts)
    return interleave(written, cuts)


def encode_bytes(message: Any, version: int) -> bytes:
    """The message in one piece."""
    return b"".join(encode(message, version))


def decode(cls: type[T], version: int, data: Buffer) -> T:
    """The message that the bytes are; records in it are views into `data`. Raises ProtocolViolation for other bytes."""
    message, end = decode_prefix(cls, version, data, 0)
    if end != len(data):
        raise ProtocolViolation(f"{cls.__name__} v{version} ends at {end} of {len(data)} bytes")
    return message


def decode_prefix(cls: type[T], version: int, data: Buffer, offset: int) -> tuple[T, int]:
    """The message that begins at `offset`, and the position after it. Raises ProtocolViolation."""
    try:
        decoder = _decoders[cls, version]
    except KeyError:
        decoder = _compile_decoder(cls, version)
    size = len(data)
    buffer = data if isinstance(data, bytes) else memoryview(data)
    try:
        message, end = decoder(buffer, offset, size)
    except (IndexError, struct.error) as error:
        raise ProtocolViolation(f"{cls.__name__} v{version} is cut off: {error}") from error
    if end > size:
        raise ProtocolViolation(f"{cls.__name__} v{version} is cut off: it ends at {end} of {size} bytes")
    return message, end


def encode_into(message: Any, version: int, written: bytearray, cuts: Cuts) -> None:
    """Append the message to `written`, and to `cuts` where its records belong."""
    cls = type(message)
    try:
        encoder = _encoders[cls, version]
    except KeyError:
        encoder = _compile_encoder(cls, version)
    try:
        encoder(message, written, cuts)
    except (struct.error, TypeError, AttributeError) as error:
        raise ValueError(f"{cls.__name__} v{version} cannot hold this: {error}") from error


def interleave(written: bytearray, cuts: Cuts) -> list[Buffer]:
    """What was written, with the records in between, in the order of the wire."""
    if not cuts:
        return [written]
    view = memoryview(written)
    buffers: list[Buffer] = []
    start = 0
    for position, records in cuts:
        buffers.append(view[start:position])
        start = position
        if isinstance(records, list):
            buffers += records
        else:
            buffers.append(records)
    if start < len(written):
        buffers.append(view[start:])
    return buffers


def _flexible(cls: type[Any], version: int) -> bool:
    info = message_info(cls)
    if version not in info.versions:
        raise ValueError(f"{cls.__name__} has no version {version}")
    return info.is_flexible(version)


def _compile_encoder(cls: type[Any], version: int) -> Encoder:
    encoder = _encoders[cls, version] = compile_encoder(cls, version, _flexible(cls, version))
    return encoder


def _compile_decoder(cls: type[Any], version: int) -> Decoder:
    decoder = _decoders[cls, version] = compile_decoder(cls, version, _flexible(cls, version))
    return decoder
