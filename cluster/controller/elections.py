"""Who leads: the next state of a partition when its replicas, its ISR or its brokers change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from cluster.controller.changes import NO_LEADER
from cluster.controller.state import PartitionState


class Election(Enum):
    """How a leader may be chosen."""

    PREFERRED = "the first replica, when it is in sync"
    ONLINE = "any in-sync replica, when the present leader cannot go on"
    UNCLEAN = "any replica at all, when no other can"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an election has to go by. `acceptable` says whether a broker may lead now."""

    acceptable: Callable[[int], bool]
    min_isr: int
    election: Election = Election.ONLINE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    leader: int
    unclean: bool = False


def next_partition(
    partition: PartitionState,
    terms: Terms,
    *,
    isr: tuple[int, ...] | None = None,
    lost: tuple[int, ...] = (),
    recovering: bool | None = None,
) -> PartitionState | None:
    """The partition with this ISR and a leader that fits it, or None when nothing changes.

    `lost` are replicas whose broker did not stop in order: what they had not flushed may be gone, so they are
    eligible no more (KIP-966). Each change adds one to the partition epoch, a change of the leader one to its epoch.
    """
    wanted = tuple(r for r in (partition.isr if isr is None else isr) if r not in lost)
    elr = _eligible(partition, wanted, lost, terms.min_isr)
    choice = _choose(partition, wanted, elr, terms)
    if choice.unclean:
        wanted, elr = (choice.leader,), ()
    elif choice.leader in elr:
        wanted = (choice.leader,)
        # By the minimum of now: it may be smaller than when the others became eligible.
        sufficient = _sufficient(partition, wanted, terms.min_isr)
        elr = () if sufficient else tuple(r for r in elr if r != choice.leader)
    anew = choice.leader != partition.leader
    last_known = _last_leader(partition, choice.leader)
    marked = choice.unclean or (partition.recovering if recovering is None else recovering)
    before = (partition.isr, partition.elr, partition.last_known_elr, partition.recovering)
    if not anew and (wanted, elr, last_known, marked) == before:
        return None
    return PartitionState(
        replicas=partition.replicas,
        isr=wanted,
        leader=choice.leader,
        leader_epoch=partition.leader_epoch + anew,
        partition_epoch=partition.partition_epoch + 1,
        elr=elr,
        last_known_elr=last_known,
        recovering=marked,
    )


def _eligible(partition: PartitionState, isr: tuple[int, ...], lost: tuple[int, ...], min_isr: int) -> tuple[int, ...]:
    """Replicas outside the ISR that certainly have every acknowledged record: those that left it while it was small."""
    if _sufficient(partition, isr, min_isr):
        return ()
    candidates = dict.fromkeys((*partition.elr, *partition.isr))
    return tuple(r for r in candidates if r not in isr and r not in lost)


def _sufficient(partition: PartitionState, isr: tuple[int, ...], min_isr: int) -> bool:
    """True when these alone may acknowledge records: then nobody outside has them for certain."""
    return len(isr) >= min(min_isr, len(partition.replicas))


def _choose(partition: PartitionState, isr: tuple[int, ...], elr: tuple[int, ...], terms: Terms) -> _Choice:
    def valid(replica: int) -> bool:
        return (replica in isr or (not isr and replica in elr)) and terms.acceptable(replica)

    order = (partition.leader, *partition.replicas)
    if terms.election is Election.PREFERRED:
        order = (partition.preferred_leader, partition.leader, *partition.replicas[1:])
    for replica in order:
        if valid(replica):
            return _Choice(leader=replica)
    if not isr and not elr and len(partition.last_known_elr) == 1 and terms.acceptable(partition.last_known_elr[0]):
        # All who were in sync came back from an unclean stop: the last leader is the best that is left.
        return _Choice(leader=partition.last_known_elr[0], unclean=True)
    if terms.election is Election.UNCLEAN:
        for replica in partition.replicas:
            if terms.acceptable(replica):
                return _Choice(leader=replica, unclean=True)
    return _Choice(leader=NO_LEADER)


def _last_leader(partition: PartitionState, leader: int) -> tuple[int, ...]:
    """Who led last, kept while nobody leads."""
    if leader != NO_LEADER:
        return ()
    return partition.last_known_elr or ((partition.leader,) if partition.leader != NO_LEADER else ())
