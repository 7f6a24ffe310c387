"""What the console and the tail inflate is bounded, and whatever real producers compress is still read."""

import tracemalloc

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords

import streams.consumers  # noqa: F401  (it sets the bound)
from cluster.protocol.records.batch import Compression
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from cluster.protocol.records.compression import compress
from streams.inflation import MAX_BYTES
from tests.log.test_forgeries import holding

REAL = [codec for codec in Compression if codec is not Compression.NONE]


def values(batch: bytearray) -> list[bytes | None]:
    return [record.value for record in MemoryRecords(bytes(batch)).next_batch()]


@pytest.mark.parametrize("codec", Compression)
def test_compressed_records_are_read(codec: Compression) -> None:
    written = [bytes(1000), b"a-value", None]
    listed = [NewRecord(b"k", value, 5) for value in written]
    assert values(build_batch(listed, BatchOptions(compression=codec))) == written


@pytest.mark.parametrize("codec", REAL)
def test_a_bomb_is_corrupt_and_takes_no_more_than_the_bound(codec: Compression) -> None:
    bomb = holding(compress(codec, bytes(MAX_BYTES + 1)), codec)
    tracemalloc.start()
    try:
        with pytest.raises(CorruptRecordException):
            values(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2 * MAX_BYTES
    finally:
        tracemalloc.stop()
