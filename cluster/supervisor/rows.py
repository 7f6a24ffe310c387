"""The supervisor's side of the database: migrations, what is wanted of the brokers, how they are."""

import asyncio
import concurrent.futures
import contextlib
import functools
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from cluster.supervisor import database
from cluster.supervisor.options import Options
from cluster.supervisor.part import Part, State
from cluster.supervisor.wishes import Desired
from cluster.worker.exits import Exit

Result = TypeVar("Result")

GOODBYE_S = 2.0
"""How long the last rows may take to be written: a database that is away must not hold up the end."""


class Rows:
    """Owns the thread that talks to the database: everything here runs on it, one after the other.

    A database that is away later costs nothing but news: the parts stay as they are until it is back, and then the
    rows say what has become of them. `say` tells a person when it goes and when it is back.
    """

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self._options = options
        self._say = say
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._seen_exits: dict[str, Exit | None] = {}
        self._unwritten: dict[int, dict[str, Any]] = {}
        self._away = False
        # Not of a pool: the interpreter would wait for it at the end, as long as the database does not answer.
        threading.Thread(target=self._run_all, name="rows", daemon=True).start()

    async def open(self) -> str | None:
        """Connect. Returns the id of the cluster that the database knows, if any. Raises Refusal when it is away."""
        return await self._run(database.open_database)

    async def prepare(self) -> None:
        """Migrate what the brokers need, and want every broker of this start to run."""
        await self._run(database.migrate_cluster)
        await self._run(functools.partial(database.want_all, self._options))

    async def migrate_console(self) -> None:
        await self._run(database.migrate_all)

    async def sign_in_link(self) -> str:
        return await self._run(database.sign_in_link)

    async def desired(self) -> list[Desired]:
        """What is wanted now; nothing when the database does not answer."""
        from django.db import Error

        try:
            wanted = await self._run(self._exchange)
        except Error as error:
            if not self._away:
                self._say(f"The database does not answer ({database.first_line(error)}); the parts stay as they are.")
            self._away = True
            return []
        if self._away:
            self._say("The database answers again.")
        self._away = False
        return wanted

    def changed(self, part: Part) -> None:
        """Have the broker's row say what has become of it."""
        if part.broker_id is None:
            return
        fields: dict[str, Any] = {"state": part.state.value, "pid": part.pid, "restarts": part.restarts}
        if part.last_exit is not None and self._seen_exits.get(part.name) is not part.last_exit:
            self._seen_exits[part.name] = part.last_exit
            fields |= {"last_exit": part.last_exit.ending.value, "last_exit_detail": part.says()}
        fields |= database.moments(starting=part.state is State.STARTING, ended="last_exit" in fields)
        self._submit(functools.partial(self._note, part.broker_id, fields))

    async def close(self) -> None:
        """Write what is still to be written, then let go of the database."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self._run(database.disconnect)

    # -- on the thread

    def _note(self, broker_id: int, fields: dict[str, Any]) -> None:
        from django.db import Error

        self._unwritten.setdefault(broker_id, {}).update(fields)
        with contextlib.suppress(Error):
            self._write()

    def _exchange(self) -> list[Desired]:
        wanted = database.desired()
        self._write()
        return wanted

    def _write(self) -> None:
        """Write what is not written yet. Raises the database's errors; then it is tried again later."""
        for broker_id in list(self._unwritten):
            database.record(broker_id, self._unwritten[broker_id])
            del self._unwritten[broker_id]

    def _run_all(self) -> None:
        while True:
            self._work.get()()

    def _submit(self, function: Callable[[], Result]) -> concurrent.futures.Future[Result]:
        future: concurrent.futures.Future[Result] = concurrent.futures.Future()

        def work() -> None:
            try:
                future.set_result(database.answered(function))
            except BaseException as error:
                future.set_exception(error)

        self._work.put(work)
        return future

    async def _run(self, function: Callable[[], Result]) -> Result:
        return await asyncio.shield(asyncio.wrap_future(self._submit(function)))
