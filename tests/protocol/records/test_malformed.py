"""Batches whose records are not what their header says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.protocol.errors import InvalidRecord
from cluster.protocol.records.batch import HEADER_BYTES, Batch, batches
from cluster.protocol.records.build import NewRecord, build_batch
from cluster.protocol.records.iterate import outlines, records

GOOD = bytes(build_batch([NewRecord(b"key", b"value", 5, (("name", b"x"),)), NewRecord(None, None, 6)]))


def with_payload(payload: bytes, count: int) -> Batch:
    data = bytearray(GOOD[:HEADER_BYTES] + payload)
    data[8:12] = (len(data) - 12).to_bytes(4, "big")
    data[57:61] = count.to_bytes(4, "big")
    return Batch(data)


def record(*parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([len(body) * 2]) + body


@pytest.mark.parametrize(
    "batch",
    [
        with_payload(GOOD[HEADER_BYTES:], 3),
        with_payload(GOOD[HEADER_BYTES:], 1),
        with_payload(GOOD[HEADER_BYTES:-1], 2),
        with_payload(record(b"\0\0\0\x7f", b"ab", b"\1\0"), 1),
        with_payload(record(b"\0\0\0\1\1", b"\x01"), 1),
        with_payload(record(b"\0\0\0\1\1", b"\x02\x01\x01"), 1),
        with_payload(record(b"\0\0\0\1\1", b"\x02\x02\xff\x01"), 1),
        with_payload(record(b"\0\0\0\3\1\0"), 1),
        with_payload(record(b"\0\0\0\1\1\0", b"left over"), 1),
        with_payload(b"\x01", 1),
        with_payload(b"\xff" * 11, 1),
        with_payload(b"", 1),
    ],
)
def test_it_is_an_invalid_record(batch: Batch) -> None:
    with pytest.raises(InvalidRecord):
        list(records(batch))


def test_walking_finds_the_same_wrong_lengths() -> None:
    for batch in (with_payload(GOOD[HEADER_BYTES:], 3), with_payload(b"\xff" * 11, 1), with_payload(b"\x01", 1)):
        with pytest.raises(InvalidRecord):
            list(outlines(batch))


@given(st.binary(max_size=120), st.integers(0, 5))
@settings(max_examples=300, deadline=None)
def test_no_payload_whatever_does_more_than_be_invalid(payload: bytes, count: int) -> None:
    for walk in (records, outlines):
        try:
            list(walk(with_payload(payload, count)))
        except InvalidRecord:
            continue


@given(st.integers(0, len(GOOD) * 8 - 1))
@settings(max_examples=200, deadline=None)
def test_a_flipped_bit_is_noticed_where_it_matters(bit: int) -> None:
    data = bytearray(GOOD)
    data[bit >> 3] ^= 1 << (bit & 7)
    found = list(batches(data))
    unprotected = bit >> 3 < 8 or 12 <= bit >> 3 < 16
    assert unprotected == bool(found and found[0].crc_valid())
