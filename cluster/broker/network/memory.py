"""The memory that clients can take: requests on their way in, and answers that are not read."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from cluster.broker.metrics import Metrics
from cluster.protocol.errors import ProtocolViolation

UNSENT_BYTES: Final = 256 * 1024 * 1024
"""So much may wait for clients that do not read; then a fetch brings one batch only."""
SHARES: Final = 16
"""While anything waits, a fetch brings at most such a share of what may still wait: no answer is long in the making."""

STALL_S: Final = 5.0
STALL_BYTES: Final = 64 * 1024
"""Who goes ahead of others must bring so much in that time, or is sent away."""


def room_for_answer(unsent_bytes: int) -> int:
    """How much a fetch may bring while so much waits for slow clients: at least a byte, which brings a batch."""
    return max(1, (UNSENT_BYTES - unsent_bytes) // SHARES)


class Arriving(Protocol):
    """Where a connection's requests arrive."""

    @property
    def held_bytes(self) -> int:
        """Memory of requests that are arriving or were not taken, and what is needed next."""

    @property
    def arrived_bytes(self) -> int:
        """What has arrived of the request that is arriving."""


class Owner(Protocol):
    """The connection itself."""

    def hold_back(self) -> None:
        """Read no more."""

    def resume(self) -> None:
        """Read on."""

    def refuse(self, violation: ProtocolViolation) -> None:
        """Close."""


class Share:
    """What one connection holds: of the memory for requests, and of answers that its client does not read."""

    __slots__ = ("_arriving", "_memory", "_metrics", "_working_bytes", "held_bytes", "owner", "short", "unsent_bytes")

    def __init__(self, owner: Owner, arriving: Arriving, memory: RequestMemory, metrics: Metrics) -> None:
        self.owner = owner
        self.held_bytes = self.unsent_bytes = self._working_bytes = 0
        self.short = False
        """There was not enough: nothing may be read for now."""
        self._arriving = arriving
        self._memory = memory
        self._metrics = metrics

    @property
    def arrived_bytes(self) -> int:
        """What has arrived of the request that is arriving."""
        return self._arriving.arrived_bytes

    def account(self) -> None:
        """Requests have arrived in part, or wait for their turn, or have been taken."""
        held = self._arriving.held_bytes + self._working_bytes
        more, self.held_bytes = held - self.held_bytes, held
        if more > 0:
            self.short = not self._memory.take(self, more)
            if self.short:
                self.owner.hold_back()
        elif more < 0:
            self.short = False
            self._memory.give_back(self, -more)

    def work_on(self, bytes_: int) -> None:
        """A request of so many bytes has been taken and keeps its memory until it is done with; 0: it is."""
        if bytes_ != self._working_bytes:
            self._working_bytes = bytes_
            self.account()

    def unsent(self, bytes_: int) -> None:
        """So many bytes of answers wait for the client."""
        self._metrics.unsent_bytes += bytes_ - self.unsent_bytes
        self.unsent_bytes = bytes_

    def read_by_client(self, transport: asyncio.WriteTransport) -> bool:
        """Whether a client that left answers unread has read some since the last look."""
        unsent = transport.get_write_buffer_size() if self.unsent_bytes else 0
        moved = unsent != self.unsent_bytes
        self.unsent(unsent)
        return moved

    def go_on(self) -> None:
        """There is memory again."""
        self.short = False
        self.owner.resume()

    def give_up(self) -> None:
        """Others wait for the memory that this one holds."""
        self.owner.refuse(ProtocolViolation(f"a request stalls after {self.arrived_bytes} bytes, and memory is short"))

    def release(self) -> None:
        """The connection is gone."""
        self.unsent(0)
        self._working_bytes = 0
        if self.held_bytes:
            held, self.held_bytes = self.held_bytes, 0
            self._memory.give_back(self, held)


class RequestMemory:
    """What requests that have begun to arrive, or wait for their turn, hold together. Belongs to the node's loop.

    While they hold more than `limit_bytes` (queued.max.request.bytes; None: no limit) their connections are not read,
    but for one at a time, so that it gets done: one request more than the limit, as with Kafka's pool.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.limit_bytes: int | None = None
        self.used_bytes = 0
        self._loop = loop
        self._waiting: dict[Share, None] = {}
        self._ahead: Share | None = None
        self._look: asyncio.TimerHandle | None = None

    @property
    def short(self) -> bool:
        """True while there is more than there may be."""
        return self.limit_bytes is not None and self.used_bytes > self.limit_bytes

    def take(self, share: Share, more_bytes: int) -> bool:
        """A connection needs more. False when it has to wait until it is told to go on."""
        self.used_bytes += more_bytes
        if not self.short or share is self._ahead:
            return True
        if self._ahead is None:
            self._prefer(share)
            return True
        self._waiting[share] = None
        return False

    def give_back(self, share: Share, bytes_: int) -> None:
        """A connection has handed its request on, or is gone."""
        self.used_bytes -= bytes_
        self._waiting.pop(share, None)
        if share is self._ahead:
            self._ahead = None
        self._let_on()

    def _let_on(self) -> None:
        while self._waiting and not (self.short and self._ahead):
            following = next(iter(self._waiting))
            del self._waiting[following]
            if self.short:
                self._prefer(following)
            following.go_on()

    def close(self) -> None:
        """Look no more."""
        if self._look is not None:
            self._look.cancel()

    def _prefer(self, share: Share) -> None:
        self._ahead = share
        self.close()
        self._look = self._loop.call_later(STALL_S, self._check, share, share.arrived_bytes)

    def _check(self, share: Share, arrived_bytes: int) -> None:
        if share is not self._ahead:
            return
        if self._waiting and not share.arrived_bytes:
            # Its requests are here and wait for their turn with us: the next one goes ahead meanwhile.
            self._ahead = None
            self._let_on()
        elif self._waiting and share.arrived_bytes < arrived_bytes + STALL_BYTES:
            share.give_up()
        else:
            self._prefer(share)
