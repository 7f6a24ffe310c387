"""Who may do what: everybody everything, as with a broker of Kafka's that has no authorizer."""

from __future__ import annotations

from typing import Final

from cluster.broker.services import RequestContext, Services
from cluster.protocol.errors import ErrorCode, ProtocolViolation
from cluster.protocol.messages.access import (
    AclCreationResult,
    CreateAclsRequest,
    CreateAclsResponse,
    DeleteAclsFilterResult,
    DeleteAclsRequest,
    DeleteAclsResponse,
    DescribeAclsRequest,
    DescribeAclsResponse,
)


def _bits(*codes: int) -> int:
    return sum(1 << code for code in codes)


READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE = 3, 4, 5, 6, 7, 8
CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE = 9, 10, 11, 12

NOT_ASKED: Final = -(2**31)
"""The operations of a resource of which nobody asked what is allowed."""
TOPIC_OPERATIONS: Final = _bits(READ, WRITE, CREATE, DESCRIBE, DELETE, ALTER, DESCRIBE_CONFIGS, ALTER_CONFIGS)
GROUP_OPERATIONS: Final = _bits(READ, DESCRIBE, DELETE, DESCRIBE_CONFIGS, ALTER_CONFIGS)
CLUSTER_OPERATIONS: Final = _bits(
    CREATE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE, ALTER, DESCRIBE
)

DISABLED: Final = ErrorCode.SECURITY_DISABLED
NO_AUTHORIZER: Final = "No Authorizer is configured."
UNKNOWN: Final = 0
"""What a client sends that left the field out. Kafka takes such a request for a broken one."""


def _all_told(*codes: int) -> None:
    if UNKNOWN in codes:
        raise ProtocolViolation("an ACL or a filter for ACLs of an unknown type or operation")


def describe_acls(request: DescribeAclsRequest, context: RequestContext, services: Services) -> DescribeAclsResponse:
    """v1 pattern types; v2 flexible; v3 resources of the type User."""
    _all_told(request.resource_type_filter, request.pattern_type_filter, request.operation, request.permission_type)
    return DescribeAclsResponse(error_code=DISABLED, error_message="No Authorizer is configured on the broker")


def create_acls(request: CreateAclsRequest, context: RequestContext, services: Services) -> CreateAclsResponse:
    """v1 pattern types; v2 flexible; v3 resources of the type User."""
    for rule in request.creations:
        _all_told(rule.resource_type, rule.resource_pattern_type, rule.operation, rule.permission_type)
    refused = AclCreationResult(error_code=DISABLED, error_message=NO_AUTHORIZER)
    return CreateAclsResponse(results=[refused] * len(request.creations))


def delete_acls(request: DeleteAclsRequest, context: RequestContext, services: Services) -> DeleteAclsResponse:
    """v1 pattern types; v2 flexible; v3 resources of the type User."""
    for wanted in request.filters:
        _all_told(wanted.resource_type_filter, wanted.pattern_type_filter, wanted.operation, wanted.permission_type)
    refused = DeleteAclsFilterResult(error_code=DISABLED, error_message=NO_AUTHORIZER)
    return DeleteAclsResponse(filter_results=[refused] * len(request.filters))
