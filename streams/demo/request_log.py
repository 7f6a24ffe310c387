"""The console's own request log as a topic: an ASGI layer that notes each request and sends the notes later."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from cluster.models import Installation
from streams.demo.topics import CONSOLE_REQUESTS, as_json

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

LOOK_EVERY_S = 1.0
PATIENCE_S = 5.0
QUIET_ROUNDS = 15
# Notes that wait while the cluster is away; older ones go first.
KEPT = 1000
SECRETS = "/sign-in/"


class RequestLog:
    """Wraps the pages. A request only leaves a note behind; it never waits for a broker, nor for the database.

    While the demo is off the notes are thrown away. Belongs to the loop of the web server.
    """

    def __init__(self, application: Application, bootstrap_servers: Sequence[str]) -> None:
        self._application = application
        self._servers = ",".join(bootstrap_servers)
        self._notes: deque[tuple[str, dict[str, Any], int]] = deque(maxlen=KEPT)
        self._sender: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many notes have not been sent."""
        return len(self._notes)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._application(scope, receive, noting)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Message, status: int, took_s: float) -> None:
        path = SECRETS if scope["path"].startswith(SECRETS) else scope["path"]
        client = (scope.get("client") or ("",))[0]
        took_ms = round(took_s * 1000, 2)
        note = {"method": scope["method"], "path": path, "status": status, "ms": took_ms, "client": client}
        self._notes.append((path, note, int(time.time() * 1000)))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.get_running_loop().create_task(self._send_while_requests_come())

    async def _send_while_requests_come(self) -> None:
        """Ends after a quiet time, or when the demo is off; the next request starts it again."""
        while self._notes:
            if not await _wanted():
                self._notes.clear()
                return
            try:
                await self._send()
            except Exception as error:
                logger.warning("The request log could not be sent, trying again: %s", error)
                await asyncio.sleep(PATIENCE_S)

    async def _send(self) -> None:
        # Imported late: a console without the demo has no need of a producer.
        from aiokafka import AIOKafkaProducer

        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers, client_id="odradek-request-log", acks="all", request_timeout_ms=10_000
        )
        async with producer:
            quiet_rounds = 0
            while quiet_rounds < QUIET_ROUNDS and await _wanted():
                quiet_rounds = 0 if self._notes else quiet_rounds + 1
                while self._notes:
                    await self._send_oldest(producer)
                await asyncio.sleep(LOOK_EVERY_S)

    async def _send_oldest(self, producer: Any) -> None:
        path, note, at = self._notes[0]
        await producer.send_and_wait(CONSOLE_REQUESTS, key=path.encode(), value=as_json(note), timestamp_ms=at)
        # While it was being sent newer notes may have pushed it out.
        if self._notes and self._notes[0][1] is note:
            self._notes.popleft()


async def _wanted() -> bool:
    try:
        return await Installation.objects.filter(demo=True).aexists()
    except Exception as error:
        logger.warning("Whether the demo is on cannot be read: %s", error)
        return False
