"""Commits: the offsets that groups commit, fetch and delete."""

from cluster.protocol.fields import Int16, Int32, Int64, array, field, message, struct
from cluster.protocol.primitives import ZERO_UUID, Uuid


@struct
class OffsetCommitRequestPartition:
    partition_index: Int32 = 0
    committed_offset: Int64 = 0
    committed_leader_epoch: Int32 = field("6+", -1, ignorable=True)
    committed_metadata: str | None = ""


@struct
class OffsetCommitRequestTopic:
    name: str = field("0-9", "", ignorable=True)
    topic_id: Uuid = field("10+", ZERO_UUID, ignorable=True)
    partitions: list[OffsetCommitRequestPartition] = array()


@message("2-10", flexible="8+")
class OffsetCommitRequest:
    """Commit these offsets for a group."""

    group_id: str = ""
    generation_id_or_member_epoch: Int32 = -1
    member_id: str = ""
    group_instance_id: str | None = field("7+", None)
    retention_time_ms: Int64 = field("2-4", -1, ignorable=True)
    topics: list[OffsetCommitRequestTopic] = array()


@struct
class OffsetCommitResponsePartition:
    partition_index: Int32 = 0
    error_code: Int16 = 0


@struct
class OffsetCommitResponseTopic:
    name: str = field("0-9", "", ignorable=True)
    topic_id: Uuid = field("10+", ZERO_UUID, ignorable=True)
    partitions: list[OffsetCommitResponsePartition] = array()


@message("2-10", flexible="8+")
class OffsetCommitResponse:
    """What became of each committed partition."""

    throttle_time_ms: Int32 = field("3+", 0, ignorable=True)
    topics: list[OffsetCommitResponseTopic] = array()


@struct
class OffsetFetchRequestTopic:
    name: str = ""
    partition_indexes: list[Int32] = array()


@struct
class OffsetFetchRequestTopics:
    name: str = field("8-9", "", ignorable=True)
    topic_id: Uuid = field("10+", ZERO_UUID, ignorable=True)
    partition_indexes: list[Int32] = array()


@struct
class OffsetFetchRequestGroup:
    group_id: str = ""
    member_id: str | None = field("9+", None, ignorable=True)
    member_epoch: Int32 = field("9+", -1, ignorable=True)
    topics: list[OffsetFetchRequestTopics] | None = array()


@message("1-10", flexible="6+")
class OffsetFetchRequest:
    """Which offsets has the group committed (null topics: all)?"""

    group_id: str = field("0-7", "")
    topics: list[OffsetFetchRequestTopic] | None = array("0-7", nullable="2-7")
    groups: list[OffsetFetchRequestGroup] = array("8+")
    require_stable: bool = field("7+", False)


@struct
class OffsetFetchResponsePartition:
    partition_index: Int32 = 0
    committed_offset: Int64 = 0
    committed_leader_epoch: Int32 = field("5+", -1, ignorable=True)
    metadata: str | None = ""
    error_code: Int16 = 0


@struct
class OffsetFetchResponseTopic:
    name: str = ""
    partitions: list[OffsetFetchResponsePartition] = array()


@struct
class OffsetFetchResponsePartitions:
    partition_index: Int32 = 0
    committed_offset: Int64 = 0
    committed_leader_epoch: Int32 = -1
    metadata: str | None = ""
    error_code: Int16 = 0


@struct
class OffsetFetchResponseTopics:
    name: str = field("8-9", "", ignorable=True)
    topic_id: Uuid = field("10+", ZERO_UUID, ignorable=True)
    partitions: list[OffsetFetchResponsePartitions] = array()


@struct
class OffsetFetchResponseGroup:
    group_id: str = ""
    topics: list[OffsetFetchResponseTopics] = array()
    error_code: Int16 = 0


@message("1-10", flexible="6+")
class OffsetFetchResponse:
    """Committed offsets: of one group up to version 7, of several from version 8 on."""

    throttle_time_ms: Int32 = field("3+", 0, ignorable=True)
    topics: list[OffsetFetchResponseTopic] = array("0-7")
    error_code: Int16 = field("2-7", 0, ignorable=True)
    groups: list[OffsetFetchResponseGroup] = array("8+")


@struct
class OffsetDeleteRequestPartition:
    partition_index: Int32 = 0


@struct
class OffsetDeleteRequestTopic:
    name: str = ""
    partitions: list[OffsetDeleteRequestPartition] = array()


@message("0")
class OffsetDeleteRequest:
    """Forget the offsets of these partitions."""

    group_id: str = ""
    topics: list[OffsetDeleteRequestTopic] = array()


@struct
class OffsetDeleteResponsePartition:
    partition_index: Int32 = 0
    error_code: Int16 = 0


@struct
class OffsetDeleteResponseTopic:
    name: str = ""
    partitions: list[OffsetDeleteResponsePartition] = array()


@message("0")
class OffsetDeleteResponse:
    """What became of each partition."""

    error_code: Int16 = 0
    throttle_time_ms: Int32 = 0
    topics: list[OffsetDeleteResponseTopic] = array()
