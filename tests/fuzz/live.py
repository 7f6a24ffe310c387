"""A live broker that is sent bad requests, and another client of it that must not notice."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

from cluster.client.connection import Connection
from tests.broker.data_path.requests import batch, create, fetch, fetched, position, produce, produced, values_in
from tests.fuzz import messages
from tests.fuzz.mutations import mutated, resized
from tests.support.nodes import Nodes, brokers
from tests.support.patience import seconds

ANSWER_S = 0.01
"""How long an answer to a bad request is waited for: some come late, as a fetch may want it."""
NOTICE_S = 2.0
"""Another client whose request takes so long has noticed."""
TOPIC = "bystander"


class Trouble(AssertionError):
    """The broker did something that it must not do."""


class Complaints(logging.Handler):
    """Keeps what is logged as an error, or with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.exc_info:
            text = logging.Formatter("%(name)s: %(message)s").format(record)
            self.found.append(text)


class Victim:
    """One broker, one client that goes on as ever, and connections that bad requests come by."""

    def __init__(self, nodes: Nodes, bystander: Connection) -> None:
        self.complaints = Complaints()
        self._nodes = nodes
        self._bystander = bystander
        self._offset = 0
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def attack(self, data: bytes) -> None:
        """Send bytes, wait for an answer or the end, and see that all is well. Raises Trouble."""
        if self._open is None or self._open[0].at_eof() or self._open[1].is_closing():
            self._open = await asyncio.open_connection("127.0.0.1", self._nodes.port(1))
        reader, writer = self._open
        writer.write(data)
        answered = b""
        with suppress(TimeoutError, OSError):
            answered = await asyncio.wait_for(reader.read(1 << 20), ANSWER_S)
        if not answered:
            writer.transport.abort()
            self._open = None
        await self._check()

    async def _check(self) -> None:
        try:
            async with asyncio.timeout(seconds(NOTICE_S)):
                await self._go_on()
        except TimeoutError as error:
            raise Trouble(f"the other client was not answered within {NOTICE_S} s") from error
        except OSError as error:
            raise Trouble(f"the other client lost its connection: {error}") from error
        if self.complaints.found:
            raise Trouble("; ".join(self.complaints.found))

    async def _go_on(self) -> None:
        value = b"%d" % self._offset
        answer = produced(await self._bystander.send(produce(topic=TOPIC, records=batch(value), acks=1), 12))
        if (answer.error_code, answer.base_offset) != (0, self._offset):
            raise Trouble(f"the other client's record got {answer}")
        data = fetched(await self._bystander.send(fetch(position(self._offset), topic=TOPIC), 12))
        if values_in(data) != [value]:
            raise Trouble(f"the other client reads {values_in(data)} in place of {value!r}")
        self._offset += 1

    async def close(self) -> None:
        if self._open is not None:
            self._open[1].transport.abort()
        self._bystander.close()
        gc.collect()


@asynccontextmanager
async def victim(folder: Path) -> AsyncIterator[Victim]:
    """A broker to be attacked. Everything that its loop or its log complains of is Trouble."""
    loop, root = asyncio.get_running_loop(), logging.getLogger()
    async with brokers(folder, 1, max_connections_per_ip="10000") as nodes:
        for topic in ("orders", "clicks", TOPIC):
            await create(nodes, 1, topic=topic, partitions=2)
        attacked = Victim(nodes, await Connection.open("127.0.0.1", nodes.port(1), "bystander"))
        loop.set_exception_handler(lambda _, context: attacked.complaints.found.append(_described(context)))
        root.addHandler(attacked.complaints)
        try:
            yield attacked
        finally:
            root.removeHandler(attacked.complaints)
            loop.set_exception_handler(None)
            await attacked.close()


def _described(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return f"{context['message']}: {type(error).__name__}: {error}"


def example(random: Random) -> bytes:
    """Bad requests, or good ones that ask for odd things, one or some at a time."""
    frames = []
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        _, _, good = messages.request(random)
        kind = random.random()
        if kind < 0.3:
            frames.append(good)
        elif kind < 0.9:
            frames.append(resized(good[:4] + mutated(good[4:], random)))
        else:
            frames.append(mutated(good, random))
    return b"".join(frames)
