"""JoinGroup, SyncGroup, Heartbeat, LeaveGroup: handed to the shard that coordinates the group."""

from __future__ import annotations

from typing import Any

from cluster.broker.services import RequestContext, Services
from cluster.groups.refusals import refusal
from cluster.protocol.errors import ErrorCode, KafkaError
from cluster.protocol.messages.commits import OffsetCommitRequest
from cluster.protocol.messages.membership import (
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    SyncGroupRequest,
)

PROTOCOL_SINCE = 5


def join_group(request: JoinGroupRequest, context: RequestContext, services: Services) -> Any:
    """Enter a group or its next generation; answered when the generation begins."""
    return ask_coordinator(request, context, services)


def sync_group(request: SyncGroupRequest, context: RequestContext, services: Services) -> Any:
    """Hand in (the leader) and receive (everyone) the assignment of a generation. v5 names the protocol."""
    if context.api_version >= PROTOCOL_SINCE and (request.protocol_type is None or request.protocol_name is None):
        return refusal(request, context.api_version, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    return ask_coordinator(request, context, services)


def heartbeat(request: HeartbeatRequest, context: RequestContext, services: Services) -> Any:
    """Say that a member is alive, hear of rebalances."""
    return ask_coordinator(request, context, services)


def leave_group(request: LeaveGroupRequest, context: RequestContext, services: Services) -> Any:
    """Leave, one member or (v3) several."""
    return ask_coordinator(request, context, services)


def ask_coordinator(request: Any, context: RequestContext, services: Services) -> Any:
    """The future answer of the group's coordinator, or a refusal in the shape of this API and version."""
    try:
        may_be_empty = isinstance(request, OffsetCommitRequest)
        return services.groups.shard_of(request.group_id, may_be_empty=may_be_empty).ask(request, context)
    except KafkaError as error:
        return refusal(request, context.api_version, error.code)
