"""One partition replica hosted by this broker: its log, its role, who watches it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cluster.broker.partitions.followers import Follower, Position
from cluster.broker.partitions.isr import InSyncReplicas
from cluster.broker.partitions.leadership import Leadership
from cluster.broker.partitions.peers import Peers
from cluster.broker.partitions.watching import Watchers
from cluster.broker.waiting import OffsetWait
from cluster.controller.state import PartitionState
from cluster.log.partition_log import AppendInfo, PartitionLog
from cluster.log.validation import Validated
from cluster.protocol.errors import (
    ErrorCode,
    FencedLeaderEpoch,
    NotEnoughReplicas,
    NotLeaderOrFollower,
    UnknownLeaderEpoch,
)
from cluster.protocol.primitives import Uuid

NO_LEADER = -1
PartitionKey = tuple[str, int]


class Host(Protocol):
    """What a replica needs of the broker that hosts it."""

    @property
    def peers(self) -> Peers:
        """The other brokers."""

    def propose(self, partition: Partition) -> None:
        """Send the partition's open ISR proposal to the controller."""


class Partition:
    """A hosted replica. Belongs to the node's loop; between two awaits nobody else touches it."""

    def __init__(self, topic: str, index: int, log: PartitionLog, host: Host) -> None:
        self.topic = topic
        self.index = index
        self.topic_id: Uuid = log.topic_id
        self.log = log
        self.leadership: Leadership | None = None
        self.leader_id = NO_LEADER
        self.leader_epoch = -1
        self.watchers = Watchers(self)
        self._host = host
        self._peers = host.peers

    def __repr__(self) -> str:
        return f"{self.topic}-{self.index}"

    @property
    def key(self) -> PartitionKey:
        """Topic name and partition index."""
        return self.topic, self.index

    # -- roles

    def lead(self, state: PartitionState, min_isr: int) -> bool:
        """Lead in the epoch of `state`, or take over its newer ISR. True when a new epoch began."""
        assert state.leader_epoch >= self.leader_epoch, "the metadata log goes forwards"
        begins = self.leadership is None or self.leadership.epoch != state.leader_epoch
        if begins:
            self._resign()
            self.log.assign_epoch_start(state.leader_epoch, self.log.log_end_offset)
            isr = InSyncReplicas(committed=tuple(state.isr), partition_epoch=state.partition_epoch)
            self.leadership = Leadership(self.log, self._peers, state.leader_epoch, isr)
        leadership = self.led()
        leadership.isr = leadership.isr.commit(tuple(state.isr), state.partition_epoch)
        leadership.set_replicas(tuple(state.replicas), min_isr)
        self.leader_id, self.leader_epoch = state.leader, state.leader_epoch
        self.review()
        if begins:
            self.watchers.changed()
        return begins

    def follow(self, state: PartitionState) -> None:
        """Follow the leader of `state` (or nobody, while there is none)."""
        changed = (self.leader_id, self.leader_epoch) != (state.leader, state.leader_epoch)
        self._resign()
        self.leader_id, self.leader_epoch = state.leader, state.leader_epoch
        if changed:
            self.watchers.changed()

    def _resign(self) -> None:
        leadership, self.leadership = self.leadership, None
        if leadership is not None:
            leadership.resign(ErrorCode.NOT_LEADER_OR_FOLLOWER)

    def retire(self) -> None:
        """The replica leaves this broker, or its topic is deleted."""
        self._resign()
        self.leader_id = NO_LEADER
        self.watchers.changed()

    def led(self) -> Leadership:
        """The leadership. Raises NotLeaderOrFollower while another broker leads."""
        if self.leadership is None:
            raise NotLeaderOrFollower(f"broker {self._peers.broker_id} does not lead {self}")
        return self.leadership

    def check_epoch(self, current_leader_epoch: int) -> None:
        """Raise FencedLeaderEpoch or UnknownLeaderEpoch when the caller knows another epoch (-1: knows none)."""
        if current_leader_epoch in (-1, self.leader_epoch):
            return
        if current_leader_epoch < self.leader_epoch:
            raise FencedLeaderEpoch(f"{self} is at leader epoch {self.leader_epoch}, not {current_leader_epoch}")
        raise UnknownLeaderEpoch(f"{self} is at leader epoch {self.leader_epoch}, not yet {current_leader_epoch}")

    # -- records

    def append(
        self, batch: memoryview, acks: int, now_ms: int, validated: Validated | None = None, *, at_once: bool = False
    ) -> AppendInfo:
        """Append one batch as leader. `now_ms` is the wall clock.

        Raises NotLeaderOrFollower, NotEnoughReplicas (acks=all), KafkaStorageError and what the log finds wrong with
        the batch; LongWalk, with `at_once`, when that takes long to find out.
        """
        leadership = self.led()
        if acks == -1 and not leadership.enough_in_sync():
            isr = sorted(leadership.isr.committed)
            raise NotEnoughReplicas(f"{self} has in-sync replicas {isr}, fewer than {leadership.min_isr}")
        info = self.log.append_as_leader(batch, leadership.epoch, now_ms, validated=validated, at_once=at_once)
        if not info.duplicate:
            self.watchers.log_grew()
            if leadership.isr.alone:
                # Followers move the mark when they fetch; it waits for nobody here.
                self.reconsider()
        return info

    def wait_for(self, offset: int, settle: Callable[[ErrorCode], None]) -> OffsetWait | None:
        """Settle when all in-sync replicas have everything before `offset`; None when they have it already."""
        leadership = self.led()
        if offset <= self.log.high_watermark:
            settle(leadership.replicated())
            return None
        return leadership.waits.add(offset, settle)

    # -- followers

    def follower_fetched(self, follower: Follower, position: Position) -> None:
        """Take note of how far a follower is; may move the high watermark and propose a larger ISR."""
        leadership = self.led()
        if leadership.follower_fetched(follower, position):
            self.watchers.high_watermark_moved()
        if follower.broker_id not in leadership.isr.committed:
            self._propose(leadership.wanted_expansion())

    def review(self) -> None:
        """Time has passed, or the ISR or the brokers are others: propose another ISR where it is not right."""
        self.reconsider()
        if self.leadership is not None:
            self._propose(self.leadership.wanted_review())

    def _propose(self, isr: tuple[int, ...] | None) -> None:
        if isr is not None:
            self.led().propose(isr)
            self._host.propose(self)

    def reconsider(self) -> None:
        """The log, the ISR or the brokers are others: marks may move now."""
        leadership = self.leadership
        if leadership is None:
            return
        if leadership.advance_high_watermark():
            self.watchers.high_watermark_moved()
        if leadership.low_waits:
            leadership.settle_low_watermark()
