"""Uuids and varints."""

from __future__ import annotations

import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kio.serial.readers import read_unsigned_varint as kio_read_unsigned_varint

from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.primitives import (
    ZERO_UUID,
    Uuid,
    random_uuid,
    read_unsigned_varint,
    unsigned_varint,
    uuid_from_text,
    uuid_to_text,
)


@given(st.integers(0, (1 << 32) - 1))
def test_a_varint_comes_back_and_kio_reads_the_same(value: int) -> None:
    encoded = b"xx" + unsigned_varint(value) + b"y"
    assert read_unsigned_varint(encoded, 2) == (value, len(encoded) - 1)
    assert kio_read_unsigned_varint(encoded, 2)[0] == value


@pytest.mark.parametrize(
    ("value", "size"), [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (2_097_151, 3), (2_097_152, 4)]
)
def test_a_varint_takes_a_byte_for_every_seven_bits(value: int, size: int) -> None:
    assert len(unsigned_varint(value)) == size


def test_a_varint_of_more_than_five_bytes_is_refused() -> None:
    with pytest.raises(ProtocolViolation):
        read_unsigned_varint(b"\x80" * 5 + b"\x01", 0)


def test_a_uuid_is_printed_as_kafka_prints_it() -> None:
    one = Uuid(uuid.UUID("00000000-0000-0000-0000-000000000001").bytes)
    assert uuid_to_text(one) == "AAAAAAAAAAAAAAAAAAAAAQ"
    assert uuid_to_text(ZERO_UUID) == "AAAAAAAAAAAAAAAAAAAAAA"
    assert uuid_to_text(Uuid(b"\xff" * 16)) == "_____________________w"


def test_a_new_uuid_is_no_option_of_a_command_line() -> None:
    rng = random.Random(1)
    made = [random_uuid(rng) for _ in range(1_000)]
    assert not any(uuid_to_text(one).startswith("-") for one in made)
    assert {uuid.UUID(bytes=one).version for one in made} == {4}
    assert len(set(made)) == 1_000


@given(st.binary(min_size=16, max_size=16))
def test_a_printed_uuid_is_read_back(value: bytes) -> None:
    assert uuid_from_text(uuid_to_text(Uuid(value))) == value


@pytest.mark.parametrize("text", ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAAQ==", "AAAAAAAAAAAAAAAAAAAAAB", "Ä" * 22, "+" * 22])
def test_other_text_is_not_a_uuid(text: str) -> None:
    with pytest.raises(ValueError, match="is not an id"):
        uuid_from_text(text)
