"""Requests of which one part succeeds and another does not, or that name the same thing twice."""

import time

from cluster.protocol.messages.commits import OffsetCommitRequest, OffsetCommitRequestPartition, OffsetFetchResponse
from cluster.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from tests.conformance.batches import forged, good
from tests.conformance.recorder import UNKNOWN_ID, Peer, until
from tests.conformance.scenarios.commits import committing, fetching
from tests.conformance.scenarios.fetch import each_topic_once, fetched, sessionless
from tests.conformance.scenarios.offsets import EARLIEST, LATEST, deleted, listed
from tests.conformance.scenarios.produce import produced


async def mixtures(peer: Peer) -> None:
    good_one, small = await peer.create("good", 3), await peer.create("small", max_message_bytes="100")
    await _produced(peer, good_one, small)
    await _fetched(peer, good_one, small)
    offsets = listed(good_one, LATEST)
    for other in (listed(good_one, EARLIEST, partition=1), listed(good_one, LATEST, partition=9)):
        offsets.topics[0].partitions += other.topics[0].partitions
    offsets.topics += listed(peer.called("gone"), LATEST).topics
    await peer.ask_in_every_version("offsets of all kinds", lambda _: offsets)
    records = deleted(good_one, 0)
    records.topics[0].partitions += deleted(good_one, 0, partition=9).topics[0].partitions
    records.topics += deleted(peer.called("gone"), 0).topics
    await peer.ask_in_every_version("records of all kinds", lambda _: records)
    await _committed(peer, good_one)


async def _produced(peer: Peer, topic: str, small: str) -> None:
    def mixed(acks: int) -> ProduceRequest:
        batches = {0: good(), 1: good(), 7: good()}
        data = [PartitionProduceData(index=index, records=records) for index, records in batches.items()]
        topics = [TopicProduceData(name=topic, topic_id=peer.topic_id(topic), partition_data=data)]
        topics += produced(peer, small, good(value=b"x" * 200)).topic_data
        topics += produced(peer, peer.called("gone"), good()).topic_data
        return ProduceRequest(acks=acks, timeout_ms=10_000, topic_data=topics)

    for acks in (-1, 1):
        await peer.ask_in_every_version(f"batches of all kinds, acks {acks}", lambda _, acks=acks: mixed(acks))
    await peer.ask("bad batch elsewhere", produced(peer, topic, b"\1" * 70, partition=1), 9)
    repeated = await peer.create("repeated")
    for version in (3, 9, 12, 13):
        twice = produced(peer, repeated, good())
        twice.topic_data[0].partition_data *= 2
        await peer.ask("one partition twice", twice, version)
        wrong = produced(peer, repeated, good())
        wrong.topic_data[0].partition_data.append(PartitionProduceData(index=0, records=forged(good(), crc=1)))
        await peer.ask("one partition twice, well and wrong", wrong, version)
        topics = produced(peer, repeated, good())
        topics.topic_data *= 2
        await peer.ask("one topic twice", topics, version)


async def _fetched(peer: Peer, topic: str, small: str) -> None:
    gone = peer.called("gone")
    known, nothing, unknown = fetched(peer, topic, 0), fetched(peer, small, 0), fetched(peer, gone, 0)
    for index in (1, 9):
        known.partitions += fetched(peer, topic, 0, partition=index).partitions
    beyond = fetched(peer, topic, 99)
    for version in (4, 9, 12, 13, 18):
        everything = sessionless(known, nothing, unknown)
        await peer.ask("partitions of all kinds", everything, version, shown=each_topic_once)
        await peer.ask("one out of range", sessionless(beyond, nothing, min_bytes=1, max_wait_ms=5_000), version)
        began = time.monotonic()
        await peer.quietly(sessionless(nothing, unknown, min_bytes=1, max_wait_ms=1_000), version)
        waited = "waited" if time.monotonic() - began >= 1 else "at once"
        peer.note("an unknown topic beside others", "Fetch", version, waited)


async def _committed(peer: Peer, topic: str) -> None:
    await peer.offsets_topic()
    group = peer.called("reader")
    at = await peer.coordinator(group)
    await until(lambda: peer.quietly(fetching(peer, 9, group, topic), 9, broker=at), _loaded)
    for version in (2, 9, 10):
        request: OffsetCommitRequest = committing(peer, group, topic, 4)
        more = [(0, 5), (1, 6), (9, 7), (2, -3)]
        request.topics[0].partitions += [
            OffsetCommitRequestPartition(partition_index=index, committed_offset=offset) for index, offset in more
        ]
        request.topics[0].partitions[2].committed_metadata = "x" * 5000
        request.topics += committing(peer, group, peer.called("gone"), 1).topics
        await peer.ask("commits of all kinds", request, version, broker=at)
        asked = fetching(peer, version, group, topic, peer.called("gone"), indexes=(0, 0, 1, 2, 9))
        await peer.ask("after it", asked, version, broker=at)
    repeated = fetching(peer, 10, group, topic)
    repeated.groups[0].topics[0].topic_id = UNKNOWN_ID
    await peer.ask("read by an unknown id", repeated, broker=at)


def _loaded(answer: OffsetFetchResponse) -> bool:
    return not answer.groups[0].error_code
