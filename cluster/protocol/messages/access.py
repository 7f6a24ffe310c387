"""Access: the rules of who may do what (ACLs)."""

from cluster.protocol.fields import Int8, Int16, Int32, array, message, struct

LITERAL = 3


@message("1-3", flexible="2+")
class DescribeAclsRequest:
    """The rules that match all of this. Null matches any."""

    resource_type_filter: Int8 = 0
    resource_name_filter: str | None = ""
    pattern_type_filter: Int8 = LITERAL
    principal_filter: str | None = ""
    host_filter: str | None = ""
    operation: Int8 = 0
    permission_type: Int8 = 0


@struct
class AclDescription:
    principal: str = ""
    host: str = ""
    operation: Int8 = 0
    permission_type: Int8 = 0


@struct
class DescribeAclsResource:
    resource_type: Int8 = 0
    resource_name: str = ""
    pattern_type: Int8 = LITERAL
    acls: list[AclDescription] = array()


@message("1-3", flexible="2+")
class DescribeAclsResponse:
    """The rules, by what they are about."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = 0
    error_message: str | None = ""
    resources: list[DescribeAclsResource] = array()


@struct
class AclCreation:
    resource_type: Int8 = 0
    resource_name: str = ""
    resource_pattern_type: Int8 = LITERAL
    principal: str = ""
    host: str = ""
    operation: Int8 = 0
    permission_type: Int8 = 0


@message("1-3", flexible="2+")
class CreateAclsRequest:
    """Rules to be made."""

    creations: list[AclCreation] = array()


@struct
class AclCreationResult:
    error_code: Int16 = 0
    error_message: str | None = ""


@message("1-3", flexible="2+")
class CreateAclsResponse:
    """What became of each, in order."""

    throttle_time_ms: Int32 = 0
    results: list[AclCreationResult] = array()


@struct
class DeleteAclsFilter:
    resource_type_filter: Int8 = 0
    resource_name_filter: str | None = ""
    pattern_type_filter: Int8 = LITERAL
    principal_filter: str | None = ""
    host_filter: str | None = ""
    operation: Int8 = 0
    permission_type: Int8 = 0


@message("1-3", flexible="2+")
class DeleteAclsRequest:
    """All rules that match one of these are to go."""

    filters: list[DeleteAclsFilter] = array()


@struct
class DeleteAclsMatchingAcl:
    error_code: Int16 = 0
    error_message: str | None = ""
    resource_type: Int8 = 0
    resource_name: str = ""
    pattern_type: Int8 = LITERAL
    principal: str = ""
    host: str = ""
    operation: Int8 = 0
    permission_type: Int8 = 0


@struct
class DeleteAclsFilterResult:
    error_code: Int16 = 0
    error_message: str | None = ""
    matching_acls: list[DeleteAclsMatchingAcl] = array()


@message("1-3", flexible="2+")
class DeleteAclsResponse:
    """The rules that went, by filter, in order."""

    throttle_time_ms: Int32 = 0
    filter_results: list[DeleteAclsFilterResult] = array()
