"""What a coordinator asks of its driver: replies to send and records to append, and the book of appends under way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from cluster.groups.refusals import refusal
from cluster.protocol.errors import ErrorCode

Token: TypeAlias = Any
"""Whatever the driver handed in with a request to find the asker again."""

Record: TypeAlias = tuple[bytes, bytes | None]
"""Key and value of a `__consumer_offsets` record; a value of None is a tombstone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """Now, by both clocks: `ms` only ever grows and times sessions; `wall_ms` goes into records and expiry."""

    ms: int
    wall_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and by which version of the API. `client_host` as Kafka shows it: `/127.0.0.1`."""

    api_version: int
    client_id: str | None = None
    client_host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Send `response` to the asker who came with `token`."""

    token: Token
    response: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Append `records` as one batch with acks=all, in the order of effects; then call `appended(then, …)`."""

    records: Sequence[Record]
    then: int


Effect: TypeAlias = Reply | Append


@dataclass(slots=True, kw_only=True)
class Waiter:
    """A request that has no reply yet. It gets exactly one: what comes after the first is dropped."""

    token: Token
    request: Any
    caller: Caller
    answered: bool = False

    @property
    def api_version(self) -> int:
        """The version that the request came by, which is the reply's too."""
        return self.caller.api_version


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAppend:
    """What follows an append: `applied` when durable, `undo` when it is certain that nothing is in the log.

    When the append fails, or takes longer than `offsets.commit.timeout.ms`, `waiter` is refused. A late append is
    applied nevertheless: memory must say what the log says.
    """

    applied: Callable[[Instant], None]
    undo: Callable[[ErrorCode, Instant], None] | None = None
    waiter: Waiter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """A request whose answer waits until all that was appended before it has come to an end."""

    waiter: Waiter
    proceed: Callable[[Instant], None]


@dataclass(slots=True)
class Outbox:
    """The effects of the input at hand, and the appends whose outcome is not known. Belongs to one shard."""

    effects: list[Effect] = field(default_factory=list)
    pending: dict[int, PendingAppend] = field(default_factory=dict)
    barriers: dict[int, list[Barrier]] = field(default_factory=dict)
    overdue: set[int] = field(default_factory=set)
    last_append: int = 0

    def reply(self, waiter: Waiter, response: Any) -> None:
        """Answer, unless this request has been answered."""
        if not waiter.answered:
            waiter.answered = True
            self.effects.append(Reply(token=waiter.token, response=response))

    def refuse(self, waiter: Waiter, code: ErrorCode) -> None:
        """Answer with an error, in the shape of the request's API and version."""
        self.reply(waiter, refusal(waiter.request, waiter.api_version, code))

    def append(self, records: Sequence[Record], pending: PendingAppend) -> int:
        """Have records appended; returns the append's token."""
        self.last_append += 1
        self.pending[self.last_append] = pending
        self.effects.append(Append(records=records, then=self.last_append))
        return self.last_append

    def when_settled(self, barrier: Barrier, now: Instant) -> None:
        """Let `barrier` proceed after the last append under way; at once when there is none.

        Refused when that append keeps others waiting for too long already: nothing would end this wait.
        """
        if self.last_append in self.overdue:
            self.refuse(barrier.waiter, ErrorCode.REQUEST_TIMED_OUT)
        elif self.last_append in self.pending:
            self.barriers.setdefault(self.last_append, []).append(barrier)
        else:
            barrier.proceed(now)

    def settle(self, token: int, error: ErrorCode | None, now: Instant) -> None:
        """The outcome of an append is known. A token that is not under way is ignored."""
        pending = self.pending.pop(token, None)
        self.overdue.discard(token)
        if pending is None:
            return
        if error is None:
            pending.applied(now)
        else:
            if pending.undo is not None:
                pending.undo(error, now)
            if pending.waiter is not None:
                self.refuse(pending.waiter, error)
        for barrier in self.barriers.pop(token, ()):
            barrier.proceed(now)

    def refuse_waiting(self, token: int, code: ErrorCode) -> None:
        """Refuse those who wait for this append, and will. The append itself stays under way."""
        pending = self.pending.get(token)
        if pending is not None:
            self.overdue.add(token)
        if pending is not None and pending.waiter is not None:
            self.refuse(pending.waiter, code)
        for barrier in self.barriers.pop(token, ()):
            self.refuse(barrier.waiter, code)

    def abandon(self, code: ErrorCode) -> None:
        """Refuse all who wait for an append, and forget the appends."""
        for token in tuple(self.pending):
            self.refuse_waiting(token, code)
        self.pending.clear()
        self.overdue.clear()

    def take(self) -> list[Effect]:
        """The effects since the last call."""
        effects, self.effects = self.effects, []
        return effects
