"""What brokers ask the controller: registration, heartbeats, ISR changes, producer ids, forwarded requests."""

from __future__ import annotations

import asyncio

from cluster.broker.services import RequestContext, Services
from cluster.controller.controller import Controller
from cluster.protocol.errors import ErrorCode, KafkaError, NotController
from cluster.protocol.messages.replication import (
    AllocateProducerIdsRequest,
    AllocateProducerIdsResponse,
    AlterPartitionRequest,
    AlterPartitionResponse,
    BrokerHeartbeatRequest,
    BrokerHeartbeatResponse,
    BrokerRegistrationRequest,
    BrokerRegistrationResponse,
)

LEAVING_POLL_S = 0.05
"""How soon a broker that wants to leave is answered: it waits for others, not for metadata."""


def active(services: Services) -> Controller:
    """The controller on this broker. Raises NotController."""
    controller = services.controller.active
    if controller is None:
        raise NotController("this broker is not the controller")
    return controller


async def broker_registration(
    request: BrokerRegistrationRequest, context: RequestContext, services: Services
) -> BrokerRegistrationResponse:
    """A broker's new incarnation; the answer is its epoch. v3 previous epoch (KIP-966)."""
    try:
        return await active(services).register_broker(request, _now_ms())
    except KafkaError as error:
        return BrokerRegistrationResponse(error_code=error.code)


async def broker_heartbeat(
    request: BrokerHeartbeatRequest, context: RequestContext, services: Services
) -> BrokerHeartbeatResponse:
    """Keep a session alive; answered when the metadata log has grown, or after the heartbeat interval.

    So the heartbeat is also how a broker hears of new metadata, and its connection is how the controller notices
    that the broker's process is gone.
    """
    try:
        controller = active(services)
        services.controller.heard_of(request.broker_id, context.connection)
        response = await controller.heartbeat(request, _now_ms())
        if response.error_code == ErrorCode.NONE and not response.should_shut_down:
            interval_s = services.config.broker_heartbeat_interval_ms / 1000
            patience_s = LEAVING_POLL_S if request.want_shut_down else interval_s
            await services.cluster.wait_for(request.current_metadata_offset + 1, patience_s)
        return response
    except KafkaError as error:
        return BrokerHeartbeatResponse(error_code=error.code)


async def alter_partition(
    request: AlterPartitionRequest, context: RequestContext, services: Services
) -> AlterPartitionResponse:
    """A leader proposes ISRs (KIP-497). v2 topic ids; v3 broker epochs of the members (KIP-903)."""
    try:
        return await active(services).alter_partition(request)
    except KafkaError as error:
        return AlterPartitionResponse(error_code=error.code)


async def allocate_producer_ids(
    request: AllocateProducerIdsRequest, context: RequestContext, services: Services
) -> AllocateProducerIdsResponse:
    """A block of producer ids that nobody else gets."""
    try:
        return await active(services).allocate_producer_ids(request)
    except KafkaError as error:
        return AllocateProducerIdsResponse(error_code=error.code)


def _now_ms() -> float:
    return asyncio.get_running_loop().time() * 1000
