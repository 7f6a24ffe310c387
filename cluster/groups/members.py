"""The members of a group: who they are, which protocols they speak, who waits for a join and who leads."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from cluster.groups.effects import Waiter

Protocols: TypeAlias = tuple[tuple[str, bytes], ...]
"""Name and metadata of the protocols that a member supports, the preferred one first."""

_INT16 = struct.Struct(">h")
_INT32 = struct.Struct(">i")


@dataclass(slots=True, kw_only=True)
class Member:
    """One member. `joining` and `syncing` are its requests that wait for the group."""

    member_id: str
    instance_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: int
    session_timeout_ms: int
    protocols: Protocols
    assignment: bytes = b""
    joining: Waiter | None = None
    syncing: Waiter | None = None
    new: bool = False

    @property
    def excused(self) -> bool:
        """A member that waits for the group cannot send heartbeats. A new one must not wait for ever, though."""
        return not self.new and (self.joining is not None or self.syncing is not None)

    def metadata(self, protocol_name: str | None) -> bytes:
        """What the member said for this protocol."""
        return next(metadata for name, metadata in self.protocols if name == protocol_name)

    def vote(self, candidates: Iterable[str]) -> str:
        """The candidate that this member likes best."""
        return next(name for name, _ in self.protocols if name in candidates)


def protocol_names(protocols: Protocols) -> tuple[str, ...]:
    """The names, each once, in order of preference."""
    return tuple(dict.fromkeys(name for name, _ in protocols))


def subscribed_topics(subscription: bytes) -> tuple[str, ...]:
    """The topics of a consumer's subscription; ValueError when it is malformed.

    ConsumerProtocolSubscription: int16 version, then in every version first of all an int32 count and that many
    strings of int16 length.
    """
    try:
        (count,) = _INT32.unpack_from(subscription, 2)
        topics = []
        position = 6
        for _ in range(count):
            (length,) = _INT16.unpack_from(subscription, position)
            end = position + 2 + length
            if length < 0 or end > len(subscription):
                raise ValueError("a topic name runs over the end of the subscription")
            topics.append(subscription[position + 2 : end].decode())
            position = end
    except struct.error as error:
        raise ValueError("the subscription is cut off") from error
    return tuple(topics)


@dataclass(slots=True)
class Roster:
    """Owns the members of one group, and the counts that decide when a rebalance may go on."""

    members: dict[str, Member] = field(default_factory=dict)
    static_ids: dict[str, str] = field(default_factory=dict)
    pending_joins: dict[str, None] = field(default_factory=dict)
    pending_syncs: dict[str, None] = field(default_factory=dict)
    leader_id: str | None = None
    joined: int = 0
    _supporters: dict[str, int] = field(default_factory=dict)

    def add(self, member: Member) -> None:
        """Take a member in. The first one leads."""
        assert member.member_id not in self.members, "a member joins a roster once"
        if member.instance_id is not None:
            assert member.instance_id not in self.static_ids, "an instance id belongs to one member"
            self.static_ids[member.instance_id] = member.member_id
        self.members[member.member_id] = member
        self._count_protocols(member, 1)
        self.joined += member.joining is not None
        self.pending_joins.pop(member.member_id, None)
        if self.leader_id is None:
            self.leader_id = member.member_id

    def remove(self, member_id: str) -> Member | None:
        """Let a member, or one that has only been given its id, go. The next in line leads after the leader."""
        self.pending_joins.pop(member_id, None)
        self.pending_syncs.pop(member_id, None)
        member = self.members.pop(member_id, None)
        if member is None:
            return None
        self._count_protocols(member, -1)
        self.joined -= member.joining is not None
        if member.instance_id is not None:
            del self.static_ids[member.instance_id]
        if self.leader_id == member_id:
            self.leader_id = next(iter(self.members), None)
        return member

    def replace_static(self, old_id: str, new_id: str) -> tuple[Member, Member]:
        """Give a static member a new id; it keeps its assignment. Returns the member as it was and as it is."""
        leads = self.leader_id == old_id
        old = self.remove(old_id)
        assert old is not None, "only a member can be replaced"
        new = replace(old, member_id=new_id, joining=None, syncing=None, new=False)
        self.add(new)
        if leads:
            self.leader_id = new_id
        return old, new

    def update(self, member: Member, protocols: Protocols, rebalance_timeout_ms: int, session_timeout_ms: int) -> None:
        """Take over what a member says when it joins again."""
        self._count_protocols(member, -1)
        member.protocols = protocols
        self._count_protocols(member, 1)
        member.rebalance_timeout_ms = rebalance_timeout_ms
        member.session_timeout_ms = session_timeout_ms

    def park_join(self, member: Member, waiter: Waiter) -> Waiter | None:
        """Let the join wait for the group. Returns the member's earlier join that it takes the place of."""
        displaced, member.joining = member.joining, waiter
        self.joined += displaced is None
        return displaced

    def release_join(self, member: Member) -> Waiter | None:
        """Take the waiting join out, to answer it."""
        waiter, member.joining = member.joining, None
        self.joined -= waiter is not None
        return waiter

    @property
    def all_joined(self) -> bool:
        """Whether nobody is missing: no member that has not rejoined, none that has an id but not joined yet."""
        return len(self.members) == self.joined and not self.pending_joins

    @property
    def rebalance_timeout_ms(self) -> int:
        """The longest that any member asks to wait for a rebalance."""
        return max((member.rebalance_timeout_ms for member in self.members.values()), default=0)

    def elect_joined_leader(self) -> bool:
        """See to it that the leader is one that has rejoined. False when none has."""
        leader = self.members.get(self.leader_id) if self.leader_id is not None else None
        if leader is None:
            return False
        if leader.joining is None:
            joined = next((m for m in self.members.values() if m.joining is not None), None)
            if joined is None:
                return False
            self.leader_id = joined.member_id
        return True

    def supports_any(self, names: Iterable[str]) -> bool:
        """Whether all members support at least one of these protocols."""
        return any(self._supporters.get(name, 0) == len(self.members) for name in names)

    def select_protocol(self) -> str:
        """The protocol that most members like best among those that all support; the eldest decides a tie."""
        candidates = [name for name, count in self._supporters.items() if count == len(self.members)]
        votes: dict[str, int] = {}
        for member in self.members.values():
            choice = member.vote(candidates)
            votes[choice] = votes.get(choice, 0) + 1
        return max(votes, key=lambda name: votes[name])

    def _count_protocols(self, member: Member, change: int) -> None:
        for name in protocol_names(member.protocols):
            count = self._supporters.get(name, 0) + change
            if count:
                self._supporters[name] = count
            else:
                del self._supporters[name]
