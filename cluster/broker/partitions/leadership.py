"""A led partition's replication state: followers, high watermark, in-sync replicas, waiting appends."""

from __future__ import annotations

from cluster.broker.partitions.followers import NEVER, UNKNOWN_OFFSET, Follower, Position
from cluster.broker.partitions.isr import InSyncReplicas
from cluster.broker.partitions.peers import Peers
from cluster.broker.waiting import OffsetWaits
from cluster.log.partition_log import PartitionLog
from cluster.protocol.errors import ErrorCode, NotLeaderOrFollower, UnknownLeaderEpoch


class Leadership:
    """What this broker holds of a partition in one leader epoch that it leads. Belongs to the node's loop.

    `start_offset` is the log end when the epoch began: until the high watermark is there, what the former leader
    acknowledged may lie above it. `waits` are appends that wait for the high watermark, `low_waits` deletions that
    wait for the low one.
    """

    def __init__(self, log: PartitionLog, peers: Peers, epoch: int, isr: InSyncReplicas) -> None:
        self.log = log
        self.epoch = epoch
        self.start_offset = log.log_end_offset
        self.isr = isr
        self.min_isr = 1
        self.followers: dict[int, Follower] = {}
        self.waits = OffsetWaits()
        self.low_waits = OffsetWaits()
        self._peers = peers

    def set_replicas(self, replicas: tuple[int, ...], min_isr: int) -> None:
        """Follow the assignment: forget replicas that left, begin to watch those that came."""
        others = [replica for replica in replicas if replica != self._peers.broker_id]
        self.followers = {replica: self.followers.get(replica) or self._new_follower(replica) for replica in others}
        self.set_min_isr(min_isr)

    def set_min_isr(self, min_isr: int) -> None:
        """`min.insync.replicas`, as far as there are replicas."""
        self.min_isr = min(min_isr, len(self.followers) + 1)

    def _new_follower(self, replica: int) -> Follower:
        in_sync = replica in self.isr.committed
        return Follower(broker_id=replica, last_caught_up_ms=self._peers.now_ms() if in_sync else NEVER)

    def enough_in_sync(self) -> bool:
        """True when appends with acks=all may be taken."""
        return len(self.isr.committed) >= self.min_isr

    def follower(self, broker_id: int, broker_epoch: int) -> Follower:
        """What is known of a follower that fetches.

        Raises UnknownLeaderEpoch when it is no replica, as far as is known here yet, and NotLeaderOrFollower when it
        is not the newest incarnation of its broker: a fetch that was long on its way must not vouch for a log that
        may be shorter now.
        """
        follower = self.followers.get(broker_id)
        if follower is None:
            raise UnknownLeaderEpoch(f"broker {broker_id} is no replica of {self.log.topic_partition}")
        if self._peers.superseded(broker_id, broker_epoch):
            raise NotLeaderOrFollower(f"broker {broker_id} has registered anew since epoch {broker_epoch}")
        return follower

    def follower_fetched(self, follower: Follower, position: Position) -> bool:
        """Take note of a follower's fetch. True when the high watermark moved."""
        follower.fetched(position, self.log.log_end_offset, self._peers.now_ms())
        if self.low_waits:
            self.settle_low_watermark()
        return self.advance_high_watermark()

    # -- the high watermark

    def advance_high_watermark(self) -> bool:
        """Move the mark to what every member of the maximal ISR has. True when it moved.

        It never moves while fewer than the effective min ISR are in sync (KIP-966), and never backwards.
        """
        if not self.enough_in_sync():
            return False
        mark, maximal = self.log.log_end_offset, self.isr.maximal
        for follower in self.followers.values():
            if follower.log_end_offset < mark and (follower.broker_id in maximal or self._about_to_join(follower)):
                mark = follower.log_end_offset
        if mark <= self.log.high_watermark:
            return False
        self.log.advance_high_watermark(mark)
        self.waits.reached(mark, self.replicated())
        return True

    def _about_to_join(self, follower: Follower) -> bool:
        """True for one that keeps up out of the ISR: the mark waits for it, or in a busy partition it never gets in."""
        return self._eligible(follower) and self._caught_up(follower)

    def _caught_up(self, follower: Follower) -> bool:
        return follower.caught_up(self.log.log_end_offset, self._peers.now_ms(), self._peers.max_lag_ms)

    def replicated(self) -> ErrorCode:
        """What an append with acks=all is told when the high watermark is beyond it."""
        enough = len(self.isr.maximal) >= self.min_isr
        return ErrorCode.NONE if enough else ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND

    def settled(self) -> bool:
        """True once the high watermark has reached the beginning of this epoch."""
        return self.log.high_watermark >= self.start_offset

    # -- in-sync replicas

    def _eligible(self, follower: Follower) -> bool:
        """A fetch by an earlier incarnation of the broker does not count (KIP-903)."""
        return self._peers.eligible.get(follower.broker_id, UNKNOWN_OFFSET) == follower.broker_epoch

    def wanted_expansion(self) -> tuple[int, ...] | None:
        """The ISR with every follower that has caught up, or None when nobody is to be added."""
        return self._with_all_beyond(max(self.log.high_watermark, self.start_offset))

    def wanted_review(self) -> tuple[int, ...] | None:
        """The ISR without those that fell behind, or with those that have the whole log; None when it is right.

        The latter may have shown it long ago, when their broker was fenced still or another proposal was open: fetches
        do not name a partition in which nothing happens.
        """
        kept = tuple(replica for replica in self.isr.committed if self._keeps_up(replica))
        if self.isr.proposal is None and len(kept) < len(self.isr.committed):
            return kept
        return self._with_all_beyond(self.log.log_end_offset)

    def _with_all_beyond(self, floor: int) -> tuple[int, ...] | None:
        isr = self.isr.committed
        added = tuple(
            follower.broker_id
            for follower in self.followers.values()
            if follower.broker_id not in isr and follower.log_end_offset >= floor and self._eligible(follower)
        )
        return (*isr, *added) if added and self.isr.proposal is None else None

    def _keeps_up(self, replica: int) -> bool:
        follower = self.followers.get(replica)
        return replica == self._peers.broker_id or (follower is not None and self._caught_up(follower))

    def propose(self, isr: tuple[int, ...]) -> None:
        """Open a proposal for this ISR."""
        epochs = tuple(self.followers[replica].broker_epoch if replica in self.followers else -1 for replica in isr)
        self.isr = self.isr.propose(isr, epochs)

    # -- the low watermark

    def low_watermark(self) -> int:
        """The lowest log start among the live replicas: what DeleteRecords waits for."""
        alive = (f.log_start_offset for f in self.followers.values() if self._peers.alive(f.broker_id))
        return min((self.log.log_start_offset, *alive))

    def settle_low_watermark(self) -> None:
        """Settle the deletions that every live replica has followed."""
        self.low_waits.reached(self.low_watermark(), ErrorCode.NONE)

    def resign(self, code: ErrorCode) -> None:
        """Fail all who wait: this broker no longer leads."""
        self.waits.fail(code)
        self.low_waits.fail(code)
