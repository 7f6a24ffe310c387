"""Groups: listing, describing and deleting them."""

from cluster.protocol.fields import Int16, Int32, array, field, message, struct


@message("0-6", flexible="5+")
class DescribeGroupsRequest:
    """Describe these classic groups."""

    groups: list[str] = array()
    include_authorized_operations: bool = field("3+", False)


@struct
class DescribedGroupMember:
    member_id: str = ""
    group_instance_id: str | None = field("4+", None, ignorable=True)
    client_id: str = ""
    client_host: str = ""
    member_metadata: bytes = b""
    member_assignment: bytes = b""


@struct
class DescribedGroup:
    error_code: Int16 = 0
    error_message: str | None = field("6+", None)
    group_id: str = ""
    group_state: str = ""
    protocol_type: str = ""
    protocol_data: str = ""
    members: list[DescribedGroupMember] = array()
    authorized_operations: Int32 = field("3+", -2147483648)


@message("0-6", flexible="5+")
class DescribeGroupsResponse:
    """State, protocol and members of each group."""

    throttle_time_ms: Int32 = field("1+", 0, ignorable=True)
    groups: list[DescribedGroup] = array()


@message("0-5", flexible="3+")
class ListGroupsRequest:
    """Which groups do you coordinate?"""

    states_filter: list[str] = array("4+")
    types_filter: list[str] = array("5+")


@struct
class ListedGroup:
    group_id: str = ""
    protocol_type: str = ""
    group_state: str = field("4+", "", ignorable=True)
    group_type: str = field("5+", "", ignorable=True)


@message("0-5", flexible="3+")
class ListGroupsResponse:
    """The groups of this coordinator."""

    throttle_time_ms: Int32 = field("1+", 0, ignorable=True)
    error_code: Int16 = 0
    groups: list[ListedGroup] = array()


@message("0-2", flexible="2+")
class DeleteGroupsRequest:
    """Delete these groups and their offsets."""

    groups_names: list[str] = array()


@struct
class DeletableGroupResult:
    group_id: str = ""
    error_code: Int16 = 0


@message("0-2", flexible="2+")
class DeleteGroupsResponse:
    """What became of each group."""

    throttle_time_ms: Int32 = 0
    results: list[DeletableGroupResult] = array()
