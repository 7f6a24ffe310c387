"""Topics: creating and deleting them, adding partitions, electing leaders."""

from cluster.protocol.fields import Int8, Int16, Int32, array, field, message, struct
from cluster.protocol.primitives import ZERO_UUID, Uuid


@struct
class CreatableReplicaAssignment:
    partition_index: Int32 = 0
    broker_ids: list[Int32] = array()


@struct
class CreatableTopicConfig:
    name: str = ""
    value: str | None = ""


@struct
class CreatableTopic:
    name: str = ""
    num_partitions: Int32 = 0
    replication_factor: Int16 = 0
    assignments: list[CreatableReplicaAssignment] = array()
    configs: list[CreatableTopicConfig] = array()


@message("2-7", flexible="5+")
class CreateTopicsRequest:
    """Create these topics, or only say whether it could be done."""

    topics: list[CreatableTopic] = array()
    timeout_ms: Int32 = 60000
    validate_only: bool = False


@struct
class CreatableTopicConfigs:
    name: str = ""
    value: str | None = ""
    read_only: bool = False
    config_source: Int8 = -1
    is_sensitive: bool = False


@struct
class CreatableTopicResult:
    name: str = ""
    topic_id: Uuid = field("7+", ZERO_UUID, ignorable=True)
    error_code: Int16 = 0
    error_message: str | None = ""
    topic_config_error_code: Int16 = field("5+", 0, tag=0, ignorable=True)
    num_partitions: Int32 = field("5+", -1, ignorable=True)
    replication_factor: Int16 = field("5+", -1, ignorable=True)
    configs: list[CreatableTopicConfigs] | None = array("5+", ignorable=True)


@message("2-7", flexible="5+")
class CreateTopicsResponse:
    """What became of each topic, and its configuration."""

    throttle_time_ms: Int32 = 0
    topics: list[CreatableTopicResult] = array()


@struct
class DeleteTopicState:
    name: str | None = None
    topic_id: Uuid = ZERO_UUID


@message("1-6", flexible="4+")
class DeleteTopicsRequest:
    """Delete these topics: by name up to version 5, by name or id from version 6 on."""

    topics: list[DeleteTopicState] = array("6+")
    topic_names: list[str] = array("0-5", ignorable=True)
    timeout_ms: Int32 = 0


@struct
class DeletableTopicResult:
    name: str | None = field("0+", "", nullable="6+")
    topic_id: Uuid = field("6+", ZERO_UUID, ignorable=True)
    error_code: Int16 = 0
    error_message: str | None = field("5+", None, ignorable=True)


@message("1-6", flexible="4+")
class DeleteTopicsResponse:
    """What became of each topic."""

    throttle_time_ms: Int32 = 0
    responses: list[DeletableTopicResult] = array()


@struct
class CreatePartitionsAssignment:
    broker_ids: list[Int32] = array()


@struct
class CreatePartitionsTopic:
    name: str = ""
    count: Int32 = 0
    assignments: list[CreatePartitionsAssignment] | None = array()


@message("0-3", flexible="2+")
class CreatePartitionsRequest:
    """Raise the partition count of these topics."""

    topics: list[CreatePartitionsTopic] = array()
    timeout_ms: Int32 = 0
    validate_only: bool = False


@struct
class CreatePartitionsTopicResult:
    name: str = ""
    error_code: Int16 = 0
    error_message: str | None = None


@message("0-3", flexible="2+")
class CreatePartitionsResponse:
    """What became of each topic."""

    throttle_time_ms: Int32 = 0
    results: list[CreatePartitionsTopicResult] = array()


@struct
class TopicPartitions:
    topic: str = ""
    partitions: list[Int32] = array()


@message("0-2", flexible="2+")
class ElectLeadersRequest:
    """Elect the preferred (0) or, uncleanly, any (1) replica as leader."""

    election_type: Int8 = field("1+", 0)
    topic_partitions: list[TopicPartitions] | None = array()
    timeout_ms: Int32 = 60000


@struct
class PartitionResult:
    partition_id: Int32 = 0
    error_code: Int16 = 0
    error_message: str | None = ""


@struct
class ReplicaElectionResult:
    topic: str = ""
    partition_result: list[PartitionResult] = array()


@message("0-2", flexible="2+")
class ElectLeadersResponse:
    """What became of each election."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = field("1+", 0)
    replica_election_results: list[ReplicaElectionResult] = array()
