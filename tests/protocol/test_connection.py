"""Both sides of a connection, fed in pieces of every size."""

from __future__ import annotations

import struct
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.protocol.api import ApiKey
from cluster.protocol.connection import (
    FIRST_BYTES,
    MAX_CORRELATION_ID,
    RECEIVE_BYTES,
    TRUSTED_BYTES,
    ClientConnection,
    FrameReceiver,
    ServerConnection,
    receive_buffer,
)
from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.messages.handshake import ApiVersionsRequest, ApiVersionsResponse
from cluster.protocol.messages.metadata import MetadataRequest, MetadataResponse
from cluster.protocol.messages.produce import PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData

LIMIT = 100 * 1024 * 1024


def feed(receiver: Any, data: bytes, piece: int = 1 << 30) -> None:
    """Write bytes as an event loop does: as many as fit and as have come, at most `piece` at a time."""
    view = memoryview(data)
    while view:
        buffer = receiver.get_buffer(-1)
        assert len(buffer) > 0
        size = min(len(buffer), len(view), piece)
        buffer[:size] = view[:size]
        buffer.release()
        receiver.buffer_updated(size)
        view = view[size:]


def framed(*bodies: bytes) -> bytes:
    return b"".join(struct.pack(">i", len(body)) + body for body in bodies)


def sent(connection: ClientConnection | ServerConnection) -> bytes:
    return b"".join(connection.data_to_send())


def produce(size: int, acks: int = -1) -> ProduceRequest:
    data = PartitionProduceData(index=0, records=bytes(range(256)) * (size // 256))
    return ProduceRequest(acks=acks, topic_data=[TopicProduceData(name="t", partition_data=[data])])


class TestFrameReceiver:
    @pytest.mark.parametrize("piece", [1, 2, 3, 5, 7, 1000])
    def test_frames_come_whole_whatever_the_pieces(self, piece: int) -> None:
        bodies = [b"", b"a", b"bc" * 50, b"", bytes(3000)]
        receiver = FrameReceiver(LIMIT)
        feed(receiver, framed(*bodies), piece)
        assert list(receiver.frames()) == bodies

    def test_a_stream_cut_at_every_byte_gives_the_same_frames(self) -> None:
        bodies = [b"one", b"", b"three is longer"]
        stream = framed(*bodies)
        for cut in range(len(stream) + 1):
            receiver = FrameReceiver(LIMIT)
            feed(receiver, stream[:cut])
            first = list(receiver.frames())
            feed(receiver, stream[cut:])
            assert first + list(receiver.frames()) == bodies

    @settings(max_examples=40)
    @given(
        sizes=st.lists(st.sampled_from([0, 1, 100, 5000, RECEIVE_BYTES - 4, RECEIVE_BYTES - 3, RECEIVE_BYTES * 3])),
        piece=st.sampled_from([997, 4096, RECEIVE_BYTES, RECEIVE_BYTES + 1, 1 << 20]),
    )
    def test_small_and_big_frames_take_turns(self, sizes: list[int], piece: int) -> None:
        bodies = [bytes([index % 251]) * size for index, size in enumerate(sizes)]
        receiver = FrameReceiver(LIMIT)
        feed(receiver, framed(*bodies), piece)
        assert list(receiver.frames()) == bodies

    def test_a_frame_larger_than_what_is_trusted_grows_with_what_arrives(self) -> None:
        body = bytes(range(256)) * (5 * TRUSTED_BYTES // 512)
        receiver = FrameReceiver(LIMIT)
        feed(receiver, framed(b"before", body, b"after"), 1 << 20)
        assert list(receiver.frames()) == [b"before", body, b"after"]

    def test_who_has_sent_a_big_frame_gets_the_memory_of_the_next_at_once(self) -> None:
        receiver = FrameReceiver(LIMIT)
        feed(receiver, struct.pack(">i", 1_000_000) + b"x")
        assert len(receiver.get_buffer(-1)) == FIRST_BYTES - 1
        feed(receiver, bytes(999_999) + struct.pack(">i", 1_000_000) + b"x")
        assert len(receiver.get_buffer(-1)) == 999_999

    def test_receivers_that_share_a_buffer_do_not_mix_what_has_arrived(self) -> None:
        scratch = receive_buffer()
        receivers = [FrameReceiver(LIMIT, scratch) for _ in range(3)]
        bodies = [bytes([65 + index]) * 1000 for index in range(3)]
        for position in range(0, 1004, 97):
            for receiver, body in zip(receivers, bodies, strict=True):
                feed(receiver, framed(body)[position : position + 97])
        assert [list(receiver.frames()) for receiver in receivers] == [[body] for body in bodies]

    def test_what_is_held_is_known_before_it_is_allocated(self) -> None:
        receiver = FrameReceiver(LIMIT)
        assert receiver.held_bytes == 0
        feed(receiver, struct.pack(">i", LIMIT) + bytes(FIRST_BYTES - 1))
        assert (receiver.held_bytes, receiver.arrived_bytes) == (2 * (FIRST_BYTES - 1), FIRST_BYTES - 1)
        feed(receiver, bytes(FIRST_BYTES - 1))
        assert (receiver.held_bytes, receiver.arrived_bytes) == (4 * (FIRST_BYTES - 1), 2 * (FIRST_BYTES - 1))

    def test_each_frame_has_its_own_mutable_memory(self) -> None:
        receiver = FrameReceiver(LIMIT)
        feed(receiver, framed(b"abc", b"def"))
        first, second = receiver.frames()
        first[0] = ord("X")
        feed(receiver, framed(b"ghi"))
        assert (first, second) == (b"Xbc", b"def")

    @pytest.mark.parametrize(("sent", "what"), [(b"GET / HTTP/1.1\r\n", "HTTP"), (b"\x16\x03\x01\x02\x00\x01", "TLS")])
    def test_what_is_for_another_kind_of_port_is_told_apart(self, sent: bytes, what: str) -> None:
        with pytest.raises(ProtocolViolation, match=what):
            feed(FrameReceiver(LIMIT), sent)

    @pytest.mark.parametrize("size", [-1, -(2**31), LIMIT + 1, 2**31 - 1])
    def test_a_frame_of_impossible_size_is_a_violation(self, size: int) -> None:
        with pytest.raises(ProtocolViolation):
            feed(FrameReceiver(LIMIT), struct.pack(">i", size))

    def test_a_promise_of_many_bytes_allocates_few(self) -> None:
        receiver = FrameReceiver(LIMIT)
        tracemalloc.start()
        try:
            feed(receiver, struct.pack(">i", LIMIT) + bytes(1000))
            assert tracemalloc.get_traced_memory()[1] < 2 * FIRST_BYTES
        finally:
            tracemalloc.stop()


class TestServer:
    def test_requests_are_answered_in_order_and_by_their_versions(self) -> None:
        client, server = ClientConnection("c"), ServerConnection(LIMIT)
        ids = [
            client.send_request(ApiKey.METADATA, 1, MetadataRequest()),
            client.send_request(ApiKey.METADATA, 12, MetadataRequest()),
            client.send_request(ApiKey.API_VERSIONS, 3, ApiVersionsRequest()),
        ]
        feed(server, sent(client), 7)
        for request in server.requests():
            answer = ApiVersionsResponse() if request.api_key is ApiKey.API_VERSIONS else MetadataResponse()
            server.send_response(request, answer)
        feed(client, sent(server), 3)
        assert list(client.responses()) == list(
            zip(ids, [MetadataResponse(), MetadataResponse(), ApiVersionsResponse()], strict=True)
        )

    def test_requests_are_decoded_one_by_one_as_they_are_taken(self) -> None:
        client, server = ClientConnection("c"), ServerConnection(LIMIT)
        client.send_request(ApiKey.METADATA, 1, MetadataRequest())
        feed(server, sent(client) + framed(b"nonsense"))
        first = next(server.requests())
        assert first.body == MetadataRequest()
        with pytest.raises(ProtocolViolation):
            next(server.requests())

    def test_what_was_given_to_be_sent_is_not_given_again(self) -> None:
        client, server = ClientConnection("c"), ServerConnection(LIMIT)
        client.send_request(ApiKey.METADATA, 1, MetadataRequest())
        assert sent(client)
        assert sent(client) == b""
        assert sent(server) == b""

    @pytest.mark.parametrize("size", [0, 16 * 1024, 1024 * 1024])
    def test_records_can_be_patched_in_the_frame_of_the_request(self, size: int) -> None:
        client, server = ClientConnection("c"), ServerConnection(LIMIT)
        client.send_request(ApiKey.PRODUCE, 12, produce(size))
        feed(server, sent(client), 10_000)
        (request,) = server.requests()
        records = request.body.topic_data[0].partition_data[0].records
        assert not records.readonly
        assert records == bytes(range(256)) * (size // 256)
        if size:
            records[:8] = b"\xff" * 8
            assert b"\xff" * 8 in request.frame


class TestClient:
    def test_a_produce_without_acks_expects_no_response(self) -> None:
        client, server = ClientConnection("c"), ServerConnection(LIMIT)
        client.send_request(ApiKey.PRODUCE, 9, produce(256, acks=0))
        expected = client.send_request(ApiKey.PRODUCE, 9, produce(256))
        feed(server, sent(client))
        _, acknowledged = server.requests()
        server.send_response(acknowledged, ProduceResponse())
        feed(client, sent(server))
        assert list(client.responses()) == [(expected, ProduceResponse())]

    def test_a_response_that_nobody_asked_for_is_a_violation(self) -> None:
        client = ClientConnection(None)
        feed(client, framed(bytes(10)))
        with pytest.raises(ProtocolViolation, match="nobody asked"):
            list(client.responses())

    def test_a_response_out_of_order_is_a_violation(self) -> None:
        client, server = ClientConnection("c"), ServerConnection(LIMIT)
        for _ in range(2):
            client.send_request(ApiKey.METADATA, 1, MetadataRequest())
        feed(server, sent(client))
        for request in reversed(list(server.requests())):
            server.send_response(request, MetadataResponse())
        feed(client, sent(server))
        with pytest.raises(ProtocolViolation, match="in place of"):
            list(client.responses())

    def test_a_refused_request_leaves_no_trace(self) -> None:
        client = ClientConnection("c")
        with pytest.raises(ValueError, match="cannot hold"):
            client.send_request(ApiKey.METADATA, 0, MetadataRequest(topics=None))
        assert sent(client) == b""
        assert client.send_request(ApiKey.METADATA, 1, MetadataRequest()) == 0

    def test_correlation_ids_begin_anew_after_the_last_one(self) -> None:
        client = ClientConnection("c")
        client._next_correlation_id = MAX_CORRELATION_ID
        assert client.send_request(ApiKey.METADATA, 1, MetadataRequest()) == MAX_CORRELATION_ID
        assert client.send_request(ApiKey.METADATA, 1, MetadataRequest()) == 0
