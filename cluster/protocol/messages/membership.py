"""Membership: the classic group protocol of KIP-62, static members included (KIP-345)."""

from cluster.protocol.fields import Int16, Int32, array, field, message, struct


@struct
class JoinGroupRequestProtocol:
    name: str = ""
    metadata: bytes = b""


@message("0-9", flexible="6+")
class JoinGroupRequest:
    """Enter a group or its next generation."""

    group_id: str = ""
    session_timeout_ms: Int32 = 0
    rebalance_timeout_ms: Int32 = field("1+", -1, ignorable=True)
    member_id: str = ""
    group_instance_id: str | None = field("5+", None)
    protocol_type: str = ""
    protocols: list[JoinGroupRequestProtocol] = array()
    reason: str | None = field("8+", None, ignorable=True)


@struct
class JoinGroupResponseMember:
    member_id: str = ""
    group_instance_id: str | None = field("5+", None, ignorable=True)
    metadata: bytes = b""


@message("0-9", flexible="6+")
class JoinGroupResponse:
    """The generation entered; its leader is also told all members."""

    throttle_time_ms: Int32 = field("2+", 0, ignorable=True)
    error_code: Int16 = 0
    generation_id: Int32 = -1
    protocol_type: str | None = field("7+", None, ignorable=True)
    protocol_name: str | None = field("0+", "", nullable="7+")
    leader: str = ""
    skip_assignment: bool = field("9+", False)
    member_id: str = ""
    members: list[JoinGroupResponseMember] = array()


@message("0-4", flexible="4+")
class HeartbeatRequest:
    """I am alive, in this generation."""

    group_id: str = ""
    generation_id: Int32 = 0
    member_id: str = ""
    group_instance_id: str | None = field("3+", None)


@message("0-4", flexible="4+")
class HeartbeatResponse:
    """Go on, or rejoin."""

    throttle_time_ms: Int32 = field("1+", 0, ignorable=True)
    error_code: Int16 = 0


@struct
class MemberIdentity:
    member_id: str = ""
    group_instance_id: str | None = None
    reason: str | None = field("5+", None, ignorable=True)


@message("0-5", flexible="4+")
class LeaveGroupRequest:
    """These members leave the group."""

    group_id: str = ""
    member_id: str = field("0-2", "")
    members: list[MemberIdentity] = array("3+")


@struct
class MemberResponse:
    member_id: str = ""
    group_instance_id: str | None = ""
    error_code: Int16 = 0


@message("0-5", flexible="4+")
class LeaveGroupResponse:
    """What became of each leaving member."""

    throttle_time_ms: Int32 = field("1+", 0, ignorable=True)
    error_code: Int16 = 0
    members: list[MemberResponse] = array("3+")


@struct
class SyncGroupRequestAssignment:
    member_id: str = ""
    assignment: bytes = b""


@message("0-5", flexible="4+")
class SyncGroupRequest:
    """Give me my assignment; the leader brings those of all."""

    group_id: str = ""
    generation_id: Int32 = 0
    member_id: str = ""
    group_instance_id: str | None = field("3+", None)
    protocol_type: str | None = field("5+", None, ignorable=True)
    protocol_name: str | None = field("5+", None, ignorable=True)
    assignments: list[SyncGroupRequestAssignment] = array()


@message("0-5", flexible="4+")
class SyncGroupResponse:
    """The assignment of this member."""

    throttle_time_ms: Int32 = field("1+", 0, ignorable=True)
    error_code: Int16 = 0
    protocol_type: str | None = field("5+", None, ignorable=True)
    protocol_name: str | None = field("5+", None, ignorable=True)
    assignment: bytes = b""
