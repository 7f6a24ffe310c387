"""Where replicas go: over racks first, then over the brokers of each rack. And what topics may be called."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Sequence

from cluster.controller.state import BrokerState, ClusterState
from cluster.protocol.errors import InvalidReplicaAssignment, InvalidReplicationFactor, InvalidTopicException

MAX_NAME = 249
_LEGAL = re.compile(r"[a-zA-Z0-9._-]+")


def valid_topic_name(name: str) -> bool:
    """True for a name that a topic may have."""
    return bool(_LEGAL.fullmatch(name)) and name not in (".", "..") and len(name) <= MAX_NAME


def check_collision(state: ClusterState, name: str) -> None:
    """Raise InvalidTopicException for a name that metrics cannot tell from an existing one: '.' and '_' are alike."""
    if "." not in name and "_" not in name:
        return
    alike = name.replace(".", "_")
    for other in state.topics:
        # Few names are as long as this one: the cheap comparison comes first.
        if len(other) == len(name) and other != name and other.replace(".", "_") == alike:
            raise InvalidTopicException(f"Topic '{name}' collides with existing topic: {other}")


class _Rack:
    """The brokers of one rack in a ring: one pointer for leaders, one for followers, so that both spread evenly."""

    def __init__(self, members: Sequence[BrokerState], rng: random.Random) -> None:
        self.live = [broker.id for broker in members if not broker.fenced]
        self._fenced = [broker.id for broker in members if broker.fenced]
        self._leads = rng.randrange(max(1, len(self.live)))
        self._follows = rng.randrange(max(1, len(members)))

    def lead(self) -> Iterator[int]:
        """The next leader, then the others of this rack; those that are fenced come last."""
        self._leads += 1
        yield from _ring(self.live, self._leads)
        yield from _ring(self._fenced, self._leads)

    def follow(self) -> Iterator[int]:
        """The next followers; those that are fenced come last."""
        for _ in self.live:
            self._follows += 1
            yield self.live[self._follows % len(self.live)]
        yield from _ring(self._fenced, self._follows)


def _ring(members: Sequence[int], start: int) -> Iterator[int]:
    for step in range(len(members)):
        yield members[(start + step) % len(members)]


class _Racks:
    """All racks in a ring, from a random start; shuffled when every broker has led once, so that pairs vary."""

    def __init__(self, state: ClusterState, rng: random.Random) -> None:
        members: dict[str, list[BrokerState]] = {}
        for broker in sorted(state.brokers.values(), key=lambda broker: broker.id):
            members.setdefault(broker.rack or "", []).append(broker)
        self._racks = [_Rack(members[name], rng) for name in sorted(members)]
        self._random = rng
        self._round = sum(not broker.fenced for broker in state.brokers.values())
        self._turn = rng.randrange(len(self._racks))
        self._placed = 0

    def place(self, count: int) -> tuple[int, ...]:
        """The replicas of the next partition, its preferred leader first, then one of each rack in turn."""
        if self._placed == self._round > 1:
            self._placed = 0
            self._random.shuffle(self._racks)
            for rack in self._racks:
                self._random.shuffle(rack.live)
        self._placed += 1
        self._turn += 1
        order = [self._racks[(self._turn + step) % len(self._racks)] for step in range(len(self._racks))]
        while not order[0].live:
            order.append(order.pop(0))
        members = [order[0].lead(), *(rack.follow() for rack in order[1:])]
        in_turn = (replica for rack in itertools.cycle(members) if (replica := next(rack, None)) is not None)
        return tuple(itertools.islice(in_turn, count))


def place(state: ClusterState, partitions: int, replication_factor: int, rng: random.Random) -> list[tuple[int, ...]]:
    """Replicas for new partitions. As many racks as there are share them; in a rack brokers that live come first.

    Raises InvalidReplicationFactor.
    """
    impossible = f"Unable to replicate the partition {replication_factor} time(s): "
    if all(broker.fenced for broker in state.brokers.values()):
        raise InvalidReplicationFactor(f"{impossible}All brokers are currently fenced.")
    if replication_factor > len(state.brokers):
        raise InvalidReplicationFactor(
            f"{impossible}The target replication factor of {replication_factor} cannot be reached because only "
            f"{len(state.brokers)} broker(s) are registered."
        )
    racks = _Racks(state, rng)
    return [racks.place(replication_factor) for _ in range(partitions)]


def check_assignment(state: ClusterState, replicas: Sequence[int], replication_factor: int | None) -> None:
    """Raise InvalidReplicaAssignment for a manual assignment that cannot be."""
    prefix = "The manual partition assignment includes"
    if not replicas:
        raise InvalidReplicaAssignment(f"{prefix} an empty replica list.")
    ordered = sorted(replicas)
    for turn, replica in enumerate(ordered):
        if replica not in state.brokers:
            raise InvalidReplicaAssignment(f"{prefix} broker {replica}, but no such broker is registered.")
        if turn and ordered[turn - 1] == replica:
            raise InvalidReplicaAssignment(f"{prefix} the broker {replica} more than once.")
    if replication_factor is not None and len(replicas) != replication_factor:
        raise InvalidReplicaAssignment(
            f"{prefix} a partition with {len(replicas)} replica(s), but this is not consistent with previous "
            f"partitions, which have {replication_factor} replica(s)."
        )


def active_replicas(state: ClusterState, replicas: Sequence[int]) -> tuple[int, ...]:
    """Those replicas whose brokers may be in sync now."""
    return tuple(replica for replica in replicas if state.active(replica))
