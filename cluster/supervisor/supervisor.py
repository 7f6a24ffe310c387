"""The supervisor: keeps the parts as they are wanted, from the first start to the last exit."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from cluster.supervisor.nursery.wire import Exited, Message, Preload, Spawn, Spawned
from cluster.supervisor.part import Part, State
from cluster.worker.exits import Exit
from cluster.worker.vitals import Vitals

RUNNING = frozenset({State.STARTING, State.READY})
ALIVE = RUNNING | {State.STOPPING}


class Watcher(Protocol):
    """Who is told of each part's changes: the display and the rows."""

    def changed(self, part: Part) -> None:
        """`part` has just moved to another state."""


class Supervisor:
    """Owns the parts' states; lives on the supervisor's loop. `send` talks to the nursery."""

    def __init__(
        self, parts: Sequence[Part], send: Callable[[Preload | Spawn], None], watchers: Sequence[Watcher]
    ) -> None:
        self.parts: Mapping[str, Part] = {part.name: part for part in parts}
        self._send = send
        self._watchers = watchers
        self._moved = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self.closing = False

    def start(self, part: Part) -> None:
        """Have the nursery fork it; `ready` follows when it says so itself."""
        part.starting(self._now())
        self._send(part.spawn)
        self._tell(part)

    def stop(self, part: Part) -> None:
        """Ask it to leave in good order; killed when it has not within its grace."""
        if part.state is State.WAITING:
            part.given_up(self._now())
            self._tell(part)
        elif part.state in RUNNING:
            part.stopping(self._now())
            # A paused process hears SIGTERM only after SIGCONT.
            self._signal(part, signal.SIGTERM)
            self._signal(part, signal.SIGCONT)
            self._tell(part)

    def restart(self, part: Part) -> None:
        """Stop it in good order and start it at once; one that waits for its next start need not wait longer."""
        if part.state in RUNNING:
            self.stop(part)
        elif part.state is State.WAITING:
            self.start(part)

    def heard(self, message: Message) -> None:
        """The nursery has forked a part, or a part has ended."""
        match message:
            case Spawned(part=name, pid=pid):
                self.parts[name].pid = pid
                if self.parts[name].state is State.STOPPING:
                    self._signal(self.parts[name], signal.SIGTERM)
                self._tell(self.parts[name])
            case Exited(part=name, wait_status=wait_status):
                self.parts[name].exited(Exit.of(wait_status), self._now())
                self._tell(self.parts[name])

    def noticed(self, pid: int, words: Mapping[str, str]) -> None:
        """A part says how it is doing (see worker/notify)."""
        part = next((part for part in self.parts.values() if part.pid == pid), None)
        if part is None:
            return
        if "WATCHDOG" in words:
            part.alive(self._now())
            return
        if "STOPPING" in words:
            part.leaves()
        part.reason = words.get("STATUS", part.reason)
        if "READY" in words and part.ready(self._now()):
            self._tell(part)

    async def settled(self, parts: Sequence[Part], states: frozenset[State]) -> None:
        """Wait until each of `parts` is in one of `states`."""
        while not all(part.state in states for part in parts):
            await self._moved.wait()

    async def close(self) -> None:
        """Stop everything: first whoever uses the transport of tasks, the transport last."""
        self.closing = True
        last = [part for part in self.parts.values() if part.spawn.recipe == "program"]
        first = [part for part in self.parts.values() if part not in last]
        for parts in (first, last):
            for part in parts:
                part.wanted = False
                self.stop(part)
            await self.settled(parts, frozenset({State.STOPPED}))

    def bereaved(self) -> list[int]:
        """The nursery died, and the kernel has told the parts to stop. Returns the processes that may be left."""
        self.closing = True
        left = [part.pid for part in self.parts.values() if part.pid is not None]
        for part in self.parts.values():
            part.wanted = False
            if part.state is State.WAITING:
                part.given_up(self._now())
            elif part.state is not State.STOPPED:
                part.exited(Exit.of(signal.SIGTERM), self._now())
            self._tell(part)
        return left

    def kill(self, part: Part) -> None:
        """End it at once, without any order."""
        if part.state in ALIVE:
            self._signal(part, signal.SIGKILL)

    def _tell(self, part: Part) -> None:
        for watcher in self._watchers:
            watcher.changed(part)
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadlines = [part.next_deadline for part in self.parts.values() if part.next_deadline is not None]
        self._timer = asyncio.get_running_loop().call_at(min(deadlines), self._tick) if deadlines else None

    def _tick(self) -> None:
        now = self._now()
        for part in self.parts.values():
            if part.kill_at is not None and part.kill_at <= now:
                part.kill_at = None
                self._signal(part, signal.SIGKILL)
            if part.silent_at is not None and part.silent_at <= now:
                self._look_at(part, now)
            if part.start_at is not None and part.start_at <= now:
                self.start(part)
        self._arm()

    def _look_at(self, part: Part, now: float) -> None:
        """It shows no life. One that hangs is killed: its clients wait for nothing but a broken connection."""
        vitals = None if part.pid is None else Vitals.of(part.pid)
        if vitals is None:
            # It is gone, and the nursery is about to say so.
            part.leaves()
        elif part.silent(now, vitals):
            self._signal(part, signal.SIGKILL)

    @staticmethod
    def _signal(part: Part, number: signal.Signals) -> None:
        # The nursery reaps, and says so; between the two the number is still this child's and nobody else's.
        if part.pid is not None:
            try:
                os.kill(part.pid, number)
            except ProcessLookupError:
                return

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
