"""One run of `up`: starts the parts in the order in which they need each other, follows the rows, stops them all."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

from cluster.supervisor import notices, plan
from cluster.supervisor.banner import banner
from cluster.supervisor.display import Display
from cluster.supervisor.nursery.wire import Preload, Stage, Wire
from cluster.supervisor.options import Options
from cluster.supervisor.part import Part, State
from cluster.supervisor.preflight import check_cluster_id
from cluster.supervisor.refusal import Refusal
from cluster.supervisor.rows import Rows
from cluster.supervisor.runtime import RuntimeDirectory
from cluster.supervisor.supervisor import Supervisor
from cluster.supervisor.wishes import Wishes
from cluster.worker.exits import Ending

FOLLOW_EVERY_S = 0.25
# The console waits for the brokers, because importing it would hold them up; but not for one that does not come.
CONSOLE_WAITS_S = 4.0
ORPHANS_S = 10.0
# One Ctrl-C may arrive twice: from the terminal, and once more by way of `uv run`.
IMPATIENT_AFTER_S = 0.7


def run(options: Options, wire: Wire, runtime: RuntimeDirectory, *, embedded: bool, began: float) -> bool:
    """Run until told to stop. True when the nursery died and all must begin anew. Raises Refusal."""

    async def in_loop() -> bool:
        return await Session(options, wire, runtime, embedded=embedded, began=began).run()

    return asyncio.run(in_loop())


class Session:
    """Owns the loop's tasks of one run."""

    def __init__(
        self, options: Options, wire: Wire, runtime: RuntimeDirectory, *, embedded: bool, began: float
    ) -> None:
        self._options = options
        self._wire = wire
        self._runtime = runtime
        self._valkey = [plan.valkey(options, runtime)] if embedded else []
        self._brokers = [plan.broker(options, broker_id) for broker_id in options.broker_ids]
        self._jobs, self._web, self._demo = plan.jobs(options), plan.web(options), plan.demo(options)
        self._parts = [*self._valkey, *self._brokers, self._jobs, self._web, self._demo]
        self._display = Display(began)
        self._rows = Rows(options, self._display.say)
        self._supervisor = Supervisor(self._parts, wire.send, [self._display, self._rows, self])
        self._stop = asyncio.Event()
        self._orphaned = False
        self._orphans: list[int] = []
        self._refusal: Refusal | None = None
        self._interrupted_at: float | None = None

    async def run(self) -> bool:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._interrupted)
        loop.add_reader(self._wire.socket, self._hear)
        listener = await notices.listen(self._runtime.notify_socket, self._supervisor.noticed)
        working = asyncio.create_task(self._work())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
        finally:
            stopped.cancel()
            await self._close()
            listener.close()
        if self._refusal is not None:
            raise self._refusal
        return self._orphaned

    async def _work(self) -> None:
        await self._start_brokers()
        following = asyncio.create_task(self._follow())
        try:
            await self._start_console()
            await self._supervisor.settled(self._parts, frozenset({State.READY, State.STOPPED}))
            self._display.ready(banner(self._options, await self._rows.sign_in_link()))
            await following
        finally:
            following.cancel()

    async def _start_brokers(self) -> None:
        check_cluster_id(self._options.data_dir, await self._rows.open())
        self._display.begin(self._parts, f"Odradek: {len(self._brokers)} brokers, data in {self._options.data_dir}")
        for part in self._valkey:
            self._supervisor.start(part)
        await self._rows.prepare()
        for part in self._brokers:
            self._supervisor.start(part)

    async def _start_console(self) -> None:
        migrated = asyncio.create_task(self._rows.migrate_console())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONSOLE_WAITS_S):
                await self._supervisor.settled(self._brokers, frozenset({State.READY, State.STOPPED, State.WAITING}))
        self._refuse_with_a_broker()
        await migrated
        self._wire.send(Preload(stage=Stage.WEB))
        self._supervisor.start(self._jobs)
        self._supervisor.start(self._web)
        if self._demo.wanted:
            self._supervisor.start(self._demo)

    def _refuse_with_a_broker(self) -> None:
        for part in self._brokers:
            if part.last_exit is not None and part.last_exit.ending is Ending.REFUSED:
                raise Refusal(f"{part.title} refused to start: {part.reason or f'see {part.spawn.log}'}")

    def changed(self, part: Part) -> None:
        """Valkey cannot say that it is ready: ask it."""
        if part in self._valkey and part.state is State.STARTING and part.pid is not None:
            self._asking = asyncio.create_task(self._ask(part))

    async def _ask(self, part: Part) -> None:
        await notices.accepts_connections(Path(part.address))
        if part.pid is not None:
            self._supervisor.noticed(part.pid, {"READY": "1"})

    async def _follow(self) -> None:
        wishes = Wishes(self._supervisor)
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            wishes.follow(await self._rows.desired())

    def _hear(self) -> None:
        messages = self._wire.receive()
        if messages is not None:
            for message in messages:
                self._supervisor.heard(message)
            return
        asyncio.get_running_loop().remove_reader(self._wire.socket)
        if all(part.pid is None and part.last_exit is None for part in self._parts):
            self._refusal = Refusal("The parts could not be imported; what is above says why.")
        self._orphaned = True
        self._orphans = self._supervisor.bereaved()
        self._stop.set()

    def _interrupted(self) -> None:
        now = time.monotonic()
        self._interrupted_at = self._interrupted_at or now
        if now - self._interrupted_at > IMPATIENT_AFTER_S:
            # The person has no patience left.
            for part in self._parts:
                self._supervisor.kill(part)
        self._stop.set()

    async def _close(self) -> None:
        self._display.closing()
        await self._supervisor.close()
        await self._see_off_orphans()
        asyncio.get_running_loop().remove_reader(self._wire.socket)
        self._wire.socket.close()
        await self._rows.close()
        self._display.closed()

    async def _see_off_orphans(self) -> None:
        deadline = time.monotonic() + ORPHANS_S
        while left := [pid for pid in self._orphans if _exists(pid)]:
            if time.monotonic() > deadline:
                for pid in left:
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.05)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
