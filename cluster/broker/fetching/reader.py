"""Reads one partition for one fetch: who may read what, where logs part, how far a follower is."""

from __future__ import annotations

from cluster.broker.control.leaders import leader_of
from cluster.broker.fetching.interest import FetchInterest, Wanted
from cluster.broker.partitions.followers import Position
from cluster.broker.partitions.partition import Partition
from cluster.broker.partitions.watching import Bound
from cluster.broker.services import Services
from cluster.protocol.errors import (
    ErrorCode,
    InconsistentTopicId,
    KafkaError,
    NotLeaderOrFollower,
    OffsetOutOfRange,
    UnknownTopicId,
    UnknownTopicOrPartition,
)
from cluster.protocol.messages.fetch import EpochEndOffset, FetchRequest, LeaderIdAndEpoch, PartitionData
from cluster.protocol.primitives import ZERO_UUID

READ_COMMITTED = 1
NO_EPOCH = -1
LEADER_ONLY_BEFORE = 11
EPOCHS_DIVERGE_SINCE = 12
REPLICA_STATE_SINCE = 15
CURRENT_LEADER_SINCE = 16
MISDIRECTED = (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.FENCED_LEADER_EPOCH)


class PartitionReader:
    """Reads as one request may: for a follower up to the log's end, for a consumer up to what is committed."""

    def __init__(self, request: FetchRequest, version: int, services: Services) -> None:
        state = request.replica_state
        self.version = version
        self.follower_id = request.replica_id if version < REPLICA_STATE_SINCE else state.replica_id
        self.bound = self._bound(request)
        self._follower_epoch = -1 if version < REPLICA_STATE_SINCE else state.replica_epoch
        self._services = services

    def _bound(self, request: FetchRequest) -> Bound:
        if self.follower_id >= 0:
            return Bound.LOG_END
        return Bound.LAST_STABLE if request.isolation_level == READ_COMMITTED else Bound.HIGH_WATERMARK

    def read(self, interest: FetchInterest, wanted: Wanted, room: int, *, first: bool) -> tuple[PartitionData, int]:
        """What one partition has for the reader, and how many bytes of records. `first`: one batch in any case."""
        data = PartitionData(partition_index=wanted.index, high_watermark=-1, aborted_transactions=None, records=b"")
        try:
            return data, self._fill(data, self._partition(interest, wanted), wanted, room, first)
        except KafkaError as error:
            data.error_code = error.code
            if isinstance(error, UnknownTopicOrPartition | UnknownTopicId):
                data.aborted_transactions = []
            if self.version >= CURRENT_LEADER_SINCE and error.code in MISDIRECTED:
                leader, epoch = leader_of(self._services, wanted.topic, wanted.index)
                data.current_leader = LeaderIdAndEpoch(leader_id=leader, leader_epoch=epoch)
            return data, 0

    def _partition(self, interest: FetchInterest, wanted: Wanted) -> Partition:
        services = self._services
        if interest.by_id and not wanted.topic:
            wanted.topic = services.cluster.state.topic_name(wanted.topic_id) or ""
            if not wanted.topic:
                raise UnknownTopicId
        partition = services.replicas.get(wanted.topic, wanted.index)
        interest.attach(wanted, partition)
        if services.cluster.state.partition(wanted.topic, wanted.index) is None:
            raise UnknownTopicOrPartition
        if partition is None:
            raise NotLeaderOrFollower
        if wanted.topic_id not in (ZERO_UUID, partition.topic_id):
            raise InconsistentTopicId
        return partition

    def _fill(self, data: PartitionData, partition: Partition, wanted: Wanted, room: int, first: bool) -> int:
        asked = wanted.request
        partition.check_epoch(max(NO_EPOCH, asked.current_leader_epoch))
        if self.follower_id >= 0 or self.version < LEADER_ONLY_BEFORE:
            partition.led()
        follower = partition.led().follower(self.follower_id, self._follower_epoch) if self.follower_id >= 0 else None
        size, diverging = 0, self._diverging(partition, wanted)
        if diverging is not None:
            data.diverging_epoch = diverging
        else:
            limit = max(0, min(asked.partition_max_bytes, room))
            result = partition.log.read(asked.fetch_offset, limit, self.bound.end_of(partition.log), first)
            if result.size_bytes:
                data.records, size = result.buffers, result.size_bytes
            if follower is not None:
                # Only now: a position outside of the log, or in another history, says nothing of the follower.
                position = Position(self._follower_epoch, asked.fetch_offset, asked.log_start_offset)
                partition.follower_fetched(follower, position)
        log = partition.log
        data.high_watermark = log.high_watermark
        data.last_stable_offset, data.log_start_offset = log.last_stable_offset, log.log_start_offset
        if self.bound is Bound.LAST_STABLE:
            data.aborted_transactions = []
        return size

    def _diverging(self, partition: Partition, wanted: Wanted) -> EpochEndOffset | None:
        """Where the reader's log leaves ours, when it does (KIP-595; no state is noted then, KAFKA-13141)."""
        asked = wanted.request
        if self.version < EPOCHS_DIVERGE_SINCE or asked.last_fetched_epoch < 0:
            return None
        epoch, end_offset = partition.log.epoch_end_offset(asked.last_fetched_epoch)
        if epoch < 0 or end_offset < 0:
            raise OffsetOutOfRange(f"{partition} has no epoch up to {asked.last_fetched_epoch}")
        if asked.fetch_offset < partition.log.log_start_offset:
            raise OffsetOutOfRange(f"{partition} begins at {partition.log.log_start_offset}")
        if epoch < asked.last_fetched_epoch or end_offset < asked.fetch_offset:
            return EpochEndOffset(epoch=epoch, end_offset=end_offset)
        return None
