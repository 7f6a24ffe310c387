"""Every API in every version, against kio: an independent implementation generated from Kafka's own schemas."""

from __future__ import annotations

import dataclasses
import datetime
import importlib
import io
import re
import uuid
from random import Random
from typing import Any

import pytest
from kio.serial import entity_reader, entity_writer

from cluster.protocol.catalog import ApiSpec
from cluster.protocol.schema import decode, encode_bytes
from tests.protocol.samples import every_message, name_of, sample

SAMPLES = 6
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MILLISECOND = datetime.timedelta(milliseconds=1)


def oracle_of(spec: ApiSpec, cls: type[Any], version: int) -> type[Any]:
    """kio's class for the same message."""
    module = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", spec.name).lower()
    kind = "request" if cls is spec.request else "response"
    oracle: type[Any] = getattr(importlib.import_module(f"kio.schema.{module}.v{version}.{kind}"), cls.__name__)
    return oracle


def plain(value: Any) -> Any:
    """A value of kio's, or of ours, in types that can be compared."""
    match value:
        case uuid.UUID():
            return value.bytes
        case datetime.timedelta():
            return value // MILLISECOND
        case datetime.datetime():
            return (value - EPOCH) // MILLISECOND
        case list() | tuple():
            return [plain(item) for item in value]
        case memoryview():
            return bytes(value)
        case _ if dataclasses.is_dataclass(value):
            return {
                field.name.removesuffix("_ms"): plain(getattr(value, field.name)) for field in dataclasses.fields(value)
            }
        case _:
            return value


def agree(ours: Any, theirs: Any) -> bool:
    """True when all that kio's value has is in ours too; kio has None for the zero uuid and for no timestamp."""
    if isinstance(theirs, dict):
        return all(agree(ours[name], value) for name, value in theirs.items())
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(agree, ours, theirs))
    return bool(ours == theirs) or (theirs is None and ours in (bytes(16), -1))


@pytest.mark.parametrize(("spec", "cls", "version"), list(every_message()), ids=name_of)
def test_kio_reads_what_we_write_and_writes_the_same_bytes(spec: ApiSpec, cls: type[Any], version: int) -> None:
    oracle = oracle_of(spec, cls, version)
    read, write = entity_reader(oracle), entity_writer(oracle)
    random = Random(f"{cls.__name__} {version}")
    for _ in range(SAMPLES):
        message = sample(cls, version, random)
        encoded = encode_bytes(message, version)
        entity, size = read(encoded, 0)
        assert size == len(encoded)
        assert agree(plain(message), plain(entity))
        written = io.BytesIO()
        write(written, entity)
        assert written.getvalue() == encoded
        assert decode(cls, version, encoded) == message
