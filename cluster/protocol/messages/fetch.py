"""Fetch: records for consumers and followers."""

from cluster.protocol.fields import Int8, Int16, Int32, Int64, Records, array, field, message, struct, value
from cluster.protocol.primitives import ZERO_UUID, Uuid


@value
class ReplicaState:
    replica_id: Int32 = -1
    replica_epoch: Int64 = -1


@struct
class FetchPartition:
    partition: Int32 = 0
    current_leader_epoch: Int32 = field("9+", -1, ignorable=True)
    fetch_offset: Int64 = 0
    last_fetched_epoch: Int32 = field("12+", -1)
    log_start_offset: Int64 = field("5+", -1, ignorable=True)
    partition_max_bytes: Int32 = 0
    replica_directory_id: Uuid = field("17+", ZERO_UUID, tag=0, ignorable=True)
    high_watermark: Int64 = field("18+", 0x7FFFFFFFFFFFFFFF, tag=1, ignorable=True)


@struct
class FetchTopic:
    topic: str = field("0-12", "", ignorable=True)
    topic_id: Uuid = field("13+", ZERO_UUID, ignorable=True)
    partitions: list[FetchPartition] = array()


@struct
class ForgottenTopic:
    topic: str = field("7-12", "", ignorable=True)
    topic_id: Uuid = field("13+", ZERO_UUID, ignorable=True)
    partitions: list[Int32] = array()


@message("4-18", flexible="12+")
class FetchRequest:
    """Records of these partitions, from these offsets on; to a session only what changed (KIP-227)."""

    cluster_id: str | None = field("12+", None, tag=0, ignorable=True)
    replica_id: Int32 = field("0-14", -1)
    replica_state: ReplicaState = field("15+", ReplicaState(), tag=1)
    max_wait_ms: Int32 = 0
    min_bytes: Int32 = 0
    max_bytes: Int32 = 0x7FFFFFFF
    isolation_level: Int8 = 0
    session_id: Int32 = field("7+", 0, ignorable=True)
    session_epoch: Int32 = field("7+", -1, ignorable=True)
    topics: list[FetchTopic] = array()
    forgotten_topics_data: list[ForgottenTopic] = array("7+")
    rack_id: str = field("11+", "", ignorable=True)


@value
class EpochEndOffset:
    epoch: Int32 = -1
    end_offset: Int64 = -1


@value
class LeaderIdAndEpoch:
    leader_id: Int32 = -1
    leader_epoch: Int32 = -1


@value
class SnapshotId:
    end_offset: Int64 = -1
    epoch: Int32 = -1


@struct
class AbortedTransaction:
    producer_id: Int64 = 0
    first_offset: Int64 = 0


@struct
class PartitionData:
    partition_index: Int32 = 0
    error_code: Int16 = 0
    high_watermark: Int64 = 0
    last_stable_offset: Int64 = -1
    log_start_offset: Int64 = field("5+", -1, ignorable=True)
    diverging_epoch: EpochEndOffset = field("12+", EpochEndOffset(), tag=0)
    current_leader: LeaderIdAndEpoch = field("12+", LeaderIdAndEpoch(), tag=1)
    snapshot_id: SnapshotId = field("12+", SnapshotId(), tag=2)
    aborted_transactions: list[AbortedTransaction] | None = array()
    preferred_read_replica: Int32 = field("11+", -1)
    records: Records = None


@struct
class FetchableTopicResponse:
    topic: str = field("0-12", "", ignorable=True)
    topic_id: Uuid = field("13+", ZERO_UUID, ignorable=True)
    partitions: list[PartitionData] = array()


@struct
class NodeEndpoint:
    node_id: Int32 = 0
    host: str = ""
    port: Int32 = 0
    rack: str | None = None


@message("4-18", flexible="12+")
class FetchResponse:
    """Records, watermarks, and hints about diverging epochs and new leaders."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = field("7+", 0, ignorable=True)
    session_id: Int32 = field("7+", 0)
    responses: list[FetchableTopicResponse] = array()
    node_endpoints: list[NodeEndpoint] = array("16+", tag=0)
