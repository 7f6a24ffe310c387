"""What a leader's answers do to the logs that copy it: append, cut where histories part, begin anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cluster.broker.config import BrokerConfig
from cluster.broker.control.absences import Absences
from cluster.broker.metrics import Metrics
from cluster.broker.replication.following import Followed, Following, Session
from cluster.client.connection import Connection, ConnectionLost
from cluster.protocol.errors import ErrorCode, KafkaError, OffsetOutOfRange, error_for
from cluster.protocol.messages.fetch import FetchResponse, PartitionData
from cluster.protocol.messages.offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic

logger = logging.getLogger(__name__)

LIST_OFFSETS_VERSION = 7
EARLIEST, LATEST = -2, -1
PASSING = frozenset(
    {
        ErrorCode.FENCED_LEADER_EPOCH,
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.UNKNOWN_LEADER_EPOCH,
        ErrorCode.UNKNOWN_TOPIC_ID,
    }
)
"""One of the two brokers has not read the metadata log as far: a thousand partitions are no thousand lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchingBroker:
    """What all fetchers of a broker have in common."""

    config: BrokerConfig
    metrics: Metrics
    absences: Absences
    broker_epoch: Callable[[], int]
    wall_ms: Callable[[], int]
    checkpoint_cuts: Callable[[], Awaitable[None]]
    """Called when logs were cut below what had been flushed."""


class Copying:
    """Applies the answers of one leader broker. Belongs to the node's loop."""

    def __init__(self, source: int, following: Following, broker: FetchingBroker) -> None:
        self._source = source
        self._following = following
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._cut_flushed = False

    async def take(self, connection: Connection, response: FetchResponse, session: Session, epoch: int) -> None:
        """Append what the leader sent in answer to the request of this session epoch, and follow its marks.

        Raises what breaks the connection; the trouble of one partition is not that of the others.
        """
        try:
            for topic in response.responses:
                for data in topic.partitions:
                    followed = self._following.asked_for(topic.topic_id, data.partition_index, session, epoch)
                    if followed is not None:
                        await self._take_partition(connection, followed, data)
        finally:
            if self._cut_flushed:
                self._cut_flushed = False
                await self._broker.checkpoint_cuts()

    async def _take_partition(self, connection: Connection, followed: Followed, data: PartitionData) -> None:
        partition = followed.partition
        assert partition.leadership is None, f"{partition} is led here: it cannot be followed as well"
        try:
            try:
                self._apply(followed, data)
            except OffsetOutOfRange:
                await self._start_over(connection, followed)
        except ConnectionLost:
            raise
        except KafkaError as error:
            level = logging.DEBUG if error.code in PASSING else logging.INFO
            logger.log(level, "%s: broker %s answers %s", partition, self._source, error.code.name)
            self._following.rest(followed, self._loop.time())
        except Exception:
            logger.exception("%s: what broker %s sent cannot be taken", partition, self._source)
            self._following.rest(followed, self._loop.time())

    def _apply(self, followed: Followed, data: PartitionData) -> None:
        partition, log = followed.partition, followed.partition.log
        if data.error_code != ErrorCode.NONE:
            raise error_for(data.error_code)
        followed.fine()
        if data.diverging_epoch.epoch >= 0:
            self._truncate(followed, data.diverging_epoch.epoch, data.diverging_epoch.end_offset)
            return
        records = data.records
        # An overtaking fetch may bring a second time what the overtaken one had.
        if records is not None and len(records) and base_offset(records) >= log.log_end_offset:
            log.append_as_follower(records, followed.leader_epoch, self._broker.wall_ms())
            self._broker.metrics.replication_bytes_in += len(records)
            self._following.moved(followed)
        if data.high_watermark > log.high_watermark:
            log.advance_high_watermark(data.high_watermark)
            partition.watchers.high_watermark_moved()
        log_start_offset = min(data.log_start_offset, log.high_watermark)
        if log_start_offset > log.log_start_offset:
            log.advance_log_start(log_start_offset)
        if log.log_start_offset > followed.told_log_start:
            self._following.moved(followed)

    def _truncate(self, followed: Followed, leader_epoch: int, leader_end: int) -> None:
        """Cut what the leader does not have (KIP-595): to the end that both have for the leader's epoch.

        Where our log does not know that epoch, the end of our next older one is only a step: the next fetch carries
        that older epoch and the leader answers again.
        """
        log = followed.partition.log
        epoch, end = log.epoch_end_offset(leader_epoch)
        target = leader_end if epoch < 0 else end
        target = min(target, leader_end if epoch == leader_epoch else target, log.log_end_offset)
        logger.info("%s: cut from %s to %s at epoch %s", followed.partition, log.log_end_offset, target, leader_epoch)
        self._cut(followed, target)

    def _cut(self, followed: Followed, offset: int) -> None:
        log = followed.partition.log
        flushed = log.recovery_point
        log.truncate_to(offset)
        self._cut_flushed = self._cut_flushed or log.recovery_point < flushed
        self._following.moved(followed)

    async def _start_over(self, connection: Connection, followed: Followed) -> None:
        """Our position is outside of the leader's log: cut our end, or begin at its start."""
        log = followed.partition.log
        end = await self._list_offset(connection, followed, LATEST)
        start = await self._list_offset(connection, followed, EARLIEST)
        if not self._following.follows(followed):
            return
        if end < log.log_end_offset:
            logger.warning("%s: cut from %s to the leader's end %s", followed.partition, log.log_end_offset, end)
            self._cut(followed, end)
        elif start > log.log_end_offset:
            logger.warning("%s: begins anew at the leader's start %s", followed.partition, start)
            log.truncate_fully_and_start_at(start)
            self._following.moved(followed)
        else:
            self._following.rest(followed, self._loop.time())

    async def _list_offset(self, connection: Connection, followed: Followed, timestamp: int) -> int:
        partition = followed.partition
        asked = ListOffsetsPartition(
            partition_index=partition.index, current_leader_epoch=followed.leader_epoch, timestamp=timestamp
        )
        request = ListOffsetsRequest(
            replica_id=self._following.config.node_id,
            topics=[ListOffsetsTopic(name=partition.topic, partitions=[asked])],
        )
        response = await connection.send(request, LIST_OFFSETS_VERSION)
        answer = response.topics[0].partitions[0]
        if answer.error_code != ErrorCode.NONE:
            raise error_for(answer.error_code)
        return int(answer.offset)


def base_offset(records: memoryview) -> int:
    """The first offset of the first batch."""
    return int.from_bytes(records[:8], "big", signed=True)
