"""A broker that says what a test tells it to: real frames over a real socket, answers from a table of functions."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cluster.protocol.api import ApiKey
from cluster.protocol.connection import ServerConnection
from cluster.protocol.errors import ErrorCode
from cluster.protocol.frames import Request
from cluster.protocol.messages.handshake import ApiVersion, ApiVersionsRequest, ApiVersionsResponse

Answer = Callable[[Any, int], Any]
"""From a request and its version to the response; None for silence."""


@dataclass(slots=True, eq=False)
class ScriptedBroker:
    """Listens on 127.0.0.1:port. `versions` is what ApiVersions offers; `received` what came, in order."""

    answers: dict[type, Answer] = field(default_factory=dict)
    versions: Mapping[ApiKey, tuple[int, int]] = field(default_factory=dict)
    port: int = 0
    received: list[Request] = field(default_factory=list)
    accepted: int = 0
    _server: asyncio.Server | None = None
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def __aenter__(self) -> "ScriptedBroker":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def requests(self, kind: type) -> list[Any]:
        """The bodies of the requests of one kind that came so far."""
        return [request.body for request in self.received if isinstance(request.body, kind)]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._writers.append(writer)
        wire = ServerConnection(100 << 20)
        try:
            while data := await reader.read(65536):
                self._receive(wire, data)
                writer.writelines(wire.data_to_send())
                await writer.drain()
        except ConnectionError:
            writer.close()

    def _receive(self, wire: ServerConnection, data: bytes) -> None:
        while data:
            with wire.get_buffer(-1) as into:
                taken = min(len(into), len(data))
                into[:taken] = data[:taken]
            wire.buffer_updated(taken)
            data = data[taken:]
        for request in wire.requests():
            self.received.append(request)
            response = self._answer(request)
            if isinstance(response, ApiVersionsResponse) and response.error_code == ErrorCode.UNSUPPORTED_VERSION:
                request = replace(request, api_version=0)
            if response is not None:
                wire.send_response(request, response)

    def _answer(self, request: Request) -> Any:
        offered = [
            ApiVersion(api_key=key, min_version=low, max_version=high) for key, (low, high) in self.versions.items()
        ]
        if request.unsupported_version:
            return ApiVersionsResponse(error_code=ErrorCode.UNSUPPORTED_VERSION, api_keys=offered)
        answer = self.answers.get(type(request.body))
        if answer is None and isinstance(request.body, ApiVersionsRequest):
            return ApiVersionsResponse(api_keys=offered)
        assert answer is not None, f"no answer is written for {type(request.body).__name__}"
        return answer(request.body, request.api_version)
