"""Coordinator records: what `__consumer_offsets` holds. An int16 precedes each key (which key) and value (version)."""

from cluster.protocol.fields import Int32, Int64, array, field, message, struct
from cluster.protocol.primitives import ZERO_UUID, Uuid


@message("0")
class OffsetCommitKey:
    """Names a committed offset. Its prefix on disk is 1 (0 in old logs)."""

    group: str = ""
    topic: str = ""
    partition: Int32 = 0


@message("0-4", flexible="4+")
class OffsetCommitValue:
    """A committed offset."""

    offset: Int64 = 0
    leader_epoch: Int32 = field("3+", -1, ignorable=True)
    metadata: str = ""
    commit_timestamp: Int64 = 0
    expire_timestamp: Int64 = field("1", -1, ignorable=True)
    topic_id: Uuid = field("4+", ZERO_UUID, tag=0, ignorable=True)


@message("0")
class GroupMetadataKey:
    """Names a classic group. Its prefix on disk is 2."""

    group: str = ""


@struct
class MemberMetadata:
    member_id: str = ""
    group_instance_id: str | None = field("3+", None, ignorable=True)
    client_id: str = ""
    client_host: str = ""
    rebalance_timeout: Int32 = field("1+", -1, ignorable=True)
    session_timeout: Int32 = 0
    subscription: bytes = b""
    assignment: bytes = b""


@message("0-4", flexible="4+")
class GroupMetadataValue:
    """The last generation of a classic group."""

    protocol_type: str = ""
    generation: Int32 = 0
    protocol: str | None = ""
    leader: str | None = ""
    current_state_timestamp: Int64 = field("2+", -1, ignorable=True)
    members: list[MemberMetadata] = array()
