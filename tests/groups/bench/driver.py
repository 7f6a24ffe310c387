"""What surrounds a shard: its driver, its log, its clock, and who waits for replies."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from cluster.groups.config import GroupConfig
from cluster.groups.coordinator import GroupCoordinatorShard
from cluster.groups.effects import Append, Caller, Effect, Instant, Record, Reply
from cluster.protocol.errors import ErrorCode
from cluster.protocol.primitives import Uuid

ORDERS, PAYMENTS = Uuid(b"orders".ljust(16, b"-")), Uuid(b"payments".ljust(16, b"-"))


@dataclass
class Topics:
    """Two topics of three partitions, until a test says otherwise."""

    ids: dict[str, Uuid] = field(default_factory=lambda: {"orders": ORDERS, "payments": PAYMENTS})

    def topic_name(self, topic_id: Uuid) -> str | None:
        return next((name for name, known in self.ids.items() if known == topic_id), None)

    def topic_id(self, name: str) -> Uuid | None:
        return self.ids.get(name)

    def has_partition(self, name: str, partition: int) -> bool:
        return name in self.ids and 0 <= partition < 3


@dataclass
class Ask:
    """A request under way, and its replies (one, if all is well)."""

    request: Any
    replies: list[Any] = field(default_factory=list)

    @property
    def reply(self) -> Any:
        assert len(self.replies) == 1, f"{len(self.replies)} replies to {self.request}"
        return self.replies[0]

    @property
    def waits(self) -> bool:
        return not self.replies

    @property
    def error(self) -> ErrorCode:
        return ErrorCode(self.reply.error_code)


class Driver:
    """Carries out what a shard decides. An append is durable at once by default; with `holding` the test says when."""

    def __init__(self, seed: int = 1, log: list[Record] | None = None, **config: int) -> None:
        self.config = GroupConfig(**config)
        self.topics = Topics()
        self.random = random.Random(seed)
        self.log: list[Record] = list(log or ())
        self.ms, self.wall_ms = 1_000, 1_700_000_000_000
        self.asks: list[Ask] = []
        self.held: list[Append] = []
        self.holding = False
        self.shard = self.load()

    @property
    def now(self) -> Instant:
        return Instant(ms=self.ms, wall_ms=self.wall_ms)

    def load(self) -> GroupCoordinatorShard:
        self.shard = GroupCoordinatorShard(self.config, self.random, self.topics)
        self.shard.replay(self.log)
        self.carry_out(self.shard.loaded(self.now))
        return self.shard

    def fail_over(self) -> None:
        """Another broker takes over with what is in the log."""
        self.carry_out(self.shard.unload())
        self.held.clear()
        self.load()

    def carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Reply(token=token, response=response):
                    self.asks[token].replies.append(response)
                case Append():
                    self.held.append(effect)
        if not self.holding:
            self.release()

    def release(self, error: ErrorCode | None = None, count: int | None = None) -> None:
        """Let the held appends end, oldest first."""
        while self.held and count != 0:
            append = self.held.pop(0)
            if error is None:
                self.log.extend(append.records)
            count = None if count is None else count - 1
            self.carry_out(self.shard.appended(append.then, error, self.now))

    def advance(self, ms: int) -> None:
        """Let time pass, with each deadline on the way."""
        end = self.ms + ms
        while (deadline := self.shard.next_deadline()) is not None and deadline <= end:
            self._move_to(max(deadline, self.ms))
            self.carry_out(self.shard.tick(self.now))
        self._move_to(end)

    def _move_to(self, ms: int) -> None:
        self.wall_ms += ms - self.ms
        self.ms = ms

    def waiting(self, request: Any) -> tuple[int, Ask]:
        """A request that is under way from now on, behind the token that its reply will carry."""
        self.asks.append(Ask(request))
        return len(self.asks) - 1, self.asks[-1]

    def ask(self, request: Any, version: int, client: str = "client") -> Ask:
        token, ask = self.waiting(request)
        caller = Caller(api_version=version, client_id=client, client_host="/127.0.0.1")
        self.carry_out(self.shard.handle(token, request, caller, self.now))
        return ask
