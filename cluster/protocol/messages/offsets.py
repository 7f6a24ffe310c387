"""Offsets: by timestamp, by leader epoch, and deleting the records below one."""

from cluster.protocol.fields import Int8, Int16, Int32, Int64, array, field, message, struct


@struct
class ListOffsetsPartition:
    partition_index: Int32 = 0
    current_leader_epoch: Int32 = field("4+", -1, ignorable=True)
    timestamp: Int64 = 0


@struct
class ListOffsetsTopic:
    name: str = ""
    partitions: list[ListOffsetsPartition] = array()


@message("1-11", flexible="6+")
class ListOffsetsRequest:
    """Which offset has this timestamp? -1 latest, -2 earliest, -3 that of the greatest timestamp."""

    replica_id: Int32 = 0
    isolation_level: Int8 = field("2+", 0)
    topics: list[ListOffsetsTopic] = array()
    timeout_ms: Int32 = field("10+", 0, ignorable=True)


@struct
class ListOffsetsPartitionResponse:
    partition_index: Int32 = 0
    error_code: Int16 = 0
    timestamp: Int64 = -1
    offset: Int64 = -1
    leader_epoch: Int32 = field("4+", -1)


@struct
class ListOffsetsTopicResponse:
    name: str = ""
    partitions: list[ListOffsetsPartitionResponse] = array()


@message("1-11", flexible="6+")
class ListOffsetsResponse:
    """The offset found in each partition."""

    throttle_time_ms: Int32 = field("2+", 0, ignorable=True)
    topics: list[ListOffsetsTopicResponse] = array()


@struct
class OffsetForLeaderPartition:
    partition: Int32 = 0
    current_leader_epoch: Int32 = -1
    leader_epoch: Int32 = 0


@struct
class OffsetForLeaderTopic:
    topic: str = ""
    partitions: list[OffsetForLeaderPartition] = array()


@message("2-4", flexible="4+")
class OffsetForLeaderEpochRequest:
    """Where does this leader epoch end (KIP-101)?"""

    replica_id: Int32 = field("3+", -2, ignorable=True)
    topics: list[OffsetForLeaderTopic] = array()


@struct
class EpochEndOffset:
    error_code: Int16 = 0
    partition: Int32 = 0
    leader_epoch: Int32 = -1
    end_offset: Int64 = -1


@struct
class OffsetForLeaderTopicResult:
    topic: str = ""
    partitions: list[EpochEndOffset] = array()


@message("2-4", flexible="4+")
class OffsetForLeaderEpochResponse:
    """The greatest epoch not above the asked one, and its end offset."""

    throttle_time_ms: Int32 = 0
    topics: list[OffsetForLeaderTopicResult] = array()


@struct
class DeleteRecordsPartition:
    partition_index: Int32 = 0
    offset: Int64 = 0


@struct
class DeleteRecordsTopic:
    name: str = ""
    partitions: list[DeleteRecordsPartition] = array()


@message("0-2", flexible="2+")
class DeleteRecordsRequest:
    """Move the log start offset of these partitions forward."""

    topics: list[DeleteRecordsTopic] = array()
    timeout_ms: Int32 = 0


@struct
class DeleteRecordsPartitionResult:
    partition_index: Int32 = 0
    low_watermark: Int64 = 0
    error_code: Int16 = 0


@struct
class DeleteRecordsTopicResult:
    name: str = ""
    partitions: list[DeleteRecordsPartitionResult] = array()


@message("0-2", flexible="2+")
class DeleteRecordsResponse:
    """The low watermark of each partition afterwards."""

    throttle_time_ms: Int32 = 0
    topics: list[DeleteRecordsTopicResult] = array()
