"""The way to the active controller: a call when it lives here, the wire otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from cluster.broker.config import BrokerConfig
from cluster.broker.control.controllership import Controllership
from cluster.broker.control.metadata import MetadataReplica
from cluster.broker.services import PeerConnection, RequestContext
from cluster.client.connection import Connection, ConnectionLost
from cluster.client.versions import SPECS
from cluster.controller.controller import Controller
from cluster.protocol.api import ApiKey
from cluster.protocol.errors import BrokerNotAvailable, ErrorCode, NotController, RequestTimedOut, error_for
from cluster.protocol.frames import decode_response, encode_request
from cluster.protocol.messages.replication import EnvelopeRequest, EnvelopeResponse
from cluster.protocol.messages.topics import CreateTopicsRequest, CreateTopicsResponse

HEARTBEATS, LEAVING, REPLICATION, FORWARDING = "heartbeats", "leaving", "replication", "forwarding"
"""One connection a purpose: a heartbeat that waits for news holds nobody else up."""

CREATE_TOPICS_VERSION = 7

LocalHandler = Callable[[Any, RequestContext], Coroutine[Any, Any, Any]]


class ControllerChannel:
    """Reaches whoever is the controller according to the metadata log. Belongs to the node's loop."""

    def __init__(
        self, config: BrokerConfig, metadata: MetadataReplica, controllership: Controllership, local: LocalHandler
    ) -> None:
        self._config = config
        self._metadata = metadata
        self._controllership = controllership
        self._local = local
        self._connections: dict[str, tuple[int, Connection]] = {}
        self._opening: dict[str, asyncio.Lock] = {}

    @property
    def active(self) -> Controller | None:
        """The controller, when this broker holds the lease."""
        return self._controllership.active

    async def send(self, request: Any, version: int, purpose: str = REPLICATION) -> Any:
        """Have the controller answer an inter-broker request.

        Raises NotController while none is known, ConnectionLost or OSError when it cannot be reached.
        """
        if self.active is not None:
            return await self._local(request, self._own_context(SPECS[type(request)].key, version))
        connection = await self._connection(purpose)
        return await connection.send(request, version)

    async def forward(self, request: Any, context: RequestContext) -> Any:
        """Have the controller answer what a client asked this broker, in the client's version."""
        try:
            async with asyncio.timeout(self._config.request_timeout_ms / 1000):
                if self.active is not None:
                    return await self._local(request, context)
                return await self._enveloped(request, context)
        except (OSError, ConnectionLost) as error:
            raise BrokerNotAvailable("the controller cannot be reached at the moment") from error
        except TimeoutError as error:
            raise RequestTimedOut("the controller did not answer in time") from error

    async def create_topics(self, request: CreateTopicsRequest) -> CreateTopicsResponse:
        """Have the controller create topics that this broker itself wants."""
        context = self._own_context(ApiKey.CREATE_TOPICS, CREATE_TOPICS_VERSION)
        response: CreateTopicsResponse = await self.forward(request, context)
        if any(topic.error_code == ErrorCode.NONE for topic in response.topics):
            # The next answer should know them: the log is read on as soon as they are in it.
            await self._metadata.catch_up()
        return response

    def heard_of(self, broker_id: int, connection: PeerConnection | None) -> None:
        """A heartbeat of this broker arrived here, where the controller is."""
        self._controllership.heard_of(broker_id, connection)

    async def _enveloped(self, request: Any, context: RequestContext) -> Any:
        key, version = context.api_key, context.api_version
        frame = b"".join(encode_request(key, version, context.correlation_id, context.client_id, request))[4:]
        host = (
            bytes(int(part) for part in context.client_host.lstrip("/").split("."))
            if "." in context.client_host
            else b""
        )
        envelope = EnvelopeRequest(request_data=frame, request_principal=None, client_host_address=host)
        connection = await self._connection(FORWARDING)
        answer: EnvelopeResponse = await connection.send(envelope, 0)
        if answer.error_code != ErrorCode.NONE or answer.response_data is None:
            raise error_for(answer.error_code)
        return decode_response(key, version, answer.response_data)[1]

    def _own_context(self, key: ApiKey, version: int) -> RequestContext:
        return RequestContext(
            api_key=key, api_version=version, correlation_id=0, client_id=None, client_host="", forwarded=True
        )

    async def _connection(self, purpose: str) -> Connection:
        async with self._opening.setdefault(purpose, asyncio.Lock()):
            controller = self._metadata.state.controller
            if controller is None or self._config.is_own_address(controller.id, controller.host, controller.port):
                raise NotController("no controller is known at the moment")
            known = self._connections.get(purpose)
            if known is not None and known[0] == controller.epoch and not known[1].closed:
                return known[1]
            if known is not None:
                known[1].close()
            client_id = f"broker-{self._config.node_id}-{purpose}"
            connection = await Connection.open(controller.host, controller.port, client_id)
            self._connections[purpose] = controller.epoch, connection
            return connection

    def controller_changed(self) -> None:
        """Whoever waits for an answer of the former controller, which may be paused, is to ask the new one."""
        for _, connection in self._connections.values():
            connection.close()

    def close(self) -> None:
        """Close the connections."""
        for _, connection in self._connections.values():
            connection.close()
        self._connections.clear()
