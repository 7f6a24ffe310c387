"""One pipelined connection to one broker: requests leave in order, each answer goes to whoever waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Self, cast

from cluster.client.versions import SPECS, OfferedVersions, negotiate
from cluster.protocol.connection import ClientConnection
from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.messages.handshake import ApiVersionsRequest, ApiVersionsResponse
from cluster.protocol.messages.produce import ProduceRequest

MAX_RESPONSE_BYTES = 256 << 20
"""Far above any honest answer, and below what the first bytes of HTTP or TLS read as a size."""


class ConnectionLost(ConnectionError):
    """The connection is gone, or an answer did not come in time: whether the request took effect is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a connection waits, in milliseconds."""

    connect_ms: int = 10_000
    request_ms: int = 30_000


@dataclass(slots=True)
class _Waiter:
    answer: asyncio.Future[Any]
    timer: asyncio.TimerHandle


class Connection(asyncio.BufferedProtocol):
    """A connection of one client. Belongs to the loop that opened it.

    A request without an answer in time ends the connection, as in Kafka's own clients: answers come in order, so
    nothing behind it would come either.
    """

    def __init__(self, address: str, client_id: str, patience: Patience) -> None:
        self.address = address
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._wire = ClientConnection(client_id, MAX_RESPONSE_BYTES)
        self._transport: asyncio.Transport | None = None
        self._waiters: dict[int, _Waiter] = {}
        self._writable: asyncio.Future[None] | None = None
        self._loss: ConnectionLost | None = None
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._offered: OfferedVersions | None = None
        self._asking_versions = asyncio.Lock()

    @classmethod
    async def open(cls, host: str, port: int, client_id: str, patience: Patience | None = None) -> Self:
        """Connect to a broker. Raises ConnectionLost when nobody answers there in time."""
        patience = patience or Patience()
        address = f"{host}:{port}"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(patience.connect_ms / 1000):
                _, connection = await loop.create_connection(lambda: cls(address, client_id, patience), host, port)
        except TimeoutError as error:
            raise ConnectionLost(f"{address} did not accept within {patience.connect_ms} ms") from error
        except OSError as error:
            raise ConnectionLost(f"{address} cannot be reached: {error.strerror or error}") from error
        return connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        return self._loss is not None

    @property
    def congested(self) -> bool:
        """True while the broker takes requests more slowly than they are sent; senders wait."""
        return self._writable is not None

    def close(self) -> None:
        """Close at once; whoever still waits gets ConnectionLost."""
        self._lose(ConnectionLost(f"{self.address}: closed by us"))

    async def wait_closed(self) -> None:
        """Return when the connection is gone, for whatever reason."""
        await asyncio.shield(self._gone)

    # -- requests

    async def send(self, message: Any, version: int | None = None, timeout_ms: int | None = None) -> Any:
        """Send a request and wait for its answer.

        Without a version the highest that both sides know is used (asked of the broker once per connection). A given
        version is used as it is. A produce with acks=0 has no answer: None, at once. Raises ConnectionLost, or
        UnsupportedVersion when there is no common version.
        """
        if version is None:
            version = (await self.versions()).common(type(message))
        while self._writable is not None:
            await asyncio.shield(self._writable)
        answer = self.submit(message, version, timeout_ms)
        return await answer if answer else None

    def submit(self, message: Any, version: int, timeout_ms: int | None = None) -> asyncio.Future[Any] | None:
        """As `send`, but now, however congested; the future is of the answer (None: there is none, acks=0)."""
        if self._loss is not None or self._transport is None:
            raise self._loss or ConnectionLost(f"{self.address}: not connected")
        spec = SPECS[type(message)]
        correlation_id = self._wire.send_request(spec.key, version, message)
        self._transport.writelines(self._wire.data_to_send())
        if isinstance(message, ProduceRequest) and message.acks == 0:
            return None
        timeout_ms = timeout_ms or self._patience.request_ms
        timer = self._loop.call_later(timeout_ms / 1000, self._expire, spec.name, timeout_ms)
        self._waiters[correlation_id] = waiter = _Waiter(self._loop.create_future(), timer)
        return waiter.answer

    def _expire(self, name: str, timeout_ms: int) -> None:
        self._lose(ConnectionLost(f"{self.address}: no answer to {name} within {timeout_ms} ms"))

    async def versions(self) -> OfferedVersions:
        """What the broker serves, asked once per connection. Raises ConnectionLost, KafkaError."""
        async with self._asking_versions:
            if self._offered is None:
                self._offered = await negotiate(self._ask_versions)
        return self._offered

    async def _ask_versions(self, request: ApiVersionsRequest, version: int) -> ApiVersionsResponse:
        response: ApiVersionsResponse = await self.send(request, version, self._patience.connect_ms)
        return response

    # -- asyncio.BufferedProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._wire.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._wire.buffer_updated(nbytes)
            for correlation_id, message in self._wire.responses():
                self._answer(correlation_id, message)
        except ProtocolViolation as error:
            self._lose(ConnectionLost(f"{self.address} does not speak the Kafka protocol: {error}"))

    def _answer(self, correlation_id: int, message: Any) -> None:
        waiter = self._waiters.pop(correlation_id)
        waiter.timer.cancel()
        if not waiter.answer.done():
            waiter.answer.set_result(message)

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(ConnectionLost(f"{self.address}: {exc or 'closed by the broker'}"))
        self._gone.set_result(None)

    def _lose(self, loss: ConnectionLost) -> None:
        if self._loss is not None:
            return
        self._loss = loss
        if self._transport is not None:
            self._transport.abort()
        self.resume_writing()
        waiters, self._waiters = self._waiters, {}
        for waiter in waiters.values():
            waiter.timer.cancel()
            if not waiter.answer.done():
                waiter.answer.set_exception(ConnectionLost(str(loss)))
