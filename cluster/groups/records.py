"""The records of `__consumer_offsets`, as Apache Kafka 4.3 writes and reads them.

A key begins with an int16 that says what the record is: 0 and 1 an offset, 2 a group. Kafka's newer kinds of groups
use 3 and up; they are not for this coordinator. A value begins with the int16 version of its schema. Written are:
group values in version 3, offset values in version 4, or in version 1 when the client set a retention of its own.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from cluster.groups.effects import Record
from cluster.groups.group import Group, GroupState
from cluster.groups.members import Member
from cluster.groups.offsets import CommittedOffset
from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.messages.coordinator_records import (
    GroupMetadataKey,
    GroupMetadataValue,
    MemberMetadata,
    OffsetCommitKey,
    OffsetCommitValue,
)
from cluster.protocol.schema import decode, encode_bytes

T = TypeVar("T")

_PREFIX = struct.Struct(">h")
_OFFSET_KEYS = (0, 1)
_OFFSET_KEY = 1
_GROUP_KEY = 2
_GROUP_VALUE_VERSION = 3
_OFFSET_VALUE_VERSION = 4
_EXPIRING_OFFSET_VALUE_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetRecord:
    """An offset was committed, or (None) removed."""

    group_id: str
    topic: str
    partition: int
    committed: CommittedOffset | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecord:
    """A group as it was written, or (None) removed."""

    group_id: str
    group: Group | None


ReadRecord: TypeAlias = OffsetRecord | GroupRecord


def _key(kind: int, message: OffsetCommitKey | GroupMetadataKey) -> bytes:
    return _PREFIX.pack(kind) + encode_bytes(message, 0)


def _value(version: int, message: OffsetCommitValue | GroupMetadataValue) -> bytes:
    return _PREFIX.pack(version) + encode_bytes(message, version)


def offset_record(group_id: str, topic: str, partition: int, committed: CommittedOffset) -> Record:
    """The record of a commit."""
    expires = committed.expires_at_ms is not None
    value = OffsetCommitValue(
        offset=committed.offset,
        leader_epoch=committed.leader_epoch,
        metadata=committed.metadata,
        commit_timestamp=committed.committed_at_ms,
        expire_timestamp=committed.expires_at_ms if committed.expires_at_ms is not None else -1,
        topic_id=committed.topic_id,
    )
    version = _EXPIRING_OFFSET_VALUE_VERSION if expires else _OFFSET_VALUE_VERSION
    return _key(_OFFSET_KEY, OffsetCommitKey(group=group_id, topic=topic, partition=partition)), _value(version, value)


def offset_tombstone(group_id: str, topic: str, partition: int) -> Record:
    """The record that removes a commit."""
    return _key(_OFFSET_KEY, OffsetCommitKey(group=group_id, topic=topic, partition=partition)), None


def group_record(group: Group, assignments: Mapping[str, bytes]) -> Record:
    """The record of a generation, with the assignment of each member."""
    value = GroupMetadataValue(
        protocol_type=group.protocol_type or "",
        generation=group.generation,
        protocol=group.protocol_name,
        leader=group.roster.leader_id,
        current_state_timestamp=group.state_since_ms if group.state_since_ms is not None else -1,
        members=[
            MemberMetadata(
                member_id=member.member_id,
                group_instance_id=member.instance_id,
                client_id=member.client_id,
                client_host=member.client_host,
                rebalance_timeout=member.rebalance_timeout_ms,
                session_timeout=member.session_timeout_ms,
                subscription=member.metadata(group.protocol_name),
                assignment=assignments[member.member_id],
            )
            for member in group.members.values()
        ],
    )
    return _key(_GROUP_KEY, GroupMetadataKey(group=group.group_id)), _value(_GROUP_VALUE_VERSION, value)


def founding_record(group: Group) -> Record:
    """The first record of a group: it exists, and nothing else is known of it yet."""
    value = GroupMetadataValue(
        protocol_type="",
        generation=0,
        protocol=None,
        leader=None,
        current_state_timestamp=group.state_since_ms if group.state_since_ms is not None else -1,
    )
    return _key(_GROUP_KEY, GroupMetadataKey(group=group.group_id)), _value(_GROUP_VALUE_VERSION, value)


def group_tombstone(group_id: str) -> Record:
    """The record that removes a group."""
    return _key(_GROUP_KEY, GroupMetadataKey(group=group_id)), None


def read_record(key: bytes, value: bytes | None) -> ReadRecord | None:
    """What a record says. None when it belongs to a kind of group that is not coordinated here.

    Raises ProtocolViolation when it is none that a coordinator writes.
    """
    kind = _prefix(key)
    if kind in _OFFSET_KEYS:
        where = decode(OffsetCommitKey, 0, key[_PREFIX.size :])
        committed = _read_offset(value) if value is not None else None
        return OffsetRecord(group_id=where.group, topic=where.topic, partition=where.partition, committed=committed)
    if kind == _GROUP_KEY:
        group_id = decode(GroupMetadataKey, 0, key[_PREFIX.size :]).group
        return GroupRecord(group_id=group_id, group=_read_group(group_id, value) if value is not None else None)
    return None


def _prefix(data: bytes) -> int:
    if len(data) < _PREFIX.size:
        raise ProtocolViolation(f"{len(data)} bytes in place of a coordinator's record")
    kind: int = _PREFIX.unpack_from(data)[0]
    return kind


def _decoded(cls: type[T], value: bytes) -> T:
    """A value, in the version that it begins with."""
    version = _prefix(value)
    try:
        return decode(cls, version, value[_PREFIX.size :])
    except ValueError as error:
        raise ProtocolViolation(str(error)) from error


def _read_offset(value: bytes) -> CommittedOffset:
    read = _decoded(OffsetCommitValue, value)
    return CommittedOffset(
        offset=read.offset,
        leader_epoch=read.leader_epoch,
        metadata=read.metadata,
        committed_at_ms=read.commit_timestamp,
        expires_at_ms=read.expire_timestamp if read.expire_timestamp != -1 else None,
        topic_id=read.topic_id,
    )


def _read_group(group_id: str, value: bytes) -> Group:
    read = _decoded(GroupMetadataValue, value)
    group = Group(
        group_id=group_id,
        state=GroupState.STABLE if read.members else GroupState.EMPTY,
        state_since_ms=read.current_state_timestamp if read.current_state_timestamp != -1 else None,
        generation=read.generation,
        protocol_type=read.protocol_type or None,
        protocol_name=read.protocol,
    )
    for member in read.members:
        group.roster.add(_read_member(member, read.protocol or ""))
    if read.leader in group.members:
        group.roster.leader_id = read.leader
    group.learn_subscriptions()
    return group


def _read_member(read: MemberMetadata, protocol_name: str) -> Member:
    """Of the protocols only the one in use is written: the member tells the others when it joins again."""
    unknown = read.rebalance_timeout == -1
    return Member(
        member_id=read.member_id,
        instance_id=read.group_instance_id,
        client_id=read.client_id,
        client_host=read.client_host,
        rebalance_timeout_ms=read.session_timeout if unknown else read.rebalance_timeout,
        session_timeout_ms=read.session_timeout,
        protocols=((protocol_name, bytes(read.subscription)),),
        assignment=bytes(read.assignment),
    )
