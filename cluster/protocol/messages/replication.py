"""Replication: what brokers and the controller say to each other."""

from cluster.protocol.fields import Int8, Int16, Int32, Int64, UInt16, array, field, message, struct
from cluster.protocol.primitives import ZERO_UUID, Uuid


@struct
class BrokerState:
    broker_id: Int32 = 0
    broker_epoch: Int64 = -1


@struct
class AlterPartitionRequestPartitionData:
    partition_index: Int32 = 0
    leader_epoch: Int32 = 0
    new_isr: list[Int32] = array("0-2")
    new_isr_with_epochs: list[BrokerState] = array("3+")
    leader_recovery_state: Int8 = 0
    partition_epoch: Int32 = 0


@struct
class AlterPartitionRequestTopicData:
    topic_id: Uuid = ZERO_UUID
    partitions: list[AlterPartitionRequestPartitionData] = array()


@message("2-3", flexible="0+")
class AlterPartitionRequest:
    """A leader asks the controller for another set of in-sync replicas."""

    broker_id: Int32 = 0
    broker_epoch: Int64 = -1
    topics: list[AlterPartitionRequestTopicData] = array()


@struct
class AlterPartitionResponsePartitionData:
    partition_index: Int32 = 0
    error_code: Int16 = 0
    leader_id: Int32 = 0
    leader_epoch: Int32 = 0
    isr: list[Int32] = array()
    leader_recovery_state: Int8 = 0
    partition_epoch: Int32 = 0


@struct
class AlterPartitionResponseTopicData:
    topic_id: Uuid = ZERO_UUID
    partitions: list[AlterPartitionResponsePartitionData] = array()


@message("2-3", flexible="0+")
class AlterPartitionResponse:
    """The state of each partition as the controller has it now."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = 0
    topics: list[AlterPartitionResponseTopicData] = array()


@struct
class Listener:
    name: str = ""
    host: str = ""
    port: UInt16 = 0
    security_protocol: Int16 = 0


@struct
class Feature:
    name: str = ""
    min_supported_version: Int16 = 0
    max_supported_version: Int16 = 0


@message("0-4", flexible="0+")
class BrokerRegistrationRequest:
    """A broker that starts makes itself known to the controller."""

    broker_id: Int32 = 0
    cluster_id: str = ""
    incarnation_id: Uuid = ZERO_UUID
    listeners: list[Listener] = array()
    features: list[Feature] = array()
    rack: str | None = ""
    is_migrating_zk_broker: bool = field("1+", False)
    log_dirs: list[Uuid] = array("2+", ignorable=True)
    previous_broker_epoch: Int64 = field("3+", -1, ignorable=True)


@message("0-4", flexible="0+")
class BrokerRegistrationResponse:
    """The epoch of the registered broker."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = 0
    broker_epoch: Int64 = -1


@message("0-2", flexible="0+")
class BrokerHeartbeatRequest:
    """A broker is alive, and says whether it wants to be fenced or to shut down."""

    broker_id: Int32 = 0
    broker_epoch: Int64 = -1
    current_metadata_offset: Int64 = 0
    want_fence: bool = False
    want_shut_down: bool = False
    offline_log_dirs: list[Uuid] = array("1+", tag=0)
    cordoned_log_dirs: list[Uuid] | None = field("2+", None, tag=1)


@message("0-2", flexible="0+")
class BrokerHeartbeatResponse:
    """How the controller sees the broker."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = 0
    is_caught_up: bool = False
    is_fenced: bool = True
    should_shut_down: bool = False


@message("0", flexible="0+")
class AllocateProducerIdsRequest:
    """A broker asks the controller for a block of producer ids."""

    broker_id: Int32 = 0
    broker_epoch: Int64 = -1


@message("0", flexible="0+")
class AllocateProducerIdsResponse:
    """A block of producer ids."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = 0
    producer_id_start: Int64 = 0
    producer_id_len: Int32 = 0


@message("0", flexible="0+")
class EnvelopeRequest:
    """A broker forwards the request of a client to the controller (KIP-590)."""

    request_data: bytes = b""
    request_principal: bytes | None = b""
    client_host_address: bytes = b""


@message("0", flexible="0+")
class EnvelopeResponse:
    """The controller's response to the forwarded request."""

    response_data: bytes | None = None
    error_code: Int16 = 0
