"""From API key to handler, written out; and from exceptions to Kafka's error codes."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from cluster.broker.handlers import (
    access,
    alterations,
    cluster,
    commits,
    configs,
    coordination,
    fetch,
    groups,
    handshake,
    membership,
    metadata,
    offsets,
    produce,
    replication,
    storage,
    topics,
)
from cluster.broker.services import RequestContext, Services
from cluster.protocol.api import ApiKey
from cluster.protocol.catalog import API_SPECS
from cluster.protocol.errors import ErrorCode, KafkaError, ProtocolViolation
from cluster.protocol.frames import Request, encode_response, parse_request
from cluster.protocol.messages.handshake import ApiVersion, ApiVersionsResponse
from cluster.protocol.messages.replication import EnvelopeRequest, EnvelopeResponse

logger = logging.getLogger(__name__)

Handler = Callable[[Any, RequestContext, Services], Any]

HANDLERS: Mapping[ApiKey, Handler] = {
    ApiKey.PRODUCE: produce.produce,
    ApiKey.FETCH: fetch.fetch,
    ApiKey.LIST_OFFSETS: offsets.list_offsets,
    ApiKey.METADATA: metadata.metadata,
    ApiKey.OFFSET_COMMIT: commits.offset_commit,
    ApiKey.OFFSET_FETCH: commits.offset_fetch,
    ApiKey.FIND_COORDINATOR: coordination.find_coordinator,
    ApiKey.JOIN_GROUP: membership.join_group,
    ApiKey.HEARTBEAT: membership.heartbeat,
    ApiKey.LEAVE_GROUP: membership.leave_group,
    ApiKey.SYNC_GROUP: membership.sync_group,
    ApiKey.DESCRIBE_GROUPS: groups.describe_groups,
    ApiKey.LIST_GROUPS: groups.list_groups,
    ApiKey.API_VERSIONS: handshake.api_versions,
    ApiKey.CREATE_TOPICS: topics.create_topics,
    ApiKey.DELETE_TOPICS: topics.delete_topics,
    ApiKey.DELETE_RECORDS: offsets.delete_records,
    ApiKey.INIT_PRODUCER_ID: produce.init_producer_id,
    ApiKey.OFFSET_FOR_LEADER_EPOCH: offsets.offset_for_leader_epoch,
    ApiKey.DESCRIBE_ACLS: access.describe_acls,
    ApiKey.CREATE_ACLS: access.create_acls,
    ApiKey.DELETE_ACLS: access.delete_acls,
    ApiKey.DESCRIBE_CONFIGS: configs.describe_configs,
    ApiKey.ALTER_CONFIGS: alterations.alter_configs,
    ApiKey.DESCRIBE_LOG_DIRS: storage.describe_log_dirs,
    ApiKey.CREATE_PARTITIONS: topics.create_partitions,
    ApiKey.DELETE_GROUPS: groups.delete_groups,
    ApiKey.ELECT_LEADERS: topics.elect_leaders,
    ApiKey.INCREMENTAL_ALTER_CONFIGS: alterations.incremental_alter_configs,
    ApiKey.OFFSET_DELETE: commits.offset_delete,
    ApiKey.DESCRIBE_CLUSTER: cluster.describe_cluster,
    ApiKey.DESCRIBE_PRODUCERS: offsets.describe_producers,
    ApiKey.LIST_CONFIG_RESOURCES: configs.list_config_resources,
    ApiKey.DESCRIBE_TOPIC_PARTITIONS: metadata.describe_topic_partitions,
}

BETWEEN_BROKERS: Mapping[ApiKey, Handler] = {
    ApiKey.ALTER_PARTITION: replication.alter_partition,
    ApiKey.BROKER_REGISTRATION: replication.broker_registration,
    ApiKey.BROKER_HEARTBEAT: replication.broker_heartbeat,
    ApiKey.ALLOCATE_PRODUCER_IDS: replication.allocate_producer_ids,
}

ON_CONTROLLER: Mapping[ApiKey, Handler] = {
    ApiKey.CREATE_TOPICS: topics.create_topics_on_controller,
    ApiKey.DELETE_TOPICS: topics.delete_topics_on_controller,
    ApiKey.CREATE_PARTITIONS: topics.create_partitions_on_controller,
    ApiKey.ELECT_LEADERS: topics.elect_leaders_on_controller,
    ApiKey.ALTER_CONFIGS: alterations.alter_configs_on_controller,
    ApiKey.INCREMENTAL_ALTER_CONFIGS: alterations.incremental_alter_configs_on_controller,
    **BETWEEN_BROKERS,
}
"""What the controller does; clients reach it through any broker, which forwards it in an envelope."""

APPLIED_BY_ALL_S = 0.5
"""How long the answer to a change waits for brokers that are slow to hear of it. Kafka's does not wait; but whoever
makes a topic asks for it next, and by any broker."""


class Dispatcher:
    """Runs the handler of each request. Belongs to the node's loop."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def __call__(self, request: Request, context: RequestContext) -> Any:
        """The response, a future or a coroutine of it; None closes the connection."""
        self.services.metrics.requests += 1
        if request.unsupported_version:
            return unsupported_version()
        handler: Handler | None = HANDLERS.get(context.api_key) or BETWEEN_BROKERS.get(context.api_key)
        if context.api_key is ApiKey.ENVELOPE:
            return self._guarded(self._envelope(request.body, context), request.body, context)
        if handler is None:
            raise ProtocolViolation(f"{context.api_key.name} is not served")
        try:
            outcome = handler(request.body, context, self.services)
        except Exception as error:
            return self._refusal(error, request.body, context)
        if inspect.iscoroutine(outcome):
            return self._guarded(outcome, request.body, context)
        return outcome

    async def on_controller(self, request: Any, context: RequestContext) -> Any:
        """Answer as the controller, here and now: what a client asked for when all brokers go by it."""
        handler, controller = ON_CONTROLLER[context.api_key], self.services.controller.active
        before = controller.state.offset if controller is not None else 0
        answer = await self._guarded(handler(request, context, self.services), request, context)
        if controller is not None and context.api_key not in BETWEEN_BROKERS and controller.state.offset > before:
            state = controller.state
            await controller.sessions.applied_by_all(state, state.offset, APPLIED_BY_ALL_S)
        return answer

    async def _envelope(self, envelope: EnvelopeRequest, context: RequestContext) -> EnvelopeResponse:
        inner = parse_request(memoryview(bytearray(envelope.request_data)))
        if inner.api_key not in ON_CONTROLLER:
            return EnvelopeResponse(error_code=ErrorCode.INVALID_REQUEST)
        if self.services.controller.active is None:
            return EnvelopeResponse(error_code=ErrorCode.NOT_CONTROLLER)
        asked = RequestContext(
            api_key=inner.api_key,
            api_version=inner.api_version,
            correlation_id=inner.correlation_id,
            client_id=inner.client_id,
            client_host="/" + ".".join(str(part) for part in envelope.client_host_address),
            forwarded=True,
        )
        answer = await self.on_controller(inner.body, asked)
        buffers = encode_response(inner.api_key, inner.api_version, inner.correlation_id, answer)
        return EnvelopeResponse(response_data=b"".join(buffers)[4:])

    async def _guarded(self, work: Coroutine[Any, Any, Any], request: Any, context: RequestContext) -> Any:
        try:
            return await work
        except asyncio.CancelledError:
            raise
        except Exception as error:
            return self._refusal(error, request, context)

    def _refusal(self, error: Exception, request: Any, context: RequestContext) -> Any:
        """The response that carries this error, or None where the API has no place for one."""
        self.services.metrics.failed_requests += 1
        if isinstance(error, ProtocolViolation):
            raise error
        if not isinstance(error, KafkaError):
            logger.error("%s v%s failed", context.api_key.name, context.api_version, exc_info=error)
        code = error.code if isinstance(error, KafkaError) else ErrorCode.UNKNOWN_SERVER_ERROR
        return error_response(context.api_key, code, getattr(error, "message", None))


def error_response(key: ApiKey, code: ErrorCode, message: str | None) -> Any:
    """A response of this API with a top-level error; None when it has no such field."""
    response = API_SPECS[key].response()
    if not hasattr(response, "error_code"):
        return None
    response.error_code = code
    if hasattr(response, "error_message"):
        response.error_message = message
    return response


def unsupported_version() -> ApiVersionsResponse:
    """What a client gets that asks in a newer version than ours: the range of ApiVersions itself (KIP-511)."""
    spec = API_SPECS[ApiKey.API_VERSIONS]
    return ApiVersionsResponse(
        error_code=ErrorCode.UNSUPPORTED_VERSION,
        api_keys=[ApiVersion(api_key=spec.key, min_version=spec.min_version, max_version=spec.max_version)],
    )
