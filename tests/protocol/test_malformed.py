"""What a peer may send is anything: the codec answers with a message or a ProtocolViolation, and with little memory."""

from __future__ import annotations

import contextlib
import tracemalloc
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.protocol.catalog import API_SPECS, ApiSpec
from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.messages.fetch import FetchRequest
from cluster.protocol.messages.metadata import DescribeTopicPartitionsRequest, MetadataRequest
from cluster.protocol.messages.offsets import DeleteRecordsRequest
from cluster.protocol.messages.produce import ProduceRequest
from cluster.protocol.primitives import unsigned_varint
from cluster.protocol.schema import decode, encode_bytes
from tests.protocol.samples import SHORT, every_message, name_of, sample

MESSAGES = list(every_message())
POISONS = [b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\xff\xff\xff\xff\x07", b"\xff\xff\xff\xff\xff\xff", b"\x00"]
MULTIPLE = 64
SLACK_BYTES = 64 * 1024


def decode_or_refuse(cls: type[Any], version: int, data: bytes) -> None:
    with contextlib.suppress(ProtocolViolation):
        decode(cls, version, data)


def peak_of_decoding(cls: type[Any], version: int, data: bytes) -> int:
    decode_or_refuse(cls, version, data)
    tracemalloc.start()
    try:
        decode_or_refuse(cls, version, data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("spec", "cls", "version"), MESSAGES, ids=name_of)
def test_a_message_cut_at_any_byte_is_refused(spec: ApiSpec, cls: type[Any], version: int) -> None:
    encoded = encode_bytes(sample(cls, version, Random(f"cut {cls.__name__} {version}"), SHORT), version)
    for end in range(len(encoded)):
        with pytest.raises(ProtocolViolation):
            decode(cls, version, encoded[:end])


@pytest.mark.parametrize(("spec", "cls", "version"), MESSAGES, ids=name_of)
def test_a_message_with_a_byte_too_many_is_refused(spec: ApiSpec, cls: type[Any], version: int) -> None:
    with pytest.raises(ProtocolViolation):
        decode(cls, version, encode_bytes(cls(), version) + b"\0")


@pytest.mark.parametrize(("spec", "cls", "version"), MESSAGES, ids=name_of)
def test_wrong_bytes_anywhere_end_in_a_message_or_a_violation(spec: ApiSpec, cls: type[Any], version: int) -> None:
    random = Random(f"poison {cls.__name__} {version}")
    encoded = encode_bytes(sample(cls, version, random, SHORT), version)
    for position in range(0, len(encoded), max(1, len(encoded) // 40)):
        for poison in POISONS:
            decode_or_refuse(cls, version, encoded[:position] + poison + encoded[position + len(poison) :])


@given(data=st.binary(max_size=200), index=st.integers(0, len(MESSAGES) - 1))
def test_arbitrary_bytes_end_in_a_message_or_a_violation(data: bytes, index: int) -> None:
    _, cls, version = MESSAGES[index]
    decode_or_refuse(cls, version, data)


@pytest.mark.parametrize("spec", API_SPECS.values(), ids=name_of)
def test_a_huge_count_allocates_nothing(spec: ApiSpec) -> None:
    for version in (spec.min_version, spec.max_version):
        for prefix in range(0, 40):
            for poison in POISONS[:4]:
                peak = peak_of_decoding(spec.request, version, bytes(prefix) + poison + bytes(50))
                assert peak < SLACK_BYTES


@pytest.mark.parametrize(
    ("cls", "version", "head", "element"),
    [
        (MetadataRequest, 12, b"", bytes(16) + b"\x01\x00"),
        (MetadataRequest, 9, b"", b"\x01\x00"),
        (DescribeTopicPartitionsRequest, 0, b"", b"\x01\x00"),
        (DeleteRecordsRequest, 2, b"", b"\x01\x01\x00"),
        (ProduceRequest, 9, b"\x00" + bytes(6), b"\x01\x01\x00"),
        (FetchRequest, 12, bytes(25), b"\x01\x01\x00"),
    ],
    ids=name_of,
)
def test_the_shortest_elements_cost_a_small_multiple_of_their_bytes(
    cls: type[Any], version: int, head: bytes, element: bytes
) -> None:
    count = 20_000
    data = head + unsigned_varint(count + 1) + element * count
    assert peak_of_decoding(cls, version, data) < MULTIPLE * len(data) + SLACK_BYTES


def test_a_negative_length_other_than_null_is_refused() -> None:
    for length in (-2, -1000):
        with pytest.raises(ProtocolViolation):
            decode(ProduceRequest, 3, length.to_bytes(2, "big", signed=True) + bytes(10))


def test_null_where_nothing_may_be_null_is_refused() -> None:
    with pytest.raises(ProtocolViolation):
        decode(MetadataRequest, 0, b"\xff\xff\xff\xff")
    with pytest.raises(ProtocolViolation):
        decode(ProduceRequest, 9, b"\x00" + bytes(6) + b"\x00" + b"\x00")


def test_text_that_is_not_utf8_is_read_with_replacement_as_kafka_does() -> None:
    request = decode(MetadataRequest, 0, b"\x00\x00\x00\x01\x00\x02\xff\xfe")
    assert request.topics is not None
    assert [topic.name for topic in request.topics] == ["\ufffd\ufffd"]
