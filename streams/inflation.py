"""A bound to what aiokafka inflates: a batch of a few kilobytes must not take a gigabyte of the console's memory."""

from collections.abc import Callable
from typing import Any, Final

import aiokafka.record._crecords.default_records as compiled
import aiokafka.record.default_records as plain
from aiokafka.errors import CorruptRecordException

from cluster.protocol.errors import CorruptMessage
from cluster.protocol.records.batch import Compression
from cluster.protocol.records.compression import decompress

MAX_BYTES: Final = 64 * 1024 * 1024
_DECODERS: Final = {
    "gzip_decode": Compression.GZIP,
    "snappy_decode": Compression.SNAPPY,
    "lz4_decode": Compression.LZ4,
    "zstd_decode": Compression.ZSTD,
}


def _bounded(codec: Compression) -> Callable[[Any], bytes]:
    def decode(payload: Any) -> bytes:
        try:
            return bytes(decompress(codec, bytes(payload), MAX_BYTES))
        except CorruptMessage as error:
            raise CorruptRecordException(str(error)) from error

    return decode


def bound_inflation() -> None:
    """Let aiokafka inflate with our codecs, which stop at `MAX_BYTES`: then it raises CorruptRecordException."""
    for module in (compiled, plain):
        for name, codec in _DECODERS.items():
            assert hasattr(module, name), f"aiokafka's {module.__name__} has no {name} any more"
            setattr(module, name, _bounded(codec))
