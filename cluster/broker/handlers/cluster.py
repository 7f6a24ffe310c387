"""DescribeCluster: the brokers, and which of them is the controller."""

from __future__ import annotations

from cluster.broker.handlers.access import CLUSTER_OPERATIONS, NOT_ASKED
from cluster.broker.handlers.metadata import controller_id, with_a_broker
from cluster.broker.services import RequestContext, Services
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.metadata import DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse

BROKERS, CONTROLLERS = 1, 2


async def describe_cluster(
    request: DescribeClusterRequest, context: RequestContext, services: Services
) -> DescribeClusterResponse:
    """v1 endpoint types (KIP-919); v2 fenced brokers where they are asked for (KIP-1073)."""
    if request.endpoint_type != BROKERS:
        return _wrong_endpoint(request.endpoint_type, context.api_version)
    state = await with_a_broker(services)
    brokers = [
        DescribeClusterBroker(broker_id=b.id, host=b.host, port=b.port, rack=b.rack, is_fenced=b.fenced)
        for b in state.brokers.values()
        if request.include_fenced_brokers or not b.fenced
    ]
    asked = request.include_cluster_authorized_operations
    return DescribeClusterResponse(
        cluster_id=services.cluster_id,
        controller_id=controller_id(state),
        brokers=brokers,
        cluster_authorized_operations=CLUSTER_OPERATIONS if asked else NOT_ASKED,
    )


def _wrong_endpoint(endpoint_type: int, version: int) -> DescribeClusterResponse:
    """Controllers have no listener of their own here: every address is a broker's."""
    if endpoint_type == CONTROLLERS:
        code = ErrorCode.MISMATCHED_ENDPOINT_TYPE
        message = "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
    else:
        code = ErrorCode.UNSUPPORTED_ENDPOINT_TYPE
        message = f"Unsupported endpoint type {endpoint_type}"
    return DescribeClusterResponse(
        error_code=ErrorCode.INVALID_REQUEST if version == 0 else code, error_message=message
    )
