"""What a leader knows of the replicas that follow it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import NamedTuple

UNKNOWN_OFFSET = -1
NEVER = -inf


class Position(NamedTuple):
    """What a fetch says of the follower that sent it."""

    broker_epoch: int
    offset: int
    log_start_offset: int


@dataclass(slots=True)
class Follower:
    """One follower as its fetches show it. Times are loop milliseconds; offsets are exclusive ends."""

    broker_id: int
    last_caught_up_ms: float
    """NEVER for one that was not in sync when the leader's epoch began: nothing is to wait for it then."""
    broker_epoch: int = -1
    log_end_offset: int = UNKNOWN_OFFSET
    log_start_offset: int = UNKNOWN_OFFSET
    last_fetch_ms: float = NEVER
    last_fetch_leader_end: int = 0

    def fetched(self, position: Position, leader_end_offset: int, now_ms: float) -> None:
        """Note a fetch: the follower has all before its offset.

        A follower that reaches the end which the leader had at the follower's previous fetch was caught up then:
        it counts as caught up although the leader never stops to grow.
        """
        offset = position.offset
        if offset >= leader_end_offset:
            self.last_caught_up_ms = max(self.last_caught_up_ms, now_ms)
        elif offset >= self.last_fetch_leader_end:
            self.last_caught_up_ms = max(self.last_caught_up_ms, self.last_fetch_ms)
        self.broker_epoch = position.broker_epoch
        self.log_end_offset = offset
        self.log_start_offset = position.log_start_offset
        self.last_fetch_leader_end = max(self.last_fetch_leader_end, leader_end_offset)
        self.last_fetch_ms = now_ms

    def caught_up(self, leader_end_offset: int, now_ms: float, max_lag_ms: float) -> bool:
        """True when nothing is missing or was not for longer than `max_lag_ms`."""
        return self.log_end_offset == leader_end_offset or now_ms - self.last_caught_up_ms <= max_lag_ms
