"""Messages full of random but valid values, for tests that go through every API and version."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from cluster.protocol.catalog import API_SPECS, ApiSpec
from cluster.protocol.errors import ErrorCode
from cluster.protocol.fields import FieldInfo, Wire, fields_of
from cluster.protocol.primitives import Uuid

KNOWN_CODES = [code for code in ErrorCode if code <= ErrorCode.REBOOTSTRAP_REQUIRED]
LENGTHS = (0, 1, 2, 5, 30, 126, 127, 128, 300)
SHORT = (0, 1, 3)
BLOB = 20_000
"""Bytes whose length needs three bytes as a varint; only drawn beside the longer lengths."""
LETTERS = "abcdefgh-._ÄöΩ漢😀"
MAX_TIMESTAMP_S = 1 << 32
"""The oracle keeps times as floats of seconds: whole ones survive it."""
BITS = {Wire.INT8: 8, Wire.INT16: 16, Wire.INT32: 32, Wire.INT64: 64}


def every_message() -> Iterator[tuple[ApiSpec, type[Any], int]]:
    """Each request and response class of the catalog, in each of its versions."""
    for spec in API_SPECS.values():
        for version in range(spec.min_version, spec.max_version + 1):
            yield spec, spec.request, version
            yield spec, spec.response, version


def name_of(parameter: object) -> str:
    """How a parameter of a test over `every_message` reads."""
    return parameter.__name__ if isinstance(parameter, type) else str(getattr(parameter, "name", parameter))


def sample(cls: type[Any], version: int, random: Random, lengths: tuple[int, ...] = LENGTHS) -> Any:
    """A message or struct with random values in the fields of the version and defaults in the others."""
    sampler = Sampler(version, random, lengths)
    return sampler.struct(cls)


class Sampler:
    """Draws values for one version; strings and arrays of plain values have one of the lengths."""

    def __init__(self, version: int, random: Random, lengths: tuple[int, ...]) -> None:
        self._version = version
        self._random = random
        self._lengths = lengths

    def struct(self, cls: type[Any]) -> Any:
        """A struct with every field of the version drawn."""
        return cls(**{info.name: self._field(info) for info in fields_of(cls) if self._version in info.versions})

    def _field(self, info: FieldInfo) -> Any:
        if info.nullable is not None and self._version in info.nullable and self._random.random() < 0.25:
            return None
        if info.is_array:
            size = self._random.choice((0, 1, 2, 3) if info.wire is Wire.STRUCT else self._lengths)
            return [self._value(info) for _ in range(size)]
        return self._value(info)

    def _value(self, info: FieldInfo) -> Any:
        random = self._random
        match info.wire:
            case Wire.STRUCT:
                assert info.struct is not None
                return self.struct(info.struct)
            case Wire.BOOL:
                return random.random() < 0.5
            case Wire.UUID:
                return Uuid(random.randbytes(16))
            case Wire.STRING:
                return "".join(random.choices(LETTERS, k=random.choice(self._lengths)))
            case Wire.BYTES | Wire.RECORDS:
                return random.randbytes(
                    random.choice((*self._lengths, BLOB) if self._lengths is LENGTHS else self._lengths)
                )
            case Wire.UINT16:
                return random.choice((0, 1, 9092, 0x8000, 0xFFFF))
            case _:
                return self._integer(info)

    def _integer(self, info: FieldInfo) -> int:
        random = self._random
        if info.name == "error_code":
            return int(random.choice(KNOWN_CODES))
        if info.wire is Wire.INT64 and info.name.endswith("_time_ms"):
            return random.choice((-1, 0, random.randrange(MAX_TIMESTAMP_S) * 1000))
        limit = 1 << (BITS[info.wire] - 1)
        return random.choice((0, 1, -1, 77, limit - 1, -limit, random.randrange(-limit, limit)))
