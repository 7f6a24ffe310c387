"""Produce with every kind of batch, InitProducerId, DescribeProducers."""

import time
from dataclasses import replace

from cluster.protocol.messages.groups import ListGroupsRequest
from cluster.protocol.messages.produce import (
    DescribeProducersRequest,
    InitProducerIdRequest,
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicRequest,
)
from cluster.protocol.primitives import Uuid
from cluster.protocol.records.batch import Compression
from cluster.protocol.records.iterate import MAX_RECORDS
from tests.conformance.batches import TIME, crowded, forged, good, keyless, old_message_set
from tests.conformance.recorder import Peer, until

HOUR_MS = 3_600_000


def produced(peer: Peer, topic: str, records: bytes | None, *, partition: int = 0, acks: int = -1) -> ProduceRequest:
    """One batch to one partition."""
    data = TopicProduceData(
        name=topic,
        topic_id=peer.topic_id(topic),
        partition_data=[PartitionProduceData(index=partition, records=records)],
    )
    return ProduceRequest(acks=acks, timeout_ms=10_000, topic_data=[data])


async def produce(peer: Peer) -> None:
    topic = await peer.create("good", 3)
    await peer.ask_in_every_version("one", lambda _: produced(peer, topic, good()))
    await peer.ask_in_every_version("five, acks 1", lambda _: produced(peer, topic, good(5), acks=1))
    for codec in Compression:
        for version in (3, 6, 7, 13):
            await peer.ask(f"codec {codec.name}", produced(peer, topic, good(3, compression=codec)), version)
    await peer.ask_in_every_version("not the leader", lambda _: produced(peer, topic, good(), partition=1))
    await peer.ask_in_every_version("unknown partition", lambda _: produced(peer, topic, good(), partition=7))
    await peer.ask_in_every_version("unknown topic", lambda _: produced(peer, peer.called("gone"), good()))
    await peer.ask("negative partition", produced(peer, topic, good(), partition=-1))
    data = TopicProduceData(topic_id=Uuid(b"unknown topic id"), partition_data=[PartitionProduceData(records=good())])
    await peer.ask("unknown id", ProduceRequest(acks=-1, timeout_ms=1000, topic_data=[data]))
    for acks in (2, -2, 7):
        await peer.ask_in_every_version(f"acks {acks}", lambda _, acks=acks: produced(peer, topic, good(), acks=acks))
    await peer.ask("no topics", ProduceRequest(acks=-1, timeout_ms=1000))
    await peer.ask("no topics", ProduceRequest(acks=-1, timeout_ms=1000), 9)
    await peer.ask("no partitions", ProduceRequest(acks=-1, topic_data=[TopicProduceData(name=topic)]), 9)
    for called in ("", "mine"):
        # Some clients name a transaction with every batch; only one that belongs to it is looked at for it.
        named = replace(produced(peer, topic, good()), transactional_id=called)
        await peer.ask_in_every_version(f"ordinary batch, transactional id {called!r}", lambda _, named=named: named)
    internal = await peer.offsets_topic()
    await peer.ask("internal topic", produced(peer, internal, good()), 9)
    await peer.ask("metadata topic", produced(peer, "__cluster_metadata", good()), 9)
    await peer.ask(
        "timeout 0", ProduceRequest(acks=1, timeout_ms=0, topic_data=produced(peer, topic, good()).topic_data)
    )


async def unanswered(peer: Peer) -> None:
    """With acks=0 there is no answer; an error ends the connection, which the next request on it tells."""
    topic = await peer.create("plain")
    small = await peer.create("small", max_message_bytes="100")
    gone = peer.called("gone")
    for label, request in {
        "good": produced(peer, topic, good(), acks=0),
        "unknown topic": produced(peer, gone, good(), acks=0),
        "unknown partition": produced(peer, topic, good(), acks=0, partition=9),
        "wrong CRC": produced(peer, topic, forged(good(), crc=1), acks=0),
        "too large": produced(peer, small, good(value=b"x" * 200), acks=0),
        "no topics": ProduceRequest(acks=0),
    }.items():
        for version in (3, 9, 13):
            via = f"{label} {version}"
            await peer.quietly(request, version, via=via)
            await peer.ask(f"after {label} in v{version}", ListGroupsRequest(), via=via, shown=lambda _: "answered")
        await peer.quietly(produced(peer, topic, good(), acks=0), broker=2, via=label)
        await peer.ask(f"after {label} elsewhere", ListGroupsRequest(), broker=2, via=label, shown=lambda _: "answered")


async def bad_batches(peer: Peer) -> None:
    topic = await peer.create("plain")
    await peer.ask("null records", produced(peer, topic, None), 8)
    for name, records in {**_torn(), **_lying(), **_odd()}.items():
        for version in (3, 7, 8, 13):
            await peer.ask(name, produced(peer, topic, records), version, shown=_without_offset)


def _torn() -> dict[str, bytes]:
    batch = good()
    return {
        "empty records": b"",
        "garbage": b"\1" * 70,
        "short garbage": b"\1" * 10,
        "cut in its header": batch[:40],
        "cut in its records": batch[:-1],
        "byte behind": batch + b"\0",
        "two batches": batch + batch,
        "magic 0": old_message_set(0),
        "magic 1": old_message_set(1),
        "magic 3": forged(batch, magic=3),
        "magic -1": forged(batch, magic=-1),
        "wrong CRC": forged(batch, crc=1),
        "length too small": forged(batch, length=10),
        "length 0": forged(batch, length=0),
        "length negative": forged(batch, length=-1),
        "length one less": forged(batch, length=len(batch) - 13),
        "length one more": forged(batch, length=len(batch) - 11),
    }


def _lying() -> dict[str, bytes]:
    batch, three = good(), good(3)
    return {
        "count 0": forged(batch, count=0),
        "count negative": forged(batch, count=-1),
        "count one more": forged(three, count=4),
        "count one less": forged(three, count=2),
        "count and delta one more": forged(three, count=4, last_offset_delta=3),
        "count and delta one less": forged(three, count=2, last_offset_delta=1),
        "delta one more": forged(three, last_offset_delta=3),
        "delta negative": forged(batch, last_offset_delta=-1),
    }


def _odd() -> dict[str, bytes]:
    batch, three = good(), good(3)
    return {
        "base offset 5": forged(three, base_offset=5),
        "base offset negative": forged(three, base_offset=-5),
        "leader epoch 9": forged(batch, leader_epoch=9),
        "control": good(is_control=True),
        "transactional without producer id": good(is_transactional=True),
        "control transactional": good(
            is_control=True, is_transactional=True, producer_id=1, producer_epoch=0, base_sequence=0
        ),
        "log append time from a client": forged(batch, attributes=8),
        "unknown codec 5": forged(batch, attributes=5),
        "unknown codec 7": forged(batch, attributes=7),
        "codec lies": forged(batch, attributes=1),
        "codec lies zstd": forged(batch, attributes=4),
        "codec lies lz4": forged(batch, attributes=3),
        "codec lies snappy": forged(batch, attributes=2),
        "delete horizon bit": forged(batch, attributes=0x40),
        "unused bits": forged(batch, attributes=0x180),
        "producer id without sequence": good(producer_id=5, producer_epoch=0, base_sequence=-1),
        "producer id without epoch": good(producer_id=5, producer_epoch=-1, base_sequence=0),
        "sequence without producer id": good(producer_id=-1, producer_epoch=-1, base_sequence=4),
        "max timestamp lies": forged(batch, max_timestamp=TIME + 9),
        "timestamp -1": good(timestamp=-1),
        "timestamp -2": good(timestamp=-2),
        "timestamp 0": good(timestamp=0),
        "timestamp far ahead": good(timestamp=int(time.time() * 1000) + 3 * HOUR_MS),
        "timestamp ahead": good(timestamp=int(time.time() * 1000) + HOUR_MS // 2),
        "offset deltas with holes": good(2, offset_deltas=(0, 2)),
        "offset deltas backwards": good(2, offset_deltas=(1, 0)),
        "offset deltas from 1": good(2, offset_deltas=(1, 2)),
        "key length lies": forged(batch[:67] + b"\x7e" + batch[68:]),
        "two batches' worth of records": forged(
            three + three[61:], count=6, last_offset_delta=5, length=len(three) * 2 - 73
        ),
    }


def _without_offset(answer: ProduceResponse) -> ProduceResponse:
    """One batch more or less that was taken moves all later ones: that is one difference, not many."""
    for partition in answer.responses[0].partition_responses:
        partition.base_offset = min(partition.base_offset, 0)
    return answer


async def produce_limits(peer: Peer) -> None:
    small = await peer.create("small", max_message_bytes="200")
    await peer.ask("just over", produced(peer, small, good(value=b"x" * 300)))
    exact = good(value=b"x" * 100)
    fitting = good(value=b"x" * (200 - len(exact) + 100))
    for records in (
        fitting,
        good(value=b"x" * (200 - len(exact) + 101)),
        good(10),
        good(10, compression=Compression.GZIP),
    ):
        for version in (3, 13):
            await peer.ask(f"{len(records)} bytes", produced(peer, small, records), version)
    segment = await peer.create("segment", segment_bytes="1048576", max_message_bytes="3000000")
    await peer.ask("larger than a segment", produced(peer, segment, good(value=b"x" * 1_048_576)))
    default = await peer.create("default")
    await peer.ask("1 MB", produced(peer, default, good(value=b"x" * 1_048_500)))
    await peer.ask("over 1 MB", produced(peer, default, good(value=b"x" * 1_048_588)))
    compact = await peer.create("compact", cleanup_policy="compact")
    for version in (3, 7, 8, 13):
        await peer.ask("no key", produced(peer, compact, keyless(3)), version)
        await peer.ask("key", produced(peer, compact, good(2)), version)
    append_time = await peer.create("append-time", message_timestamp_type="LogAppendTime")
    for version in (3, 13):
        await peer.ask("append time", produced(peer, append_time, good(2)), version)
        await peer.ask("append time gzip", produced(peer, append_time, good(2, compression=Compression.GZIP)), version)
        await peer.ask("append time from a client", produced(peer, append_time, forged(good(), attributes=8)), version)
    now = int(time.time() * 1000)
    window = await peer.create(
        "window", message_timestamp_before_max_ms="3600000", message_timestamp_after_max_ms="1000"
    )
    for name, timestamp in (("old", TIME), ("now", now), ("ahead", now + 60_000), ("none", -1)):
        for version in (3, 8, 13):
            await peer.ask(f"window {name}", produced(peer, window, good(2, timestamp=timestamp)), version)
    recompressed = await peer.create("recompressed", compression_type="gzip")
    await peer.ask("recompressed", produced(peer, recompressed, good(3)))
    await peer.ask("recompressed zstd", produced(peer, recompressed, good(3, compression=Compression.ZSTD)))
    strict = await peer.create("strict", replicas=(1, 2), min_insync_replicas="3")
    await peer.ask("fewer replicas than min ISR", produced(peer, strict, good()))
    await peer.ask("fewer replicas than min ISR, acks 1", produced(peer, strict, good(), acks=1))


async def produce_crowds(peer: Peer) -> None:
    """More records in a batch than we look at: taken where nobody has to look at them."""
    crowd = crowded(MAX_RECORDS + 1)
    for label, configs in (("beyond what is looked at", {}), ("to be looked at", {"cleanup_policy": "compact"})):
        topic = await peer.create(label.replace(" ", "-"), **configs)
        await peer.ask(f"more records, {label}", produced(peer, topic, crowd))


async def idempotence(peer: Peer) -> None:
    topic = await peer.create("sequences")
    producer, other = 4_000_000_001, 4_000_000_002

    async def send(label: str, sequence: int, count: int = 1, *, epoch: int = 0, producer_id: int = producer) -> None:
        records = good(count, producer_id=producer_id, producer_epoch=epoch, base_sequence=sequence)
        for version in (3, 8, 13):
            await peer.ask(label, produced(peer, topic, records), version)

    await send("first", 0, 2)
    await send("next", 2, 3)
    await send("gap", 9)
    await send("the first again", 0, 2)
    await send("half of an older", 0, 1)
    await send("overlapping", 4, 3)
    await send("newer epoch, sequence 0", 0, epoch=2)
    await send("older epoch", 5, epoch=1)
    await send("newer epoch, sequence 5", 5, epoch=4)
    await send("another producer from 7", 7, producer_id=other)
    await send("another producer goes on", 8, producer_id=other)
    for sequence in range(9, 16):
        await send("six batches later", sequence, producer_id=other)
    await send("long ago", 8, producer_id=other)
    await send("wraps", 2**31 - 2, 3, producer_id=other + 1)
    await send("after the wrap", 1, 1, producer_id=other + 1)
    await send("ends at the highest", 2**31 - 2, 2, producer_id=other + 2)
    await send("starts again from 0", 0, 1, producer_id=other + 2)
    await send("negative epoch", 0, epoch=-1, producer_id=other + 3)
    request = DescribeProducersRequest(topics=[TopicRequest(name=topic, partition_indexes=[0])])
    await peer.ask("producers", request)
    gone = peer.called("gone")
    for name, index, broker in ((topic, 0, 2), (topic, 5, 1), (gone, 0, 1), ("", 0, 1), ("a b", 0, 1)):
        request = DescribeProducersRequest(topics=[TopicRequest(name=name, partition_indexes=[index])])
        await peer.ask(f"producers of {name[-4:]!r} {index} at {broker}", request, broker=broker)
    await peer.ask("producers of nothing", DescribeProducersRequest())


async def producer_ids(peer: Peer) -> None:
    asking = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60_000)
    await until(lambda: peer.quietly(asking), lambda answer: not answer.error_code)
    await peer.ask_in_every_version(
        "fresh", lambda _: InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60_000)
    )
    for version in (3, 4, 5):
        for producer_id, epoch in ((4_000, 3), (-1, 3), (4_000, -1), (-5, -1)):
            request = InitProducerIdRequest(
                transactional_id=None, transaction_timeout_ms=60_000, producer_id=producer_id, producer_epoch=epoch
            )
            await peer.ask(f"with id {producer_id} epoch {epoch}", request, version)
    for timeout in (0, -1, 2**31 - 1):
        await peer.ask(
            f"timeout {timeout}", InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=timeout)
        )
    for version in (0, 3, 5):
        request = InitProducerIdRequest(transactional_id="", transaction_timeout_ms=60_000)
        await peer.ask("empty transactional id", request, version)
