"""Carries the ISR proposals of the led partitions to the controller, one request at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cluster.broker.control.channel import ControllerChannel
from cluster.broker.metrics import Metrics
from cluster.broker.partitions.isr import Proposal
from cluster.broker.partitions.leadership import Leadership
from cluster.broker.partitions.partition import Partition, PartitionKey
from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import ErrorCode, KafkaError, error_for
from cluster.protocol.messages.replication import (
    AlterPartitionRequest,
    AlterPartitionRequestPartitionData,
    AlterPartitionRequestTopicData,
    AlterPartitionResponse,
    AlterPartitionResponsePartitionData,
    BrokerState,
)
from cluster.protocol.primitives import Uuid

logger = logging.getLogger(__name__)

ALTER_PARTITION_VERSION = 3
RETRY_S = 0.1

NOT_TAKEN = frozenset({ErrorCode.INELIGIBLE_REPLICA, ErrorCode.OPERATION_NOT_ATTEMPTED})
"""The controller did not take the proposal, for certain: back to what is committed."""
MOVED_ON = frozenset(
    {
        ErrorCode.FENCED_LEADER_EPOCH,
        ErrorCode.NEW_LEADER_ELECTED,
        ErrorCode.INVALID_UPDATE_VERSION,
        ErrorCode.UNKNOWN_TOPIC_ID,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.INVALID_REQUEST,
    }
)
"""The partition is in another epoch there: stay with the maximal ISR until the metadata log says which."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A proposal on its way. What the answer says counts only while this very proposal is open."""

    partition: Partition
    proposal: Proposal

    @property
    def open(self) -> bool:
        """False once the metadata log, or the end of the leadership, has decided."""
        leadership = self.partition.leadership
        return leadership is not None and leadership.isr.proposal is self.proposal


class IsrProposals:
    """The open proposals of this broker. Belongs to the node's loop.

    A proposal without an answer is sent again: the controller takes it once, because of its partition epoch.
    """

    def __init__(
        self, channel: ControllerChannel, metrics: Metrics, broker_id: int, broker_epoch: Callable[[], int]
    ) -> None:
        self._channel = channel
        self._metrics = metrics
        self._broker_id = broker_id
        self._broker_epoch = broker_epoch
        self._open: dict[PartitionKey, Partition] = {}
        self._sender: asyncio.Task[None] | None = None

    def propose(self, partition: Partition) -> None:
        """Send the open proposal of this partition, with others that come in the same tick."""
        self._open[partition.key] = partition
        if self._sender is None:
            self._begin()

    def _begin(self) -> None:
        self._sender = asyncio.get_running_loop().create_task(self._send_all())
        self._sender.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sender = None
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            logger.error("ISR proposals could not be sent", exc_info=error)
        if self._open:
            # Proposed between the last look of the sender and this callback.
            self._begin()

    async def _send_all(self) -> None:
        await asyncio.sleep(0)
        while self._open:
            waiting, self._open = self._open, {}
            batch = [sent for partition in waiting.values() if (sent := _of(partition)) is not None]
            if batch and not await self._send(batch):
                await asyncio.sleep(RETRY_S)

    async def _send(self, batch: list[Sent]) -> bool:
        """Ask the controller. False when some of it has to be asked again: the outcome is not known."""
        try:
            response: AlterPartitionResponse = await self._channel.send(self._request(batch), ALTER_PARTITION_VERSION)
            if response.error_code != ErrorCode.NONE:
                raise error_for(response.error_code)
        except (OSError, ConnectionLost, KafkaError) as error:
            logger.info("ISR proposals are sent again: %s", error or type(error).__name__)
            unsure = batch
        else:
            answers = {(topic.topic_id, p.partition_index): p for topic in response.topics for p in topic.partitions}
            unsure = [sent for sent in batch if not self._settled(sent, answers)]
        for sent in unsure:
            if sent.open:
                self._open[sent.partition.key] = sent.partition
        return not unsure

    def _request(self, batch: Iterable[Sent]) -> AlterPartitionRequest:
        topics: dict[Uuid, AlterPartitionRequestTopicData] = {}
        for sent in batch:
            topic_id, proposal = sent.partition.topic_id, sent.proposal
            members = [
                BrokerState(broker_id=broker, broker_epoch=self._broker_epoch() if broker == self._broker_id else epoch)
                for broker, epoch in zip(proposal.isr, proposal.broker_epochs, strict=True)
            ]
            topics.setdefault(topic_id, AlterPartitionRequestTopicData(topic_id=topic_id)).partitions.append(
                AlterPartitionRequestPartitionData(
                    partition_index=sent.partition.index,
                    leader_epoch=sent.partition.leader_epoch,
                    new_isr_with_epochs=members,
                    partition_epoch=proposal.partition_epoch,
                )
            )
        return AlterPartitionRequest(
            broker_id=self._broker_id, broker_epoch=self._broker_epoch(), topics=list(topics.values())
        )

    def _settled(self, sent: Sent, answers: Mapping[tuple[Uuid, int], AlterPartitionResponsePartitionData]) -> bool:
        """Take one answer over. False when there is none that says anything certain."""
        partition = sent.partition
        answer = answers.get((partition.topic_id, partition.index))
        if answer is None:
            return False
        if not sent.open:
            return True
        leadership = partition.led()
        if answer.error_code == ErrorCode.NONE:
            if answer.leader_epoch == leadership.epoch:
                self._taken(leadership, answer)
                partition.review()
            return True
        logger.info("%s: the controller answers %s to an ISR", partition, ErrorCode(answer.error_code).name)
        if answer.error_code in NOT_TAKEN:
            leadership.isr = leadership.isr.reset()
            partition.reconsider()
            return True
        return answer.error_code in MOVED_ON

    def _taken(self, leadership: Leadership, answer: AlterPartitionResponsePartitionData) -> None:
        before = len(leadership.isr.committed)
        # An ISR that was as proposed already keeps its epoch: the proposal is answered all the same.
        leadership.isr = leadership.isr.commit(tuple(answer.isr), answer.partition_epoch).reset()
        after = len(leadership.isr.committed)
        self._metrics.isr_expands += after > before
        self._metrics.isr_shrinks += after < before

    def close(self) -> None:
        """Send no more."""
        if self._sender is not None:
            self._sender.cancel()


def _of(partition: Partition) -> Sent | None:
    """The open proposal of a partition; None when it was decided meanwhile."""
    proposal = partition.leadership.isr.proposal if partition.leadership is not None else None
    return None if proposal is None else Sent(partition, proposal)
