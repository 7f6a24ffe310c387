"""One client's connection: carries requests in and responses out, in order."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from cluster.broker.metrics import Metrics
from cluster.broker.network.complaints import Complaints
from cluster.broker.network.memory import RequestMemory, Share
from cluster.broker.services import NO_RESPONSE, RequestContext
from cluster.protocol.api import ApiKey
from cluster.protocol.connection import ServerConnection
from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.frames import Asked, Request

logger = logging.getLogger(__name__)

MAX_PIPELINED: Final = 64
"""Produce requests of one connection that may wait for their acknowledgement at a time."""

UNREAD_S: Final = 5.0
"""How long a client may read nothing of what was written before its connection was closed."""

Dispatch = Callable[[Request, RequestContext], Any]


class Acceptor(Protocol):
    """Whoever accepted a connection."""

    loop: asyncio.AbstractEventLoop
    metrics: Metrics
    dispatch: Dispatch
    memory: RequestMemory
    complaints: Complaints
    scratch: memoryview

    def opened(self, connection: Connection) -> None:
        """The client is there."""

    def closed(self, connection: Connection) -> None:
        """The client is gone."""


class Slot:
    """The place of one response in the order of its connection."""

    __slots__ = ("message", "ready", "request")

    def __init__(self, request: Request) -> None:
        # The answer needs the header only: a produce that waits must not hold the records that it brought.
        self.request = Asked(request.api_key, request.api_version, request.correlation_id)
        self.message: Any = None
        self.ready = False

    def fill(self, message: Any) -> None:
        """The response is there."""
        self.message, self.ready = message, True


class Answers:
    """The responses that a connection owes, in the order of its requests."""

    def __init__(self, wire: ServerConnection) -> None:
        self._wire = wire
        self._slots: deque[Slot] = deque()

    def __len__(self) -> int:
        return len(self._slots)

    def owe(self, request: Request) -> Slot:
        """A request has been taken up."""
        slot = Slot(request)
        self._slots.append(slot)
        return slot

    def settle(self, slot: Slot, message: Any) -> None:
        """The work for a request is done: there is its response, or there is none."""
        if message is NO_RESPONSE:
            self._slots.remove(slot)
        else:
            slot.fill(message)

    @property
    def ready(self) -> bool:
        """True when the next response is there."""
        return bool(self._slots) and self._slots[0].ready

    def encode(self) -> bool:
        """Encode the responses that may go out. False when the connection is to be closed behind them."""
        while self.ready:
            slot = self._slots.popleft()
            if slot.message is None:
                return False
            try:
                self._wire.send_response(slot.request, slot.message)
            except Exception:
                logger.exception("the answer to %s cannot be encoded", slot.request.api_key.name)
                return False
        return True


class Peer:
    """Whom a handler deals with. Belongs to its connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wire: ServerConnection) -> None:
        self.host, self.port = "", 0
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._loop = loop
        self._wire = wire
        self._leaving: asyncio.TimerHandle | None = None
        self._closings: list[Callable[[], None]] = []
        self._more: Callable[[], None] | None = None

    def context(self, request: Request) -> RequestContext:
        """Who asks, and by which version."""
        return RequestContext(
            api_key=request.api_key,
            api_version=request.api_version,
            correlation_id=request.correlation_id,
            client_id=request.client_id,
            client_host=f"/{self.host}",
            connection=self,
        )

    def when_closed(self, callback: Callable[[], None]) -> None:
        """Call back once when the connection is gone."""
        self._closings.append(callback)

    def when_more(self, callback: Callable[[], None] | None) -> None:
        """Call back when another request has arrived while one is being answered."""
        self._more = callback
        self.look_for_more()

    def look_for_more(self) -> None:
        """Something arrived: it may be another request."""
        if self._more is not None and self._wire.pending:
            self._more()

    def close(self) -> None:
        """Close after what is already written has gone out, or when the client reads no more of it."""
        if not self.transport.is_closing():
            self.transport.close()
            self._wait_for(self.transport.get_write_buffer_size())

    def _wait_for(self, unread_bytes: int) -> None:
        if unread_bytes:
            self._leaving = self._loop.call_later(UNREAD_S, self._look, unread_bytes)

    def _look(self, unread_bytes: int) -> None:
        left_bytes = self.transport.get_write_buffer_size()
        if left_bytes < unread_bytes:
            self._wait_for(left_bytes)
        else:
            self.abort()

    def abort(self) -> None:
        """Close at once: what was written may stay unread for ever."""
        self.transport.abort()

    def gone(self) -> None:
        """The connection is gone: tell those who want to know."""
        if self._leaving is not None:
            self._leaving.cancel()
        closings, self._closings = self._closings, []
        for callback in closings:
            callback()


class Connection(asyncio.BufferedProtocol):
    """One client's connection. Owns its buffers and the order of its responses; lives on the node's loop.

    A produce that was appended only waits for its followers (a future): the next request may start. Any other one, and
    a produce that takes long to be appended (a coroutine), holds the next back as Kafka's muted channel does.
    """

    def __init__(self, acceptor: Acceptor, max_request_bytes: int) -> None:
        self._acceptor = acceptor
        self._wire = ServerConnection(max_request_bytes, acceptor.scratch)
        self.peer = Peer(acceptor.loop, self._wire)
        self._answers = Answers(self._wire)
        self._exclusive: asyncio.Future[Any] | None = None
        self.get_buffer = self._wire.get_buffer  # type: ignore[method-assign]
        self.share = Share(self, self._wire, acceptor.memory, acceptor.metrics)
        self._writable = self._reading = True
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.active_at = acceptor.loop.time()

    @property
    def idle(self) -> bool:
        """True when no response is owed, or none is read."""
        return not self._answers or not self._writable

    # -- asyncio.BufferedProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self.peer.transport = cast(asyncio.Transport, transport)
        self.peer.host, self.peer.port = (transport.get_extra_info("peername") or ("", 0))[:2]
        self._acceptor.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._acceptor.closed(self)
        self.share.release()
        if self._exclusive is not None:
            # Not at once: a task that has not begun yet would never get to its `finally`.
            self._acceptor.loop.call_soon(self._exclusive.cancel)
        self.peer.gone()

    def buffer_updated(self, nbytes: int) -> None:
        self._acceptor.metrics.bytes_received += nbytes
        try:
            self._wire.buffer_updated(nbytes)
            if self._blocked:
                self.hold_back()
            else:
                self._advance()
        except ProtocolViolation as violation:
            self.refuse(violation)
        if self._wire.held_bytes or self.share.held_bytes:
            self.active_at = self._acceptor.loop.time()
            self.share.account()

    def pause_writing(self) -> None:
        self._writable = False
        self.share.unsent(self._transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._writable = True
        self.share.unsent(0)
        self.resume()

    # -- requests in

    @property
    def _blocked(self) -> bool:
        return self._exclusive is not None or not self._writable or len(self._answers) >= MAX_PIPELINED

    def hold_back(self) -> None:
        """Let TCP hold the sender back instead of buffering what cannot be answered yet."""
        if self._reading:
            self._reading = False
            self._transport.pause_reading()
        self.peer.look_for_more()

    def refuse(self, violation: ProtocolViolation) -> None:
        """Close, for the client's own fault."""
        self._flush()
        self._acceptor.complaints.say(logging.WARNING, "closed", self.peer, violation)
        (self.peer.close if self._writable else self.peer.abort)()  # Nobody waits for one that is at fault.

    def _advance(self) -> None:
        if not self._blocked:
            for request in self._wire.requests():
                self._start(request)
                if request.api_key is ApiKey.FETCH or len(self._answers) >= MAX_PIPELINED:
                    # Many large answers must not pile up unread; many small ones make room for what is behind them.
                    self._flush()
                if self._blocked or self._transport.is_closing():
                    break
        self._flush()

    def resume(self) -> None:
        """What held requests back may be over."""
        if self._transport.is_closing() or self._blocked:
            return
        try:
            self._advance()
        except ProtocolViolation as violation:
            self.refuse(violation)
        if self.share.held_bytes:
            self.share.account()
        if not (self._reading or self._blocked or self.share.short or self._transport.is_closing()):
            self._reading = True
            self._transport.resume_reading()

    def _start(self, request: Request) -> None:
        self.active_at = self._acceptor.loop.time()
        outcome = self._acceptor.dispatch(request, self.peer.context(request))
        if outcome is NO_RESPONSE:
            return
        slot = self._answers.owe(request)
        if works := inspect.iscoroutine(outcome):
            outcome = self._acceptor.loop.create_task(outcome)
        if not isinstance(outcome, asyncio.Future):
            return slot.fill(outcome)
        if works or request.api_key is not ApiKey.PRODUCE:
            self._exclusive = outcome
        if works and request.api_key is ApiKey.PRODUCE:
            self.share.work_on(len(request.frame))
        outcome.add_done_callback(lambda future: self._finished(slot, future))

    def _finished(self, slot: Slot, outcome: asyncio.Future[Any]) -> None:
        if outcome is self._exclusive:
            self._exclusive = None
            self.share.work_on(0)
        error = None if outcome.cancelled() else outcome.exception()
        if self._transport.is_closing():
            return
        if isinstance(error, ProtocolViolation):
            self.refuse(error)
        elif error is not None or outcome.cancelled():
            logger.error("%s is left without an answer", slot.request.api_key.name, exc_info=error)
            self.peer.close()
        else:
            self._answers.settle(slot, outcome.result())
            self._flush()
            self.resume()

    def _flush(self) -> None:
        if not self._answers.ready or self._transport.is_closing():
            return
        self.active_at = self._acceptor.loop.time()
        intact = self._answers.encode()
        buffers = self._wire.data_to_send()
        self._acceptor.metrics.bytes_sent += sum(map(len, buffers))
        self._transport.writelines(buffers)
        if not intact:
            self.peer.close()
