"""Produce: appending records, producer ids, and who produces."""

from cluster.protocol.fields import Int16, Int32, Int64, Records, array, field, message, struct, value
from cluster.protocol.primitives import ZERO_UUID, Uuid


@struct
class PartitionProduceData:
    index: Int32 = 0
    records: Records = None


@struct
class TopicProduceData:
    name: str = field("0-12", "", ignorable=True)
    topic_id: Uuid = field("13+", ZERO_UUID, ignorable=True)
    partition_data: list[PartitionProduceData] = array()


@message("3-13", flexible="9+")
class ProduceRequest:
    """Append one batch to each of these partitions."""

    transactional_id: str | None = None
    acks: Int16 = 0
    timeout_ms: Int32 = 0
    topic_data: list[TopicProduceData] = array()


@struct
class BatchIndexAndErrorMessage:
    batch_index: Int32 = 0
    batch_index_error_message: str | None = None


@value
class LeaderIdAndEpoch:
    leader_id: Int32 = -1
    leader_epoch: Int32 = -1


@struct
class PartitionProduceResponse:
    index: Int32 = 0
    error_code: Int16 = 0
    base_offset: Int64 = 0
    log_append_time_ms: Int64 = -1
    log_start_offset: Int64 = field("5+", -1, ignorable=True)
    record_errors: list[BatchIndexAndErrorMessage] = array("8+", ignorable=True)
    error_message: str | None = field("8+", None, ignorable=True)
    current_leader: LeaderIdAndEpoch = field("10+", LeaderIdAndEpoch(), tag=0)


@struct
class TopicProduceResponse:
    name: str = field("0-12", "", ignorable=True)
    topic_id: Uuid = field("13+", ZERO_UUID, ignorable=True)
    partition_responses: list[PartitionProduceResponse] = array()


@struct
class NodeEndpoint:
    node_id: Int32 = 0
    host: str = ""
    port: Int32 = 0
    rack: str | None = None


@message("3-13", flexible="9+")
class ProduceResponse:
    """Where each batch went, or why it did not."""

    responses: list[TopicProduceResponse] = array()
    throttle_time_ms: Int32 = 0
    node_endpoints: list[NodeEndpoint] = array("10+", tag=0)


@message("0-5", flexible="2+")
class InitProducerIdRequest:
    """Give me a producer id, or bump the epoch of mine."""

    transactional_id: str | None = ""
    transaction_timeout_ms: Int32 = 0
    producer_id: Int64 = field("3+", -1)
    producer_epoch: Int16 = field("3+", -1)


@message("0-5", flexible="2+")
class InitProducerIdResponse:
    """A producer id and its epoch."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = 0
    producer_id: Int64 = -1
    producer_epoch: Int16 = 0


@struct
class TopicRequest:
    name: str = ""
    partition_indexes: list[Int32] = array()


@message("0", flexible="0+")
class DescribeProducersRequest:
    """Which producers are active in these partitions?"""

    topics: list[TopicRequest] = array()


@struct
class ProducerState:
    producer_id: Int64 = 0
    producer_epoch: Int32 = 0
    last_sequence: Int32 = -1
    last_timestamp: Int64 = -1
    coordinator_epoch: Int32 = 0
    current_txn_start_offset: Int64 = -1


@struct
class PartitionResponse:
    partition_index: Int32 = 0
    error_code: Int16 = 0
    error_message: str | None = None
    active_producers: list[ProducerState] = array()


@struct
class TopicResponse:
    name: str = ""
    partitions: list[PartitionResponse] = array()


@message("0", flexible="0+")
class DescribeProducersResponse:
    """The idempotence state of every producer of each partition."""

    throttle_time_ms: Int32 = 0
    topics: list[TopicResponse] = array()
