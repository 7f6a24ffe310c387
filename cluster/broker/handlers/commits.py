"""OffsetCommit, OffsetFetch, OffsetDelete: the positions of groups."""

from __future__ import annotations

from typing import Any

from cluster.broker.handlers.membership import ask_coordinator
from cluster.broker.services import RequestContext, Services
from cluster.groups.commits import fetch_response, groups_of_fetch
from cluster.groups.refusals import refusal
from cluster.protocol.errors import KafkaError
from cluster.protocol.messages.commits import (
    OffsetCommitRequest,
    OffsetDeleteRequest,
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
)


def offset_commit(request: OffsetCommitRequest, context: RequestContext, services: Services) -> Any:
    """Store positions; durable before it is answered. v10 names topics by id."""
    return ask_coordinator(request, context, services)


def offset_delete(request: OffsetDeleteRequest, context: RequestContext, services: Services) -> Any:
    """Forget positions of topics that the group does not subscribe to (KIP-496)."""
    return ask_coordinator(request, context, services)


async def offset_fetch(request: OffsetFetchRequest, context: RequestContext, services: Services) -> OffsetFetchResponse:
    """Read positions. v2 all topics when null; v7 require stable; v8 many groups (KIP-709); v10 topic ids."""
    groups = [
        await _group(group, context, services, require_stable=request.require_stable)
        for group in groups_of_fetch(request, context.api_version)
    ]
    return fetch_response(groups, context.api_version)


async def _group(
    group: OffsetFetchRequestGroup, context: RequestContext, services: Services, *, require_stable: bool
) -> OffsetFetchResponseGroup:
    try:
        shard = services.groups.shard_of(group.group_id)
        answer: OffsetFetchResponseGroup = await shard.ask_offsets(group, context, require_stable=require_stable)
    except KafkaError as error:
        answer = refusal(group, context.api_version, error.code)
    return answer
