"""Error answers in the shape of each API and version: what stands where in a response when a request is refused."""

from __future__ import annotations

from typing import Any

from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.commits import (
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
    OffsetDeleteRequest,
    OffsetDeleteResponse,
    OffsetFetchRequestGroup,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopics,
)
from cluster.protocol.messages.groups import (
    DeletableGroupResult,
    DeleteGroupsRequest,
    DeleteGroupsResponse,
)
from cluster.protocol.messages.membership import (
    HeartbeatRequest,
    HeartbeatResponse,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    SyncGroupRequest,
    SyncGroupResponse,
)

_FROM_APPEND = {
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_ENOUGH_REPLICAS: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.REQUEST_TIMED_OUT: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_LEADER_OR_FOLLOWER: ErrorCode.NOT_COORDINATOR,
    ErrorCode.KAFKA_STORAGE_ERROR: ErrorCode.NOT_COORDINATOR,
    ErrorCode.MESSAGE_TOO_LARGE: ErrorCode.UNKNOWN_SERVER_ERROR,
    ErrorCode.RECORD_LIST_TOO_LARGE: ErrorCode.UNKNOWN_SERVER_ERROR,
    ErrorCode.INVALID_FETCH_SIZE: ErrorCode.UNKNOWN_SERVER_ERROR,
}


def append_error(code: ErrorCode) -> ErrorCode:
    """What a client is told when an append failed with `code`: it knows of coordinators, not of the log below."""
    return _FROM_APPEND.get(code, code)


def refusal(request: Any, api_version: int, code: ErrorCode) -> Any:
    """The answer to a group request that is refused as a whole.

    OffsetFetch is refused group by group: give one OffsetFetchRequestGroup, get one OffsetFetchResponseGroup.
    """
    if isinstance(request, OffsetFetchRequestGroup):
        return refuse_fetch(request, api_version, code)
    code = append_error(code)
    match request:
        case JoinGroupRequest():
            return JoinGroupResponse(error_code=code, protocol_name=None if api_version >= 7 else "")
        case SyncGroupRequest():
            return SyncGroupResponse(error_code=code)
        case HeartbeatRequest():
            # While a coordinator loads no session runs, so there is nothing that a member would have to do.
            loading = code is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
            return HeartbeatResponse(error_code=ErrorCode.NONE if loading else code)
        case LeaveGroupRequest():
            return LeaveGroupResponse(error_code=code)
        case OffsetCommitRequest():
            return refuse_commit(request, code)
        case OffsetDeleteRequest():
            return OffsetDeleteResponse(error_code=code)
        case DeleteGroupsRequest():
            results = [DeletableGroupResult(group_id=name, error_code=code) for name in request.groups_names]
            return DeleteGroupsResponse(results=results)
    raise TypeError(f"{type(request).__name__} is not for a group coordinator")


def refuse_commit(request: OffsetCommitRequest, code: ErrorCode) -> OffsetCommitResponse:
    """The error at each partition: the API has no other place for it."""
    return OffsetCommitResponse(
        topics=[
            OffsetCommitResponseTopic(
                name=topic.name,
                topic_id=topic.topic_id,
                partitions=[
                    OffsetCommitResponsePartition(partition_index=p.partition_index, error_code=code)
                    for p in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def refuse_fetch(group: OffsetFetchRequestGroup, api_version: int, code: ErrorCode) -> OffsetFetchResponseGroup:
    """The error for the group; at each partition in version 1, which has no other place for it.

    A failed append reads NOT_COORDINATOR here: consumers before 3.9 do not retry a fetch on the usual error.
    """
    told = append_error(code)
    if told is not code and told is ErrorCode.COORDINATOR_NOT_AVAILABLE:
        told = ErrorCode.NOT_COORDINATOR
    if api_version >= 2:
        return OffsetFetchResponseGroup(group_id=group.group_id, error_code=told)
    return OffsetFetchResponseGroup(
        group_id=group.group_id,
        topics=[
            OffsetFetchResponseTopics(
                name=topic.name,
                partitions=[
                    OffsetFetchResponsePartitions(
                        partition_index=index, committed_offset=-1, metadata="", error_code=told
                    )
                    for index in topic.partition_indexes
                ],
            )
            for topic in group.topics or ()
        ],
    )
