"""How fast the codec is, beside kio's in the same run: `python -m tests.benchmarks.codec`. Compare ratios only."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from timeit import Timer
from typing import Any

from kio.schema.fetch.v13.request import FetchRequest as KioFetchRequest
from kio.schema.fetch.v13.response import FetchResponse as KioFetchResponse
from kio.schema.metadata.v12.response import MetadataResponse as KioMetadataResponse
from kio.schema.produce.v9.request import ProduceRequest as KioProduceRequest
from kio.schema.produce.v9.response import ProduceResponse as KioProduceResponse
from kio.serial import entity_reader, entity_writer
from rich.console import Console
from rich.table import Table

from cluster.protocol.messages.fetch import (
    FetchableTopicResponse,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    PartitionData,
)
from cluster.protocol.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from cluster.protocol.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from cluster.protocol.primitives import Uuid
from cluster.protocol.schema import decode, encode, encode_bytes

ROUNDS = 15
RECORDS = bytes(16 * 1024)
TOPIC_ID = Uuid(bytes(range(16)))
TEN = range(10)


@dataclass(frozen=True, slots=True)
class Case:
    """A message of ours, its version, and kio's class for it."""

    message: Any
    version: int
    oracle: type[Any]


def produce_request() -> ProduceRequest:
    data = PartitionProduceData(index=3, records=RECORDS)
    return ProduceRequest(
        acks=-1, timeout_ms=30_000, topic_data=[TopicProduceData(name="topic", partition_data=[data])]
    )


def produce_response() -> ProduceResponse:
    partition = PartitionProduceResponse(index=3, base_offset=55)
    return ProduceResponse(responses=[TopicProduceResponse(name="topic", partition_responses=[partition])])


def fetch_request() -> FetchRequest:
    partitions = [FetchPartition(partition=i, fetch_offset=77, partition_max_bytes=1 << 20) for i in TEN]
    return FetchRequest(max_wait_ms=500, min_bytes=1, topics=[FetchTopic(topic_id=TOPIC_ID, partitions=partitions)])


def fetch_response() -> FetchResponse:
    partitions = [PartitionData(partition_index=i, aborted_transactions=None, records=RECORDS) for i in TEN]
    return FetchResponse(responses=[FetchableTopicResponse(topic_id=TOPIC_ID, partitions=partitions)])


def metadata_response() -> MetadataResponse:
    def topic(number: int) -> MetadataResponseTopic:
        partitions = [
            MetadataResponsePartition(partition_index=i, leader_id=1, replica_nodes=[1, 2, 3], isr_nodes=[1, 2, 3])
            for i in TEN
        ]
        return MetadataResponseTopic(name=f"topic-{number}", topic_id=TOPIC_ID, partitions=partitions)

    brokers = [MetadataResponseBroker(node_id=i, host="127.0.0.1", port=9092 + i) for i in range(3)]
    return MetadataResponse(brokers=brokers, cluster_id="cluster", topics=[topic(number) for number in TEN])


CASES = [
    Case(produce_request(), 9, KioProduceRequest),
    Case(produce_response(), 9, KioProduceResponse),
    Case(fetch_request(), 13, KioFetchRequest),
    Case(fetch_response(), 13, KioFetchResponse),
    Case(metadata_response(), 12, KioMetadataResponse),
]


def microseconds(function: Callable[[], object]) -> float:
    """The best of some rounds: what the function takes when nobody disturbs it."""
    timer = Timer(function)
    number = max(1, timer.autorange()[0] // 20)
    return min(timer.repeat(ROUNDS, number)) / number * 1e6


def measure(case: Case) -> list[float]:
    """Decoding: ours, kio's. Encoding: ours to buffers, ours to bytes, kio's."""
    cls, message, version = type(case.message), case.message, case.version
    encoded = encode_bytes(message, version)
    frame = bytearray(encoded)
    read, write = entity_reader(case.oracle), entity_writer(case.oracle)
    entity = read(encoded, 0)[0]
    return [
        microseconds(lambda: decode(cls, version, frame)),
        microseconds(lambda: read(encoded, 0)),
        microseconds(lambda: encode(message, version)),
        microseconds(lambda: encode_bytes(message, version)),
        microseconds(lambda: write(io.BytesIO(), entity)),
    ]


def main() -> None:
    """Print µs per message."""
    table = Table("message", "decode", "kio", "encode to buffers", "to bytes", "kio", title="µs per message")
    for case in CASES:
        figures = (f"{figure:.1f}" for figure in measure(case))
        table.add_row(f"{type(case.message).__name__} v{case.version}", *figures)
    Console().print(table)


if __name__ == "__main__":
    main()
