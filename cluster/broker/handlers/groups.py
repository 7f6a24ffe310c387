"""DescribeGroups, ListGroups, DeleteGroups: groups as an operator sees them."""

from __future__ import annotations

from cluster.broker.groups import HostedShard
from cluster.broker.handlers.access import GROUP_OPERATIONS
from cluster.broker.services import RequestContext, Services
from cluster.protocol.errors import ErrorCode, KafkaError
from cluster.protocol.messages.groups import (
    DeletableGroupResult,
    DeleteGroupsRequest,
    DeleteGroupsResponse,
    DescribedGroup,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
    ListGroupsRequest,
    ListGroupsResponse,
)


def describe_groups(
    request: DescribeGroupsRequest, context: RequestContext, services: Services
) -> DescribeGroupsResponse:
    """State, protocol and members. v3 authorized operations; v4 instance ids; v6 GROUP_ID_NOT_FOUND."""
    described = [_describe(group_id, context, services) for group_id in request.groups]
    if request.include_authorized_operations:
        for group in described:
            if group.error_code == ErrorCode.NONE:
                group.authorized_operations = GROUP_OPERATIONS
    return DescribeGroupsResponse(groups=described)


def _describe(group_id: str, context: RequestContext, services: Services) -> DescribedGroup:
    try:
        return services.groups.shard_of(group_id).shard.describe_group(group_id, context.api_version)
    except KafkaError as error:
        return DescribedGroup(group_id=group_id, error_code=error.code)


def list_groups(request: ListGroupsRequest, context: RequestContext, services: Services) -> ListGroupsResponse:
    """The groups that this broker coordinates. v4 filter by state; v5 by type."""
    code = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS if services.groups.loading else ErrorCode.NONE
    listed = [group for hosted in services.groups.loaded() for group in hosted.shard.list_groups(request)]
    return ListGroupsResponse(error_code=code, groups=listed)


async def delete_groups(
    request: DeleteGroupsRequest, context: RequestContext, services: Services
) -> DeleteGroupsResponse:
    """Delete groups without members, each by its own shard."""
    results: dict[str, DeletableGroupResult] = {}
    by_shard: dict[HostedShard, list[str]] = {}
    for group_id in dict.fromkeys(request.groups_names):
        try:
            by_shard.setdefault(services.groups.shard_of(group_id), []).append(group_id)
        except KafkaError as error:
            results[group_id] = DeletableGroupResult(group_id=group_id, error_code=error.code)
    for hosted, group_ids in by_shard.items():
        answer: DeleteGroupsResponse = await hosted.ask(DeleteGroupsRequest(groups_names=group_ids), context)
        results.update((result.group_id, result) for result in answer.results)
    return DeleteGroupsResponse(results=[results[group_id] for group_id in dict.fromkeys(request.groups_names)])
