"""FindCoordinator: which broker coordinates a group."""

from __future__ import annotations

from cluster.broker.handlers.metadata import create_with_defaults
from cluster.broker.services import RequestContext, Services
from cluster.groups.coordinator import partition_for
from cluster.protocol.errors import ErrorCode, KafkaError
from cluster.protocol.messages.coordination import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse

GROUP, TRANSACTION = 0, 1
OFFSETS_TOPIC = "__consumer_offsets"
BATCHED_SINCE = 4
NO_ERROR = "NONE"
"""What Kafka calls the lack of an error where there is one key only."""


async def find_coordinator(
    request: FindCoordinatorRequest, context: RequestContext, services: Services
) -> FindCoordinatorResponse:
    """v1 key types; v3 flexible; v4 many keys at once (KIP-699); v6 share groups."""
    keys = request.coordinator_keys if context.api_version >= BATCHED_SINCE else [request.key]
    found = [await _find(key, request.key_type, services) for key in keys]
    if context.api_version >= BATCHED_SINCE:
        return FindCoordinatorResponse(coordinators=found)
    only = found[0]
    return FindCoordinatorResponse(
        error_code=only.error_code,
        error_message=NO_ERROR if only.error_code == ErrorCode.NONE else only.error_message,
        node_id=only.node_id,
        host=only.host,
        port=only.port,
    )


async def _find(key: str, key_type: int, services: Services) -> Coordinator:
    if key_type == TRANSACTION:
        return _refused(key, ErrorCode.INVALID_REQUEST, "transactions are not supported yet")
    if key_type != GROUP:
        return _refused(key, ErrorCode.INVALID_REQUEST, f"the coordinator type {key_type} is not supported")
    state = services.cluster.state
    topic = state.topics.get(OFFSETS_TOPIC)
    if topic is None:
        return await _create(key, services)
    partition = topic.partitions[partition_for(key, len(topic.partitions))]
    leader = state.brokers.get(partition.leader)
    if leader is None or leader.fenced:
        return _refused(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, None)
    return Coordinator(key=key, node_id=leader.id, host=leader.host, port=leader.port, error_message="")


async def _create(key: str, services: Services) -> Coordinator:
    """The first group of a cluster: make the topic of offsets, and say where to go as soon as it has leaders."""
    try:
        await create_with_defaults([OFFSETS_TOPIC], services)
    except (KafkaError, OSError) as error:
        return _refused(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, str(error))
    if OFFSETS_TOPIC in services.cluster.state.topics:
        return await _find(key, GROUP, services)
    return _refused(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, None)


def _refused(key: str, code: ErrorCode, message: str | None) -> Coordinator:
    return Coordinator(key=key, node_id=-1, host="", port=-1, error_code=code, error_message=message)
