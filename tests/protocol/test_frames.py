"""Headers and frames, of both directions."""

from __future__ import annotations

import struct
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kio.schema.request_header.v1.header import RequestHeader as OracleHeaderV1
from kio.schema.request_header.v2.header import RequestHeader as OracleHeaderV2
from kio.serial import entity_reader

from cluster.protocol.api import ApiKey
from cluster.protocol.catalog import API_SPECS, ApiSpec
from cluster.protocol.errors import ErrorCode, ProtocolViolation
from cluster.protocol.frames import decode_response, encode_request, encode_response, parse_request
from cluster.protocol.messages.fetch import FetchableTopicResponse, FetchResponse, PartitionData
from cluster.protocol.messages.handshake import ApiVersion, ApiVersionsResponse, RequestHeader, ResponseHeader
from cluster.protocol.messages.metadata import MetadataRequest
from cluster.protocol.schema import encode_bytes
from tests.protocol.samples import SHORT, name_of, sample

VERSIONS = [(spec, version) for spec in API_SPECS.values() for version in range(spec.min_version, spec.max_version + 1)]


def joined(buffers: list[Any]) -> bytearray:
    """The frame without its size, which is checked."""
    frame = bytearray(b"".join(buffers))
    assert struct.unpack_from(">i", frame) == (len(frame) - 4,)
    return frame[4:]


@pytest.mark.parametrize(("spec", "version"), VERSIONS, ids=name_of)
def test_a_request_is_parsed_as_it_was_sent(spec: ApiSpec, version: int) -> None:
    message = sample(spec.request, version, Random(version), SHORT)
    for client_id in ("", "a client", "Ω", None):
        frame = joined(encode_request(spec.key, version, 77, client_id, message))
        request = parse_request(frame)
        assert (request.api_key, request.api_version, request.correlation_id) == (spec.key, version, 77)
        assert request.api_key is spec.key
        assert request.client_id == client_id
        assert request.body == message
        assert request.frame is frame
        assert not request.unsupported_version


@pytest.mark.parametrize(("spec", "version"), VERSIONS, ids=name_of)
def test_kio_reads_the_header_of_every_request(spec: ApiSpec, version: int) -> None:
    body = encode_bytes(spec.request(), version)
    flexible = spec.flexible_since is not None and version >= spec.flexible_since
    frame = joined(encode_request(spec.key, version, -5, "client", spec.request()))
    header, size = entity_reader(OracleHeaderV2 if flexible else OracleHeaderV1)(bytes(frame), 0)
    assert (header.request_api_key, header.request_api_version) == (spec.key, version)
    assert (header.correlation_id, header.client_id) == (-5, "client")
    assert frame[size:] == body


@pytest.mark.parametrize(("spec", "version"), VERSIONS, ids=name_of)
def test_a_response_is_decoded_as_it_was_sent(spec: ApiSpec, version: int) -> None:
    message = sample(spec.response, version, Random(version), SHORT)
    if spec.key is ApiKey.API_VERSIONS:
        message.error_code = 0
    frame = joined(encode_response(spec.key, version, 77, message))
    assert decode_response(spec.key, version, frame) == (77, message)


@pytest.mark.parametrize(("spec", "version"), VERSIONS, ids=name_of)
def test_frames_are_a_declared_header_and_a_body(spec: ApiSpec, version: int) -> None:
    flexible = spec.flexible_since is not None and version >= spec.flexible_since
    for client_id in ("client", "", None):
        header = RequestHeader(
            request_api_key=spec.key, request_api_version=version, correlation_id=6, client_id=client_id
        )
        expected = encode_bytes(header, 2 if flexible else 1) + encode_bytes(spec.request(), version)
        assert joined(encode_request(spec.key, version, 6, client_id, spec.request())) == expected
    header_version = 1 if flexible and spec.key is not ApiKey.API_VERSIONS else 0
    expected = encode_bytes(ResponseHeader(correlation_id=6), header_version) + encode_bytes(spec.response(), version)
    assert joined(encode_response(spec.key, version, 6, spec.response())) == expected


def test_the_response_header_has_tagged_fields_from_the_first_flexible_version_on() -> None:
    body = encode_bytes(FetchResponse(), 12)
    assert joined(encode_response(ApiKey.FETCH, 12, 1, FetchResponse())) == b"\0\0\0\1\0" + body
    body = encode_bytes(FetchResponse(), 11)
    assert joined(encode_response(ApiKey.FETCH, 11, 1, FetchResponse())) == b"\0\0\0\1" + body


def test_the_response_header_of_api_versions_never_has_tagged_fields() -> None:
    message = ApiVersionsResponse(api_keys=[ApiVersion(api_key=18, max_version=4)])
    for version in range(5):
        frame = joined(encode_response(ApiKey.API_VERSIONS, version, 9, message))
        assert frame == b"\0\0\0\x09" + encode_bytes(message, version)


def test_tagged_fields_of_headers_are_skipped() -> None:
    frame = joined(encode_request(ApiKey.METADATA, 9, 1, "c", MetadataRequest()))
    assert frame[11] == 0
    tagged = frame[:11] + b"\x01\x07\x02ab" + frame[12:]
    assert parse_request(tagged).body == MetadataRequest()
    response = joined(encode_response(ApiKey.FETCH, 12, 1, FetchResponse()))
    tagged = response[:4] + b"\x01\x07\x02ab" + response[5:]
    assert decode_response(ApiKey.FETCH, 12, tagged) == (1, FetchResponse())


class TestApiVersionsDowngrade:
    @pytest.mark.parametrize("version", [5, 99, 0x7FFF, -1])
    def test_a_version_that_nobody_knows_is_not_parsed_but_marked(self, version: int) -> None:
        frame = struct.pack(">hhih", ApiKey.API_VERSIONS, version, 3, 1) + b"c" + b"\xff\x00a later version"
        request = parse_request(frame)
        assert request.unsupported_version
        assert request.body is None
        assert (request.api_version, request.correlation_id, request.client_id) == (0, 3, "c")

    @pytest.mark.parametrize("version", range(5))
    def test_the_client_reads_the_answer_as_version_0(self, version: int) -> None:
        refusal = ApiVersionsResponse(
            error_code=ErrorCode.UNSUPPORTED_VERSION, api_keys=[ApiVersion(api_key=18, min_version=0, max_version=2)]
        )
        frame = joined(encode_response(ApiKey.API_VERSIONS, 0, 3, refusal))
        assert decode_response(ApiKey.API_VERSIONS, version, frame) == (3, refusal)


class TestViolations:
    @pytest.mark.parametrize("key", [4, 7, 26, 999, -1])
    def test_an_api_that_is_not_served_is_a_violation(self, key: int) -> None:
        with pytest.raises(ProtocolViolation, match="not served"):
            parse_request(struct.pack(">hhih", key, 0, 1, -1))

    @pytest.mark.parametrize(("key", "version"), [(0, 2), (0, 14), (1, 3), (22, 6), (3, -1)])
    def test_a_version_that_is_not_served_is_a_violation(self, key: int, version: int) -> None:
        with pytest.raises(ProtocolViolation, match="not served"):
            parse_request(struct.pack(">hhih", key, version, 1, -1) + bytes(50))

    @pytest.mark.parametrize("length", [-2, -0x8000, 5, 0x7FFF])
    def test_a_client_id_of_impossible_length_is_a_violation(self, length: int) -> None:
        with pytest.raises(ProtocolViolation):
            parse_request(struct.pack(">hhih", ApiKey.METADATA, 9, 1, length) + b"abcd")

    @pytest.mark.parametrize(("spec", "version"), VERSIONS, ids=name_of)
    def test_a_frame_cut_at_any_byte_is_a_violation(self, spec: ApiSpec, version: int) -> None:
        frame = joined(encode_request(spec.key, version, 1, "client", spec.request()))
        for end in range(len(frame)):
            with pytest.raises(ProtocolViolation):
                parse_request(frame[:end])
        frame = joined(encode_response(spec.key, version, 1, spec.response()))
        for end in range(len(frame)):
            with pytest.raises(ProtocolViolation):
                decode_response(spec.key, version, frame[:end])

    def test_bytes_after_a_response_are_a_violation(self) -> None:
        frame = joined(encode_response(ApiKey.API_VERSIONS, 0, 1, ApiVersionsResponse()))
        with pytest.raises(ProtocolViolation):
            decode_response(ApiKey.API_VERSIONS, 0, frame + b"\0")

    @given(data=st.binary(max_size=100), key=st.sampled_from(sorted(API_SPECS)), version=st.integers(-1, 20))
    def test_any_frame_is_a_request_or_a_violation(self, data: bytes, key: int, version: int) -> None:
        try:
            request = parse_request(struct.pack(">hh", key, version) + data)
        except ProtocolViolation:
            return
        assert request.api_key == key


def test_bytes_after_a_request_are_left_alone() -> None:
    """What librdkafka 2.16 sends to list all topics."""
    frame = bytes.fromhex("0003000d00000003000772646b61666b610000000000010000")
    assert parse_request(frame).body == MetadataRequest(topics=None, allow_auto_topic_creation=False)


def test_a_response_keeps_its_records_in_their_own_buffers() -> None:
    records = [bytes(5000), bytes(7000)]
    partitions = [
        PartitionData(partition_index=0, records=records),
        PartitionData(partition_index=1, records=b"x" * 99),
    ]
    response = FetchResponse(responses=[FetchableTopicResponse(topic="t", partitions=partitions)])
    buffers = encode_response(ApiKey.FETCH, 12, 1, response)
    assert all(any(buffer is part for buffer in buffers) for part in records)
    assert len(buffers) == 6
    _, decoded = decode_response(ApiKey.FETCH, 12, joined(buffers))
    assert [len(data.records) for data in decoded.responses[0].partitions] == [12_000, 99]
