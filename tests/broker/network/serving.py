"""A listener whose requests a test answers by hand, and clients that write frames by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from cluster.broker.metrics import Metrics
from cluster.broker.network.admission import ConnectionLimits
from cluster.broker.network.listener import Listener
from cluster.broker.services import RequestContext
from cluster.protocol.api import ApiKey
from cluster.protocol.frames import Request, decode_response, encode_request
from cluster.protocol.messages.metadata import MetadataRequest
from tests.support.ports import free_ports

PRODUCE, FETCH = (ApiKey.PRODUCE, 9), (ApiKey.FETCH, 12)
METADATA, HEARTBEAT = (ApiKey.METADATA, 12), (ApiKey.HEARTBEAT, 4)

PATIENCE_S = 10.0


class Served:
    """A listener whose requests the test answers itself. `asked` has them in the order in which they were begun."""

    def __init__(self) -> None:
        self.asked: list[tuple[Request, RequestContext]] = []
        self.answers: list[asyncio.Future[Any]] = []
        self.limits = ConnectionLimits()
        self.outcome: Callable[[Request], Any] = self.later
        self.metrics = Metrics()
        self.listener = Listener(self.dispatch, self.metrics, lambda: self.limits)
        self.port = free_ports(1)

    def dispatch(self, request: Request, context: RequestContext) -> Any:
        self.asked.append((request, context))
        return self.outcome(request)

    def later(self, request: Request) -> asyncio.Future[Any]:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        return answer

    async def client(self) -> "Client":
        return Client(*await asyncio.open_connection("127.0.0.1", self.port))


class Client:
    """A client that writes frames by hand, and waits for nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, api: tuple[ApiKey, int], correlation_id: int, message: Any) -> None:
        self.writer.write(frame(api, correlation_id, message))

    async def answer(self, api: tuple[ApiKey, int]) -> tuple[int, Any]:
        async with asyncio.timeout(PATIENCE_S):
            size = int.from_bytes(await self.reader.readexactly(4), "big")
            return decode_response(*api, await self.reader.readexactly(size))

    async def closed(self) -> bool:
        """True when the broker has closed the connection, and sent nothing more."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read() == b""


def frame(api: tuple[ApiKey, int], correlation_id: int, message: Any) -> bytes:
    return b"".join(encode_request(*api, correlation_id, "a-test", message))


@asynccontextmanager
async def serving(**limits: Any) -> AsyncIterator[Served]:
    served = Served()
    served.limits = ConnectionLimits(**limits)
    await served.listener.listen("127.0.0.1", served.port)
    try:
        yield served
    finally:
        served.listener.close()
        await asyncio.sleep(0)


async def ask(client: Client) -> None:
    client.send(METADATA, 1, MetadataRequest())
    assert (await client.answer(METADATA))[0] == 1


async def silent(client: Client) -> bool:
    """True when the client's request is not answered for a while."""
    client.send(METADATA, 1, MetadataRequest())
    try:
        return not await asyncio.wait_for(client.reader.read(1), 0.05)
    except TimeoutError:
        return True
