"""The codecs of a batch's records, each framed as Kafka's clients frame it; inflation is bounded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import cramjam

from cluster.protocol.errors import CorruptMessage
from cluster.protocol.records.batch import Buffer, Compression

MAX_INFLATED_BYTES: Final = 100 << 20
"""What inflates to more, and so to more than fits into a request (socket.request.max.bytes), is taken for an attack."""

_XERIAL_MAGIC: Final = b"\x82SNAPPY\x00"
_XERIAL_HEADER: Final = struct.Struct(">8sii")
_XERIAL_BLOCK: Final = struct.Struct(">i")
_XERIAL_BLOCK_BYTES: Final = 32 * 1024

_MOST_BY_SNAPPY: Final = 32
"""Three bytes of it stand for 64 at most: who promises more lies."""

_PIECE_BYTES: Final = 1 << 20
_FIRST_GUESS: Final = 64 * 1024
_TARGET_TOO_SMALL: Final = "failed to write whole buffer"


def compress(codec: Compression, data: Buffer, level: int | None = None) -> bytes:
    """Compress the records of a batch. `level` None is the codec's default; -1 is gzip's."""
    match codec:
        case Compression.NONE:
            return bytes(data)
        case Compression.GZIP:
            squeezer = zlib.compressobj(-1 if level is None else level, zlib.DEFLATED, 31)
            return squeezer.compress(data) + squeezer.flush()
        case Compression.SNAPPY:
            return _snappy_compress(data)
        case Compression.LZ4:
            return _lz4_compress(data, 9 if level is None else level)
        case Compression.ZSTD:
            return bytes(cramjam.zstd.compress(data, level=3 if level is None else level))


def decompress(codec: Compression, data: Buffer, max_bytes: int = MAX_INFLATED_BYTES) -> Buffer:
    """Inflate the records of a batch. Raises CorruptMessage when they are damaged or larger than `max_bytes`."""
    if codec is Compression.NONE:
        return data
    try:
        return _INFLATERS[codec](data, max_bytes)
    except (cramjam.DecompressionError, zlib.error, struct.error, ValueError, OverflowError) as error:
        raise CorruptMessage(f"records cannot be decompressed as {codec.name.lower()}: {error}") from error


def _snappy_compress(data: Buffer) -> bytes:
    """Blocks of 32 KiB behind the header that the Java library writes and every client reads."""
    view = memoryview(data)
    parts = [_XERIAL_HEADER.pack(_XERIAL_MAGIC, 1, 1)]
    for start in range(0, len(view), _XERIAL_BLOCK_BYTES):
        block = bytes(cramjam.snappy.compress_raw(view[start : start + _XERIAL_BLOCK_BYTES]))
        parts += (_XERIAL_BLOCK.pack(len(block)), block)
    return b"".join(parts)


def _snappy_decompress(data: Buffer, max_bytes: int) -> bytes:
    view = memoryview(data)
    if bytes(view[:8]) != _XERIAL_MAGIC:
        return _snappy_block(view, max_bytes)
    parts: list[bytes] = []
    position, room = _XERIAL_HEADER.size, max_bytes
    while position < len(view):
        (length,) = _XERIAL_BLOCK.unpack_from(view, position)
        position += _XERIAL_BLOCK.size
        if not 0 <= length <= len(view) - position:
            raise ValueError("a block ends behind the end of the records")
        parts.append(_snappy_block(view[position : position + length], room))
        room -= len(parts[-1])
        position += length
    return b"".join(parts)


def _snappy_block(block: memoryview, max_bytes: int) -> bytes:
    size = cramjam.snappy.decompress_raw_len(block)
    if size > min(max_bytes, _MOST_BY_SNAPPY * len(block)):
        raise ValueError(f"{size} bytes cannot be, or are more than {max_bytes}")
    return bytes(cramjam.snappy.decompress_raw(block))


def _gzip_decompress(data: Buffer, max_bytes: int) -> Buffer:
    inflater = zlib.decompressobj(31)
    inflated = bytearray(inflater.decompress(data, _PIECE_BYTES))
    while inflater.unconsumed_tail:
        if len(inflated) > max_bytes:
            raise ValueError(f"more than {max_bytes} bytes")
        inflated += inflater.decompress(inflater.unconsumed_tail, _PIECE_BYTES)
    if not inflater.eof:
        raise ValueError("the stream ends early")
    if len(inflated) > max_bytes:
        raise ValueError(f"more than {max_bytes} bytes")
    return inflated


def _lz4_compress(data: Buffer, level: int) -> bytes:
    """Independent blocks: the Java reader refuses frames whose blocks refer to each other."""
    squeezer = cramjam.lz4.Compressor(level=level, content_checksum=False, block_linked=False)
    squeezer.compress(bytes(data))
    return bytes(squeezer.finish())


def _inflate_frame(decompress_into: Callable[[Any, Any], int], data: Buffer, max_bytes: int) -> Buffer:
    """Inflate into a buffer that grows until the result fits: a frame need not tell its inflated size."""
    size = min(max_bytes, max(_FIRST_GUESS, len(data) * 4))
    while True:
        target = bytearray(size)
        try:
            return memoryview(target)[: decompress_into(data, target)]
        except cramjam.DecompressionError as error:
            if _TARGET_TOO_SMALL not in str(error) or size == max_bytes:
                raise
        del target
        size = min(max_bytes, size * 4)


def _lz4_decompress(data: Buffer, max_bytes: int) -> Buffer:
    return _inflate_frame(cramjam.lz4.decompress_into, data, max_bytes)


def _zstd_decompress(data: Buffer, max_bytes: int) -> Buffer:
    return _inflate_frame(cramjam.zstd.decompress_into, data, max_bytes)


_INFLATERS: Final[Mapping[Compression, Callable[[Buffer, int], Buffer]]] = {
    Compression.GZIP: _gzip_decompress,
    Compression.SNAPPY: _snappy_decompress,
    Compression.LZ4: _lz4_decompress,
    Compression.ZSTD: _zstd_decompress,
}
