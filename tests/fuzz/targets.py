"""What bad bytes are given to, without a broker: decoders and readers of records, and what each may raise."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from crc32c import crc32c

from cluster.groups.records import read_record
from cluster.log.config import LogConfig
from cluster.log.layout import TopicPartition
from cluster.log.producers.state import AppendOrigin, end_marker
from cluster.log.validation import Appending, acceptable, validate
from cluster.protocol.catalog import API_SPECS
from cluster.protocol.connection import ClientConnection, ServerConnection
from cluster.protocol.errors import CorruptMessage, InvalidRecord, KafkaError, ProtocolViolation
from cluster.protocol.frames import decode_response, parse_request
from cluster.protocol.messages.consumer_protocol import ConsumerProtocolAssignment, ConsumerProtocolSubscription
from cluster.protocol.records.batch import HEADER_BYTES, batches
from cluster.protocol.records.iterate import outlines, records
from cluster.protocol.schema import decode, encode_bytes
from tests.fuzz import messages
from tests.fuzz.mutations import mutated, resized
from tests.protocol.samples import SHORT

MULTIPLE, SLACK_BYTES = 80, 256 * 1024
"""A decoder may allocate so many times its input, and some more."""
INFLATED_BYTES = 1 << 20
NOW = 1_700_000_000_000
ANYWHERE = TopicPartition("orders", 0)
RULES = [
    LogConfig.of(overrides, {})
    for overrides in (
        {},
        {"cleanup.policy": "compact"},
        {"compression.type": "zstd"},
        {"message.timestamp.type": "LogAppendTime"},
        {"message.timestamp.before.max.ms": "1000"},
    )
]


@dataclass(frozen=True, slots=True)
class Target:
    """What takes bytes. `make` makes good ones; `take` may raise `allowed` and nothing else."""

    name: str
    make: Callable[[Random], bytes]
    take: Callable[[bytes], Any]
    allowed: tuple[type[Exception], ...]
    multiple: int = MULTIPLE

    def example(self, random: Random) -> bytes:
        """Bad bytes, made of good ones."""
        return mutated(self.make(random), random)

    def check(self, data: bytes) -> None:
        """Raise what is not allowed."""
        with suppress(*self.allowed):
            self.take(data)

    def check_memory(self, data: bytes) -> None:
        """Raise AssertionError where too much is allocated. The first time through things are compiled and kept."""
        self.check(data)
        tracemalloc.start()
        try:
            self.check(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        limit = self.multiple * len(data) + SLACK_BYTES
        assert peak <= limit, f"{peak} bytes were allocated for {len(data)}"


def _stream(data: bytes) -> None:
    server = ServerConnection(1 << 20)
    view = memoryview(data)
    while view:
        buffer = server.get_buffer(-1)
        size = min(len(buffer), len(view))
        buffer[:size] = view[:size]
        buffer.release()
        server.buffer_updated(size)
        view = view[size:]
        for request in server.requests():
            assert request.api_key in API_SPECS


def _response(random: Random) -> bytes:
    """Which response it is, in the first four bytes; then its frame."""
    spec = random.choice(list(API_SPECS.values()))
    version = random.randint(spec.min_version, spec.max_version)
    message = messages.LikelySampler(version, random, SHORT).struct(spec.response)
    head = bytes((spec.key & 0xFF, version))
    return head + bytes(5) + encode_bytes(message, version)


def _take_response(data: bytes) -> None:
    specs = list(API_SPECS.values())
    if len(data) < 2:
        return
    spec = API_SPECS.get(data[0]) or specs[data[0] % len(specs)]
    version = min(max(data[1], spec.min_version), spec.max_version)
    decode_response(spec.key, version, data[2:])
    client = ClientConnection("a-client")
    client.send_request(spec.key, version, spec.request())


def _with_crc(data: bytes) -> bytearray:
    """So that what is behind the CRC is looked at."""
    changed = bytearray(data)
    if len(changed) > HEADER_BYTES:
        changed[8:12] = (len(changed) - 12).to_bytes(4, "big")
        changed[16] = 2
        changed[17:21] = crc32c(changed[21:]).to_bytes(4, "big")
    return changed


def _validate(data: bytes) -> None:
    for config in RULES:
        for changed in (bytearray(data), _with_crc(data)):
            with suppress(KafkaError):
                validate(changed, Appending(ANYWHERE, config, AppendOrigin.CLIENT, NOW))


def _read_batches(data: bytes) -> None:
    for found in batches(_with_crc(data)):
        for walk in (records, outlines):
            with suppress(CorruptMessage, InvalidRecord):
                for _ in walk(found, INFLATED_BYTES):
                    pass
        with suppress(CorruptMessage, InvalidRecord):
            end_marker(found)
    with suppress(CorruptMessage):
        acceptable(data, 5, ANYWHERE)


def _group_record(random: Random) -> bytes:
    key = random.choice((b"\x00\x01\x00\x01g\x00\x01t\x00\x00\x00\x00", b"\x00\x02\x00\x01g"))
    value = b"\x00\x03" + bytes(30) if key[1] == 2 else b"\x00\x03" + bytes(24)
    return bytes([len(key)]) + key + value


def _take_group_record(data: bytes) -> None:
    size = data[0] if data else 0
    read_record(data[1 : size + 1], data[size + 1 :] or None)


def _subscription(random: Random) -> bytes:
    cls = random.choice((ConsumerProtocolSubscription, ConsumerProtocolAssignment))
    return encode_bytes(messages.LikelySampler(0, random, SHORT).struct(cls), 0)


def _take_subscription(data: bytes) -> None:
    for cls in (ConsumerProtocolSubscription, ConsumerProtocolAssignment):
        for version in range(4):
            with suppress(ProtocolViolation):
                decode(cls, version, data)


TARGETS = {
    target.name: target
    for target in (
        Target("request", lambda r: messages.request(r)[2][4:], parse_request, (ProtocolViolation,)),
        Target("response", _response, _take_response, (ProtocolViolation,)),
        Target("stream", lambda r: resized(messages.request(r)[2]) * 2, _stream, (ProtocolViolation,)),
        Target("produced batch", messages.batch, _validate, (), multiple=1000),
        Target("stored batch", messages.batch, _read_batches, (), multiple=1000),
        Target("group record", _group_record, _take_group_record, (ProtocolViolation,)),
        Target("subscription", _subscription, _take_subscription, (ProtocolViolation,)),
    )
}
