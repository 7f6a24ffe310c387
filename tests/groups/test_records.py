"""The records of `__consumer_offsets`, byte by byte."""

import struct

import pytest

from cluster.groups.group import Group, GroupState
from cluster.groups.members import Member
from cluster.groups.offsets import CommittedOffset
from cluster.groups.records import (
    GroupRecord,
    OffsetRecord,
    founding_record,
    group_record,
    group_tombstone,
    offset_record,
    offset_tombstone,
    read_record,
)
from cluster.protocol.primitives import ZERO_UUID
from tests.groups.bench.driver import ORDERS
from tests.groups.bench.members import subscription

_OFFSET_KEY = b"\0\1" + b"\0\5group" + b"\0\6orders" + b"\0\0\0\2"
_GROUP_KEY = b"\0\2" + b"\0\5group"


def _group() -> Group:
    group = Group(
        group_id="group",
        state=GroupState.STABLE,
        state_since_ms=1_700_000_000_000,
        generation=3,
        protocol_type="consumer",
        protocol_name="range",
    )
    member = Member(
        member_id="m-1",
        instance_id=None,
        client_id="client",
        client_host="/127.0.0.1",
        rebalance_timeout_ms=300_000,
        session_timeout_ms=45_000,
        protocols=(("range", subscription("orders")),),
        assignment=b"mine",
    )
    group.roster.add(member)
    group.learn_subscriptions()
    return group


def test_an_offset_is_written_in_version_4():
    committed = CommittedOffset(offset=7, leader_epoch=2, metadata="note", committed_at_ms=9, topic_id=ORDERS)
    key, value = offset_record("group", "orders", 2, committed)
    assert key == _OFFSET_KEY
    tagged = b"\1" + b"\0" + b"\x10" + ORDERS
    assert value == b"\0\4" + struct.pack(">qi", 7, 2) + b"\5note" + struct.pack(">q", 9) + tagged


def test_an_offset_without_a_topic_id_has_no_tag():
    _, value = offset_record("group", "orders", 2, CommittedOffset(offset=7, committed_at_ms=9))
    assert value == b"\0\4" + struct.pack(">qi", 7, -1) + b"\1" + struct.pack(">q", 9) + b"\0"


def test_an_offset_with_a_retention_of_its_own_is_written_in_version_1():
    committed = CommittedOffset(offset=7, leader_epoch=2, metadata="note", committed_at_ms=9, expires_at_ms=10)
    _, value = offset_record("group", "orders", 2, committed)
    assert value == b"\0\1" + struct.pack(">q", 7) + b"\0\4note" + struct.pack(">qq", 9, 10)


def test_a_group_is_written_in_version_3():
    group = _group()
    key, value = group_record(group, {"m-1": b"mine"})
    assert key == _GROUP_KEY
    data = subscription("orders")
    member = b"\0\3m-1" + b"\xff\xff" + b"\0\6client" + b"\0\x0a/127.0.0.1" + struct.pack(">ii", 300_000, 45_000)
    member += struct.pack(">i", len(data)) + data + b"\0\0\0\4mine"
    head = b"\0\3" + b"\0\10consumer" + struct.pack(">i", 3) + b"\0\5range" + b"\0\3m-1"
    assert value == head + struct.pack(">q", 1_700_000_000_000) + b"\0\0\0\1" + member


def test_a_new_group_is_written_as_an_empty_one():
    group = Group(group_id="group", state_since_ms=5, protocol_type="consumer")
    key, value = founding_record(group)
    assert key == _GROUP_KEY
    assert value == b"\0\3" + b"\0\0" + b"\0\0\0\0" + b"\xff\xff" + b"\xff\xff" + struct.pack(">q", 5) + b"\0\0\0\0"


def test_tombstones_have_the_key_of_what_they_remove():
    assert offset_tombstone("group", "orders", 2) == (_OFFSET_KEY, None)
    assert group_tombstone("group") == (_GROUP_KEY, None)


@pytest.mark.parametrize(
    "committed",
    [
        CommittedOffset(offset=7, leader_epoch=2, metadata="größe", committed_at_ms=9, topic_id=ORDERS),
        CommittedOffset(offset=0, committed_at_ms=9, expires_at_ms=10),
    ],
)
def test_an_offset_reads_as_it_was_written(committed: CommittedOffset):
    key, value = offset_record("group", "orders", 2, committed)
    assert read_record(key, value) == OffsetRecord(group_id="group", topic="orders", partition=2, committed=committed)
    assert read_record(key, None) == OffsetRecord(group_id="group", topic="orders", partition=2, committed=None)


def test_a_group_reads_as_it_was_written():
    group = _group()
    read = read_record(*group_record(group, {"m-1": b"mine"}))
    assert isinstance(read, GroupRecord)
    assert read.group == group


@pytest.mark.parametrize(
    ("value", "committed"),
    [
        (
            b"\0\0" + struct.pack(">q", 7) + b"\0\4note" + struct.pack(">q", 9),
            CommittedOffset(offset=7, metadata="note", committed_at_ms=9),
        ),
        (
            b"\0\1" + struct.pack(">q", 7) + b"\0\4note" + struct.pack(">qq", 9, -1),
            CommittedOffset(offset=7, metadata="note", committed_at_ms=9),
        ),
        (
            b"\0\2" + struct.pack(">q", 7) + b"\0\4note" + struct.pack(">q", 9),
            CommittedOffset(offset=7, metadata="note", committed_at_ms=9),
        ),
        (
            b"\0\3" + struct.pack(">qi", 7, 5) + b"\0\4note" + struct.pack(">q", 9),
            CommittedOffset(offset=7, leader_epoch=5, metadata="note", committed_at_ms=9),
        ),
    ],
)
@pytest.mark.parametrize("kind", [b"\0\0", b"\0\1"])
def test_offsets_of_older_brokers_are_read(kind: bytes, value: bytes, committed: CommittedOffset):
    read = read_record(kind + _OFFSET_KEY[2:], value)
    assert isinstance(read, OffsetRecord)
    assert read.committed == committed
    assert committed.topic_id == ZERO_UUID


def test_a_group_of_an_older_broker_is_read():
    member = b"\0\3m-1" + b"\0\6client" + b"\0\x0a/127.0.0.1" + struct.pack(">i", 45_000)
    member += b"\0\0\0\0" + b"\0\0\0\4mine"
    value = b"\0\0" + b"\0\10consumer" + struct.pack(">i", 3) + b"\0\5range" + b"\0\3m-1" + b"\0\0\0\1" + member
    read = read_record(_GROUP_KEY, value)
    assert isinstance(read, GroupRecord)
    assert read.group is not None
    assert read.group.state_since_ms is None
    assert read.group.members["m-1"].rebalance_timeout_ms == 45_000
    assert read.group.subscriptions is None


@pytest.mark.parametrize("kind", [3, 5, 8, 15, 17, 23])
def test_records_of_other_kinds_of_groups_are_passed_over(kind: int):
    assert read_record(struct.pack(">h", kind) + b"whatever", b"whatever") is None
