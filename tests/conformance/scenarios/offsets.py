"""ListOffsets, OffsetForLeaderEpoch, DeleteRecords."""

from cluster.protocol.messages.offsets import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from tests.conformance.batches import TIME, forged, good
from tests.conformance.recorder import Peer
from tests.conformance.scenarios.produce import produced

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING_UPLOAD = -1, -2, -3, -4, -5, -6


def listed(
    topic: str, timestamp: int, *, partition: int = 0, epoch: int = -1, isolation: int = 0
) -> ListOffsetsRequest:
    wanted = ListOffsetsPartition(partition_index=partition, current_leader_epoch=epoch, timestamp=timestamp)
    topics = [ListOffsetsTopic(name=topic, partitions=[wanted])]
    return ListOffsetsRequest(replica_id=-1, isolation_level=isolation, topics=topics, timeout_ms=5000)


async def list_offsets(peer: Peer) -> None:
    topic, empty = await peer.create("filled", 3), await peer.create("empty")
    for count, timestamp in ((1, TIME), (5, TIME + 100), (10, TIME + 50)):
        await peer.ask("filled", produced(peer, topic, good(count, timestamp=timestamp)))
    by_timestamp = (TIME - 1, TIME, TIME + 1, TIME + 52, TIME + 60, TIME + 101, TIME + 104, TIME + 105, TIME + 900, 0)
    special = (LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING_UPLOAD, -7, -100)
    for timestamp in by_timestamp + special:
        name = str(timestamp) if timestamp <= 0 else f"start {timestamp - TIME:+}"
        await peer.ask_in_every_version(f"at {name}", lambda _, at=timestamp: listed(topic, at))
    for timestamp in (LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, TIME):
        await peer.ask_in_every_version(f"of nothing at {timestamp}", lambda _, at=timestamp: listed(empty, at))
    timeless = await peer.create("timeless")
    await peer.ask("without timestamps", produced(peer, timeless, forged(good(timestamp=-1), max_timestamp=0)))
    for timestamp in (LATEST, EARLIEST, MAX_TIMESTAMP, 0):
        await peer.ask(f"without timestamps at {timestamp}", listed(timeless, timestamp))
    for version in (2, 6, 11):
        await peer.ask("read committed", listed(topic, LATEST, isolation=1), version)
        await peer.ask("read committed by time", listed(topic, TIME + 50, isolation=1), version)
    await peer.ask_in_every_version("not the leader", lambda _: listed(topic, LATEST, partition=1))
    await peer.ask_in_every_version("unknown partition", lambda _: listed(topic, LATEST, partition=5))
    await peer.ask_in_every_version("unknown topic", lambda _: listed(peer.called("gone"), LATEST))
    for epoch in (0, 1, -2):
        for version in (4, 11):
            await peer.ask(f"epoch {epoch}", listed(topic, LATEST, epoch=epoch), version)
            await peer.ask(f"epoch {epoch} at a follower", listed(topic, LATEST, epoch=epoch), version, broker=2)
    twice = listed(topic, LATEST)
    twice.topics[0].partitions.append(ListOffsetsPartition(partition_index=0, timestamp=EARLIEST))
    await peer.ask("one partition twice", twice)
    for replica in (-2, 2):
        request = listed(topic, LATEST)
        request.replica_id = replica
        await peer.ask(f"as replica {replica}", request)
    request = listed(topic, LATEST)
    request.replica_id = -2
    await peer.ask("as a debugger at a follower", request, broker=2)
    await peer.ask("no topics", ListOffsetsRequest(replica_id=-1))


def epoch_end(topic: str, epoch: int, *, partition: int = 0, current: int = -1) -> OffsetForLeaderEpochRequest:
    asked = OffsetForLeaderPartition(partition=partition, current_leader_epoch=current, leader_epoch=epoch)
    return OffsetForLeaderEpochRequest(replica_id=-1, topics=[OffsetForLeaderTopic(topic=topic, partitions=[asked])])


async def epoch_ends(peer: Peer) -> None:
    topic, empty = await peer.create("filled"), await peer.create("empty")
    await peer.ask("filled", produced(peer, topic, good(4)))
    for epoch in (0, 1, 9, -1, -2):
        await peer.ask_in_every_version(f"epoch {epoch}", lambda _, epoch=epoch: epoch_end(topic, epoch))
        await peer.ask(f"epoch {epoch} of nothing", epoch_end(empty, epoch))
        await peer.ask(f"current epoch {epoch}", epoch_end(topic, 0, current=epoch))
    await peer.ask_in_every_version("at a follower", lambda _: epoch_end(topic, 0), broker=2)
    await peer.ask_in_every_version("unknown partition", lambda _: epoch_end(topic, 0, partition=3))
    await peer.ask_in_every_version("unknown topic", lambda _: epoch_end(peer.called("gone"), 0))


def deleted(topic: str, offset: int, *, partition: int = 0) -> DeleteRecordsRequest:
    asked = DeleteRecordsPartition(partition_index=partition, offset=offset)
    return DeleteRecordsRequest(topics=[DeleteRecordsTopic(name=topic, partitions=[asked])], timeout_ms=5000)


async def delete_records(peer: Peer) -> None:
    topic = await peer.create("filled", 3)
    await peer.offsets_topic()
    compact = await peer.create("compact", cleanup_policy="compact")
    both = await peer.create("compact-delete", cleanup_policy="compact,delete")
    for name in (topic, compact, both):
        await peer.ask("filled", produced(peer, name, good(10)))
    for offset in (0, 3, 2, 11, -2):
        await peer.ask_in_every_version(f"up to {offset}", lambda _, to=offset: deleted(topic, to))
    await peer.ask("start", listed(topic, EARLIEST))
    await peer.ask("by time", listed(topic, TIME))
    await peer.ask("of a compacted topic", deleted(compact, 2))
    await peer.ask("of a compacted and deleted topic", deleted(both, 2))
    await peer.ask_in_every_version("not the leader", lambda _: deleted(topic, 0, partition=1))
    await peer.ask_in_every_version("unknown partition", lambda _: deleted(topic, 0, partition=8))
    await peer.ask_in_every_version("unknown topic", lambda _: deleted(peer.called("gone"), 0))
    await peer.ask("internal topic", deleted("__consumer_offsets", 0))
    await peer.ask("everything", deleted(topic, -1))
    await peer.ask("start at the end", listed(topic, EARLIEST))
    await peer.ask("the newest of nothing", listed(topic, MAX_TIMESTAMP))
    await peer.ask("no topics", DeleteRecordsRequest(timeout_ms=5000))
