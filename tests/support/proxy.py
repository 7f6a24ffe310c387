"""A TCP proxy between a client and a broker that cuts, blocks, delays and refuses on command."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
CHUNK_BYTES = 65536
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(slots=True, eq=False)
class Proxy:
    """Forwards 127.0.0.1:port to a target; lives on the loop that started it."""

    target: tuple[str, int]
    delay_s: float = 0.0
    refusing: bool = False
    port: int = 0
    accepted: int = 0
    _server: asyncio.Server | None = None
    _links: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = field(default_factory=dict)
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        self._flowing.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def __aenter__(self) -> "Proxy":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def cut(self) -> None:
        """Reset every connection; new ones are accepted."""
        for task, writers in list(self._links.items()):
            for writer in writers:
                if writer.transport.is_closing():
                    continue
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                writer.transport.abort()
            task.cancel()

    def block(self) -> None:
        """Hold back every byte in both directions; nothing is lost, connections stay open."""
        self._flowing.clear()

    def unblock(self) -> None:
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        writers = self._links[task] = [writer]
        try:
            await self._link(reader, writer, writers)
        finally:
            del self._links[task]
            for opened in writers:
                opened.transport.abort()

    async def _link(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, writers: list[asyncio.StreamWriter]
    ) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection(*self.target)
            writers.append(far_writer)
            there = asyncio.ensure_future(self._pump(reader, far_writer))
            back = asyncio.ensure_future(self._pump(far_reader, writer))
            try:
                await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
            finally:
                there.cancel()
                back.cancel()
                await asyncio.gather(there, back, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK_BYTES):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()


class ThreadedProxy:
    """The same proxy on a thread of its own, for tests whose clients are processes or block."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._proxy = Proxy(target)
        self._wait(self._proxy.start())

    @property
    def port(self) -> int:
        return self._proxy.port

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def cut(self) -> None:
        self._call(self._proxy.cut)

    def block(self) -> None:
        self._call(self._proxy.block)

    def unblock(self) -> None:
        self._call(self._proxy.unblock)

    def refuse(self, refusing: bool = True) -> None:
        self._call(lambda: setattr(self._proxy, "refusing", refusing))

    def delay(self, seconds: float) -> None:
        self._call(lambda: setattr(self._proxy, "delay_s", seconds))

    def close(self) -> None:
        self._wait(self._proxy.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> "ThreadedProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, action: Callable[[], None]) -> None:
        async def run() -> None:
            action()

        self._wait(run())

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=10)
