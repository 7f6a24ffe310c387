"""The one observer of a cluster in a web process: reads while somebody looks, and tells all who look."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from django.db import DatabaseError
from django.utils import timezone

from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import KafkaError
from dashboard.watch.history import History
from dashboard.watch.observation import Observation

logger = logging.getLogger(__name__)

T = TypeVar("T")

LINGER_S = 5.0
MOMENT_S = 0.7
FORGET_S = 60.0
LOOKS, LOOK_S = 40, 0.05
SHARE_OF_TIME = 10
RARER_AT_MOST = 4
# Whether the cluster is one of ours decides how its answers are read.
FIRST = ("nodes", "shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One kind of question to the cluster: `read` gives the value of the observation's field of that name."""

    name: str
    every_s: float
    read: Callable[[Observation], Awaitable[Any]]


class Observer:
    """Owns the newest observation and the tasks that renew it. Belongs to one event loop."""

    def __init__(self, readings: Mapping[str, Reading]) -> None:
        self.now = Observation()
        self.history = History()
        self._readings = readings
        self._taken_at: dict[str, float] = {}
        self._taking: dict[str, asyncio.Lock] = {name: asyncio.Lock() for name in readings}
        self._tasks: list[asyncio.Task[None]] = []
        self._glances: set[asyncio.Task[object]] = set()
        self._answers: dict[Hashable, tuple[float, asyncio.Future[Any]]] = {}
        self._viewers = 0
        self._news = asyncio.Event()
        self._goodbye: asyncio.TimerHandle | None = None

    @property
    def viewers(self) -> int:
        return self._viewers

    @property
    def watching(self) -> bool:
        return bool(self._tasks)

    async def glance(self, *names: str, max_age_s: float = 1.0) -> Observation:
        """
        The newest observation, with these readings not much older than that: those that are get a moment to be taken.
        What is not there by then is seen as it was; who watches gets it when it comes.
        """
        return await self._in_a_moment(self._refresh(names, max_age_s))

    async def look_closer(self, *names: str) -> Observation:
        """A glance that trusts no earlier reading, for what a page was asked for and is not there."""
        return await self._in_a_moment(self.look_again(*names))

    async def _in_a_moment(self, looking: Coroutine[Any, Any, object]) -> Observation:
        known = self.now.shape is not None
        taking = asyncio.create_task(looking)
        self._glances.add(taking)
        taking.add_done_callback(self._glances.discard)
        await asyncio.wait([taking], timeout=MOMENT_S if known else None)
        return self.now

    async def _refresh(self, names: Sequence[str], max_age_s: float) -> None:
        for first in FIRST:
            await self._fresh(first, max_age_s)
        others = [name for name in names if name not in FIRST]
        if not self.now.unreachable:
            await asyncio.gather(*(self._fresh(name, max(max_age_s, self._readings[name].every_s)) for name in others))

    async def look_again(self, *names: str) -> Observation:
        """Take readings now, after something was changed on purpose."""
        for name in (*FIRST, *names):
            self._taken_at.pop(name, None)
        await self._refresh(names, max_age_s=1.0)
        return self.now

    async def look_for(self, change: Callable[[Observation], bool]) -> None:
        """Look again until a change that was just made is seen, a moment at most: brokers hear of it one by one."""
        for _ in range(LOOKS):
            if change(seen := await self.look_again()) or seen.unreachable:
                return
            await asyncio.sleep(LOOK_S)

    async def recall(self, key: Hashable, max_age_s: float, ask: Callable[[], Awaitable[T]]) -> T:
        """An answer that only some page needs, shared by all who look at that page; asked again when it is older."""
        now = asyncio.get_running_loop().time
        taken = self._answers.get(key)
        if taken is None or now() - taken[0] > max_age_s or taken[1].cancelled():
            self._answers = {key: each for key, each in self._answers.items() if now() - each[0] < FORGET_S}
            taken = self._answers[key] = now(), asyncio.ensure_future(ask())
        return cast(T, await asyncio.shield(taken[1]))

    @contextlib.asynccontextmanager
    async def watch(self) -> AsyncIterator[Callable[[], Awaitable[Observation]]]:
        """While inside, the cluster is read continuously; the given function waits for the next change or reading."""
        self._viewers += 1
        self._start()
        try:
            yield self._next
        finally:
            self._viewers -= 1
            if not self._viewers:
                # Going from page to page closes one socket and opens the next: no need to stop in between.
                self._goodbye = asyncio.get_running_loop().call_later(LINGER_S, self._stop)

    async def _next(self) -> Observation:
        await self._news.wait()
        return self.now

    def _start(self) -> None:
        if self._goodbye:
            self._goodbye.cancel()
            self._goodbye = None
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._repeat(reading)) for reading in self._readings.values()]

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def _repeat(self, reading: Reading) -> None:
        """Read for ever; one that takes long is taken more rarely, so that watching never costs the cluster much."""
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            if reading.name in FIRST or (self.now.shape and not self.now.unreachable):
                await self._take_alone(reading)
            pause_s = (loop.time() - begun) * SHARE_OF_TIME
            await asyncio.sleep(min(max(reading.every_s, pause_s), reading.every_s * RARER_AT_MOST))

    async def _take_alone(self, reading: Reading) -> None:
        try:
            async with self._taking[reading.name]:
                await self._take(reading)
        except Exception:
            # Whatever is wrong with one answer, the next question may go well, and the other readings go on.
            logger.exception("the reading of %s failed", reading.name)

    async def _fresh(self, name: str, max_age_s: float) -> None:
        if self.watching and self.now.unreachable:
            return  # the tasks ask all the time: nobody need wait for the next failure
        async with self._taking[name]:
            if asyncio.get_running_loop().time() - self._taken_at.get(name, -1e9) > max_age_s:
                await self._take(self._readings[name])

    async def _take(self, reading: Reading) -> None:
        failures = {name: reason for name, reason in self.now.failures.items() if name != reading.name}
        changes: dict[str, Any] = {}
        try:
            changes[reading.name] = await reading.read(self.now)
            if reading.name == "shape":
                changes["seen_at"] = timezone.now()
        except (KafkaError, ConnectionLost, DatabaseError) as error:
            failures[reading.name] = str(error) or type(error).__name__
        self._taken_at[reading.name] = asyncio.get_running_loop().time()
        before, self.now = self.now, replace(self.now, failures=failures, **changes)
        self.history.learn(before, self.now, reading.name)
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
