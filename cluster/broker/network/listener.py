"""The listener: accepts connections on one address, within limits, and closes idle ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from cluster.broker.metrics import Metrics
from cluster.broker.network.admission import ConnectionLimits, Hosts, Pace
from cluster.broker.network.complaints import Complaints
from cluster.broker.network.connection import Connection, Dispatch
from cluster.broker.network.memory import RequestMemory
from cluster.protocol.connection import receive_buffer

logger = logging.getLogger(__name__)

SWEEPS: Final = 20
"""How often, within the time that a connection may be idle, idle ones are looked for at most."""
BACKLOG: Final = 1024
"""So many connections may wait until they are accepted; and so many more until there is room for them."""


class Listener:
    """Accepts connections on one address and knows those that are open. Belongs to the node's loop.

    One that there is no room for waits, unread, until another goes, as one does that Kafka does not accept yet.
    """

    def __init__(self, dispatch: Dispatch, metrics: Metrics, limits: Callable[[], ConnectionLimits]) -> None:
        self.loop = asyncio.get_running_loop()
        self.dispatch = dispatch
        self.metrics = metrics
        self.limits = limits
        self.memory = RequestMemory(self.loop)
        self.complaints = Complaints(self.loop, logger)
        self.scratch = receive_buffer()
        self._connections: dict[Connection, None] = {}
        self._waiting: dict[Connection, None] = {}
        self._hosts = Hosts()
        self._pace = Pace()
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._next_admission: asyncio.TimerHandle | None = None
        self._resolving: asyncio.Task[None] | None = None
        self._closing = False

    async def listen(self, host: str, port: int) -> None:
        """Bind and accept. Raises OSError when the address is taken."""
        self.limits_changed()
        self._server = await self.loop.create_server(self._connection, host, port, backlog=BACKLOG)
        self._close_idle()

    def _connection(self) -> Connection:
        return Connection(self, self.limits().request_bytes)

    # -- coming and going

    def opened(self, connection: Connection) -> None:
        """A client connected."""
        self._waiting[connection] = None
        if len(self._waiting) > BACKLOG:
            self._send_away(connection, "too many wait already until there is room")
            return
        self._admit()
        if connection in self._waiting:
            # Held back as one whose client does not read.
            connection.pause_writing()

    def _admit(self) -> None:
        """Serve those who wait, in their order, as far as the limits allow."""
        limits = self.limits()
        while self._waiting and len(self._connections) < limits.connections and not self._closing:
            delay_s = self._pace.delay_s(self.loop.time(), limits.new_per_s)
            if delay_s:
                self._admit_later(delay_s)
                break
            connection = next(iter(self._waiting))
            del self._waiting[connection]
            self._serve(connection, limits)
            connection.resume_writing()
        self.metrics.connections = len(self._connections)

    def _admit_later(self, delay_s: float) -> None:
        if self._next_admission is not None:
            self._next_admission.cancel()
        self._next_admission = self.loop.call_later(delay_s, self._admit)

    def _serve(self, connection: Connection, limits: ConnectionLimits) -> None:
        self._connections[connection] = None
        connection.active_at = self.loop.time()
        if not self._hosts.enter(connection.peer.host, limits.connections_per_host):
            self._send_away(connection, "there are as many connections from its address as there may be")

    def _send_away(self, connection: Connection, why: str) -> None:
        self.complaints.say(logging.INFO, "refused", connection.peer, why)
        connection.peer.close()

    def closed(self, connection: Connection) -> None:
        """A client's connection is gone."""
        if connection in self._waiting:
            del self._waiting[connection]
            return
        del self._connections[connection]
        self._hosts.leave(connection.peer.host)
        self._admit()

    # -- limits

    def limits_changed(self) -> None:
        """The limits are others now: those who have been silent for longest go while there are too many."""
        limits = self.limits()
        self.memory.limit_bytes = limits.queued_bytes
        self._hosts.addresses = dict(limits.overrides)
        if self._resolving is not None:
            self._resolving.cancel()
        if limits.overrides:
            self._resolving = self.loop.create_task(self._resolve(limits))
        excess = len(self._connections) - limits.connections
        if excess > 0:
            for connection in sorted(self._connections, key=lambda each: each.active_at)[:excess]:
                self._send_away(connection, "there are more connections than there may be")
        self._admit()

    async def _resolve(self, limits: ConnectionLimits) -> None:
        """Limits of hosts that are given by name hold for their addresses."""
        for name, limit in limits.overrides.items():
            try:
                for _, _, _, _, address in await self.loop.getaddrinfo(name, None):
                    self._hosts.addresses[str(address[0])] = limit
            except OSError as error:
                logger.warning("no limit of connections for %s: its address cannot be found: %s", name, error)

    def _close_idle(self) -> None:
        """Close the connections that have been idle for too long, and look again when the next one may be."""
        idle_s, now = self.limits().idle_s, self.loop.time()
        if idle_s is None:
            return
        next_look = now + idle_s
        for connection in list(self._connections):
            if connection.share.read_by_client(connection.peer.transport):
                connection.active_at = now
            if connection.idle and connection.active_at + idle_s <= now:
                connection.peer.abort()
            else:
                next_look = min(next_look, connection.active_at + idle_s)
        self._sweep = self.loop.call_at(max(next_look, now + idle_s / SWEEPS), self._close_idle)

    def close(self) -> None:
        """Stop accepting and close every connection."""
        self._closing = True
        for timer in (self._sweep, self._next_admission):
            if timer is not None:
                timer.cancel()
        if self._resolving is not None:
            self._resolving.cancel()
        if self._server is not None:
            self._server.close()
        for connection in [*self._connections, *self._waiting]:
            connection.peer.close()
        self.memory.close()
        self.complaints.close()
