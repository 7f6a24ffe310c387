"""Error answers in the shape of each API and version."""

from typing import Any

import pytest

from cluster.groups.refusals import refusal
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.commits import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetDeleteRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from cluster.protocol.messages.groups import DeleteGroupsRequest, ListGroupsRequest
from cluster.protocol.messages.membership import (
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    SyncGroupRequest,
)
from cluster.protocol.schema import encode_bytes


@pytest.mark.parametrize(
    ("request_", "versions"),
    [
        (JoinGroupRequest(group_id="group"), range(10)),
        (SyncGroupRequest(group_id="group"), range(6)),
        (HeartbeatRequest(group_id="group"), range(5)),
        (LeaveGroupRequest(group_id="group"), range(6)),
        (OffsetDeleteRequest(group_id="group"), range(1)),
    ],
)
def test_membership_is_refused_at_the_top_in_every_version(request_: Any, versions: range):
    for version in versions:
        answer = refusal(request_, version, ErrorCode.NOT_COORDINATOR)
        assert answer.error_code == ErrorCode.NOT_COORDINATOR
        encode_bytes(answer, version)


def test_a_commit_is_refused_at_each_partition():
    partitions = [OffsetCommitRequestPartition(partition_index=index) for index in (0, 2)]
    request = OffsetCommitRequest(topics=[OffsetCommitRequestTopic(name="orders", partitions=partitions)])
    (topic,) = refusal(request, 9, ErrorCode.NOT_COORDINATOR).topics
    assert topic.name == "orders"
    assert [(p.partition_index, p.error_code) for p in topic.partitions] == [
        (0, ErrorCode.NOT_COORDINATOR),
        (2, ErrorCode.NOT_COORDINATOR),
    ]


def test_a_fetch_is_refused_for_the_group_and_in_version_1_at_each_partition():
    topics = [OffsetFetchRequestTopics(name="orders", partition_indexes=[0, 1])]
    request = OffsetFetchRequestGroup(group_id="group", topics=topics)
    new, old = refusal(request, 2, ErrorCode.NOT_COORDINATOR), refusal(request, 1, ErrorCode.NOT_COORDINATOR)
    assert (new.error_code, new.topics) == (ErrorCode.NOT_COORDINATOR, [])
    assert old.error_code == ErrorCode.NONE
    assert [(p.committed_offset, p.error_code) for p in old.topics[0].partitions] == [
        (-1, ErrorCode.NOT_COORDINATOR)
    ] * 2
    assert refusal(OffsetFetchRequestGroup(group_id="group", topics=None), 1, ErrorCode.NOT_COORDINATOR).topics == []


def test_deletions_are_refused_group_by_group():
    answer = refusal(DeleteGroupsRequest(groups_names=["a", "b"]), 2, ErrorCode.NOT_COORDINATOR)
    assert [(r.group_id, r.error_code) for r in answer.results] == [
        ("a", ErrorCode.NOT_COORDINATOR),
        ("b", ErrorCode.NOT_COORDINATOR),
    ]


def test_a_heartbeat_is_welcome_while_the_coordinator_loads():
    assert refusal(HeartbeatRequest(), 4, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS).error_code == ErrorCode.NONE
    told = refusal(SyncGroupRequest(), 5, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS).error_code
    assert told == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS


def test_what_is_not_for_a_coordinator_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="ListGroupsRequest"):
        refusal(ListGroupsRequest(), 5, ErrorCode.NOT_COORDINATOR)
