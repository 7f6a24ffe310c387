"""A classic consumer group: its state machine, its generation, and the guards that requests must pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from cluster.groups.members import Member, Protocols, Roster, protocol_names, subscribed_topics
from cluster.protocol.errors import (
    FencedInstanceId,
    IllegalGeneration,
    NonEmptyGroup,
    RebalanceInProgress,
    UnknownMemberId,
)

CONSUMER_PROTOCOL = "consumer"
"""The protocol type of consumers; its subscriptions can be read."""


class GroupState(Enum):
    """Empty, PreparingRebalance (members join), CompletingRebalance (the leader assigns), Stable; at the end Dead."""

    EMPTY = "Empty"
    PREPARING = "PreparingRebalance"
    COMPLETING = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


MOVES: Mapping[GroupState, tuple[GroupState, ...]] = MappingProxyType(
    {
        GroupState.EMPTY: (GroupState.PREPARING, GroupState.DEAD),
        GroupState.PREPARING: (GroupState.COMPLETING, GroupState.EMPTY, GroupState.DEAD),
        GroupState.COMPLETING: (GroupState.PREPARING, GroupState.STABLE, GroupState.DEAD),
        GroupState.STABLE: (GroupState.PREPARING, GroupState.DEAD),
        GroupState.DEAD: (),
    }
)
"""Where a group may go from each state. A dead group is on no list: no request finds it."""


@dataclass(slots=True, kw_only=True)
class Group:
    """Owns what is known of one group but its offsets. A group without a protocol type only commits offsets."""

    group_id: str
    state: GroupState = GroupState.EMPTY
    previous_state: GroupState = GroupState.DEAD
    state_since_ms: int | None = None
    generation: int = 0
    protocol_type: str | None = None
    protocol_name: str | None = None
    subscriptions: frozenset[str] | None = None
    newcomers: bool = False
    roster: Roster = field(default_factory=Roster)

    def move(self, to: GroupState, wall_ms: int) -> None:
        """Change state; `wall_ms` goes into the group's record, from where offsets expire."""
        assert to in MOVES[self.state], f"{self.group_id} cannot go from {self.state.value} to {to.value}"
        self.previous_state, self.state = self.state, to
        self.state_since_ms = wall_ms

    @property
    def can_rebalance(self) -> bool:
        """Whether a rebalance can begin, that is, none is collecting its members."""
        return GroupState.PREPARING in MOVES[self.state]

    @property
    def is_simple(self) -> bool:
        """Whether this group is there for its offsets only."""
        return self.protocol_type is None and self.state is GroupState.EMPTY and not self.roster.pending_joins

    @property
    def consumes(self) -> bool:
        """Whether the members speak the consumer protocol."""
        return self.protocol_type == CONSUMER_PROTOCOL

    @property
    def members(self) -> dict[str, Member]:
        """The members by id, in the order in which they joined."""
        return self.roster.members

    def leads(self, member_id: str) -> bool:
        """Whether this member is the leader."""
        return self.roster.leader_id == member_id

    def supports(self, protocol_type: str, protocols: Protocols) -> bool:
        """Whether a member that speaks these protocols fits in."""
        if self.state is GroupState.EMPTY:
            return bool(protocol_type) and bool(protocols)
        return self.protocol_type == protocol_type and self.roster.supports_any(protocol_names(protocols))

    def admit(self, member: Member, protocol_type: str) -> None:
        """Take a member in; the first one decides the group's protocol type."""
        if not self.members:
            self.protocol_type = protocol_type
        assert self.protocol_type == protocol_type, "all members speak one protocol type"
        self.roster.add(member)

    def begin_generation(self, wall_ms: int) -> None:
        """Close the join phase: the next generation of those who are here, or an empty group."""
        self.generation += 1
        self.protocol_name = self.roster.select_protocol() if self.members else None
        self.learn_subscriptions()
        self.roster.pending_syncs.clear()
        self.move(GroupState.COMPLETING if self.members else GroupState.EMPTY, wall_ms)

    def learn_subscriptions(self) -> None:
        """Read which topics the members want. None when that cannot be known."""
        self.subscriptions = None
        if not self.consumes:
            return
        try:
            self.subscriptions = frozenset(
                topic
                for member in self.members.values()
                for topic in subscribed_topics(member.metadata(self.protocol_name))
            )
        except ValueError:
            self.subscriptions = None

    def subscribed_to(self, topic: str) -> bool:
        """Whether this topic's offsets are in use. Consumers whose subscription is unreadable may want any topic."""
        return topic in self.subscriptions if self.subscriptions is not None else self.consumes


def check_member(group: Group, member_id: str, instance_id: str | None) -> Member:
    """The member that this request speaks for; an earlier bearer of the instance id is fenced."""
    if instance_id is not None:
        bearer = group.roster.static_ids.get(instance_id)
        if bearer is None:
            raise UnknownMemberId
        if bearer != member_id:
            raise FencedInstanceId
    member = group.members.get(member_id)
    if member is None:
        raise UnknownMemberId
    return member


def check_generation(group: Group, member_id: str, instance_id: str | None, generation: int) -> Member:
    """The member that this request speaks for, in the current generation."""
    member = check_member(group, member_id, instance_id)
    if generation != group.generation:
        raise IllegalGeneration
    return member


def check_commit(group: Group, member_id: str, instance_id: str | None, generation: int) -> Member | None:
    """Who commits: a member of the current generation, or (None) somebody outside of an empty group.

    While the leader assigns, members know the new generation but not yet what is theirs: they have to come again.
    """
    if generation < 0 and group.state is GroupState.EMPTY:
        return None
    if generation < 0 and not member_id and instance_id is None:
        raise UnknownMemberId
    member = check_generation(group, member_id, instance_id, generation)
    if group.state is GroupState.COMPLETING:
        raise RebalanceInProgress
    return member


def check_offset_delete(group: Group) -> None:
    """Offsets may go while nobody is there, or while it is known which topics those who are there consume."""
    if group.state is not GroupState.EMPTY and not group.consumes:
        raise NonEmptyGroup


def check_delete(group: Group) -> None:
    """Only an empty group may go."""
    if group.state is not GroupState.EMPTY:
        raise NonEmptyGroup
