"""Metadata: brokers, topics and their partitions, as clients are told of them."""

from cluster.protocol.fields import Int8, Int16, Int32, array, field, message, struct
from cluster.protocol.primitives import ZERO_UUID, Uuid


@struct
class MetadataRequestTopic:
    topic_id: Uuid = field("10+", ZERO_UUID, ignorable=True)
    name: str | None = field("0+", "", nullable="10+")


@message("0-13", flexible="9+")
class MetadataRequest:
    """Where are these topics (null: all of them), and who are the brokers?"""

    topics: list[MetadataRequestTopic] | None = array(nullable="1+")
    allow_auto_topic_creation: bool = field("4+", True)
    include_cluster_authorized_operations: bool = field("8-10", False)
    include_topic_authorized_operations: bool = field("8+", False)


@struct
class MetadataResponseBroker:
    node_id: Int32 = 0
    host: str = ""
    port: Int32 = 0
    rack: str | None = field("1+", None, ignorable=True)


@struct
class MetadataResponsePartition:
    error_code: Int16 = 0
    partition_index: Int32 = 0
    leader_id: Int32 = 0
    leader_epoch: Int32 = field("7+", -1, ignorable=True)
    replica_nodes: list[Int32] = array()
    isr_nodes: list[Int32] = array()
    offline_replicas: list[Int32] = array("5+", ignorable=True)


@struct
class MetadataResponseTopic:
    error_code: Int16 = 0
    name: str | None = field("0+", "", nullable="12+")
    topic_id: Uuid = field("10+", ZERO_UUID, ignorable=True)
    is_internal: bool = field("1+", False, ignorable=True)
    partitions: list[MetadataResponsePartition] = array()
    topic_authorized_operations: Int32 = field("8+", -2147483648)


@message("0-13", flexible="9+")
class MetadataResponse:
    """The brokers, the controller, and the leader and replicas of each partition."""

    throttle_time_ms: Int32 = field("3+", 0, ignorable=True)
    brokers: list[MetadataResponseBroker] = array()
    cluster_id: str | None = field("2+", None, ignorable=True)
    controller_id: Int32 = field("1+", -1, ignorable=True)
    topics: list[MetadataResponseTopic] = array()
    cluster_authorized_operations: Int32 = field("8-10", -2147483648)
    error_code: Int16 = field("13+", 0, ignorable=True)


@message("0-2", flexible="0+")
class DescribeClusterRequest:
    """Who are the brokers (or, endpoint type 2, the controllers)?"""

    include_cluster_authorized_operations: bool = False
    endpoint_type: Int8 = field("1+", 1)
    include_fenced_brokers: bool = field("2+", False)


@struct
class DescribeClusterBroker:
    broker_id: Int32 = 0
    host: str = ""
    port: Int32 = 0
    rack: str | None = None
    is_fenced: bool = field("2+", False)


@message("0-2", flexible="0+")
class DescribeClusterResponse:
    """The brokers of the cluster and its controller."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = 0
    error_message: str | None = None
    endpoint_type: Int8 = field("1+", 1)
    cluster_id: str = ""
    controller_id: Int32 = -1
    brokers: list[DescribeClusterBroker] = array()
    cluster_authorized_operations: Int32 = -2147483648


@struct
class TopicRequest:
    name: str = ""


@struct
class DescribeTopicPartitionsRequestCursor:
    topic_name: str = ""
    partition_index: Int32 = 0


@message("0", flexible="0+")
class DescribeTopicPartitionsRequest:
    """Describe topics page by page (KIP-966)."""

    topics: list[TopicRequest] = array()
    response_partition_limit: Int32 = 2000
    cursor: DescribeTopicPartitionsRequestCursor | None = None


@struct
class DescribeTopicPartitionsResponsePartition:
    error_code: Int16 = 0
    partition_index: Int32 = 0
    leader_id: Int32 = 0
    leader_epoch: Int32 = -1
    replica_nodes: list[Int32] = array()
    isr_nodes: list[Int32] = array()
    eligible_leader_replicas: list[Int32] | None = None
    last_known_elr: list[Int32] | None = None
    offline_replicas: list[Int32] = array()


@struct
class DescribeTopicPartitionsResponseTopic:
    error_code: Int16 = 0
    name: str | None = ""
    topic_id: Uuid = ZERO_UUID
    is_internal: bool = False
    partitions: list[DescribeTopicPartitionsResponsePartition] = array()
    topic_authorized_operations: Int32 = -2147483648


@struct
class DescribeTopicPartitionsResponseCursor:
    topic_name: str = ""
    partition_index: Int32 = 0


@message("0", flexible="0+")
class DescribeTopicPartitionsResponse:
    """One page of topics, and the cursor of the next."""

    throttle_time_ms: Int32 = 0
    topics: list[DescribeTopicPartitionsResponseTopic] = array()
    next_cursor: DescribeTopicPartitionsResponseCursor | None = None
