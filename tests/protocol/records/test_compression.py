"""The codecs: other framings that clients use, damaged data, and data that would inflate without end."""

import gzip
import struct

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.protocol.errors import CorruptMessage
from cluster.protocol.records.batch import Compression
from cluster.protocol.records.compression import compress, decompress

REAL = [codec for codec in Compression if codec is not Compression.NONE]


@given(st.binary(max_size=5000), st.sampled_from(Compression), st.integers(1, 40))
@settings(max_examples=150, deadline=None)
def test_everything_comes_back(data: bytes, codec: Compression, times: int) -> None:
    assert bytes(decompress(codec, compress(codec, data * times))) == data * times


@pytest.mark.parametrize("codec", REAL)
def test_large_data_comes_back(codec: Compression) -> None:
    data = bytes(range(256)) * 20_000
    packed = compress(codec, memoryview(data))
    assert len(packed) < len(data) / 5
    assert bytes(decompress(codec, memoryview(packed))) == data


@pytest.mark.parametrize(
    ("codec", "levels"), [(Compression.GZIP, (1, 9)), (Compression.LZ4, (1, 17)), (Compression.ZSTD, (-5, 19))]
)
def test_levels_are_honoured(codec: Compression, levels: tuple[int, int]) -> None:
    data = b"".join(b"%d, " % (number * number) for number in range(5000))
    fast, thorough = (compress(codec, data, level) for level in levels)
    assert len(thorough) < len(fast)
    assert bytes(decompress(codec, thorough)) == data


def test_snappy_is_read_with_and_without_the_java_librarys_frame() -> None:
    data = b"some bytes " * 10_000
    assert bytes(decompress(Compression.SNAPPY, bytes(cramjam.snappy.compress_raw(data)))) == data
    ours = compress(Compression.SNAPPY, data)
    assert ours[:16] == b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1)


def test_lz4_blocks_do_not_depend_on_each_other_as_the_java_reader_demands() -> None:
    independent = 0x20
    assert compress(Compression.LZ4, bytes(300_000))[4] & independent


def test_frames_of_other_writers_are_read() -> None:
    data = b"some bytes " * 10_000
    assert bytes(decompress(Compression.LZ4, bytes(cramjam.lz4.compress(data)))) == data
    assert bytes(decompress(Compression.ZSTD, bytes(cramjam.zstd.compress(data, level=1)))) == data
    assert bytes(decompress(Compression.GZIP, gzip.compress(data))) == data


@pytest.mark.parametrize("codec", REAL)
def test_what_would_inflate_beyond_the_limit_is_corrupt(codec: Compression) -> None:
    packed = compress(codec, bytes(1_000_000))
    assert len(decompress(codec, packed, 1_000_000)) == 1_000_000
    with pytest.raises(CorruptMessage):
        decompress(codec, packed, 999_999)


@pytest.mark.parametrize("codec", REAL)
@pytest.mark.parametrize("damage", ["cut", "garbage", "empty"])
def test_damaged_data_is_corrupt(codec: Compression, damage: str) -> None:
    packed = compress(codec, bytes(range(256)) * 300)
    packed = {"cut": packed[:-20], "garbage": b"\xff\xfe" * 40, "empty": b""}[damage]
    with pytest.raises(CorruptMessage):
        decompress(codec, packed)


@given(st.binary(max_size=200), st.sampled_from(REAL))
@settings(max_examples=200, deadline=None)
def test_no_bytes_whatever_do_more_than_be_corrupt(data: bytes, codec: Compression) -> None:
    try:
        decompress(codec, data, 1 << 20)
    except CorruptMessage:
        return
