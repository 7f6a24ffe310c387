"""Real databases for tests that must not share one: a SQLite file, a PostgreSQL of their own."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dj_database_url
import psutil
from django.core.management import call_command
from django.db import connection, connections

from tests.support.patience import until
from tests.support.ports import free_ports

POSTGRESQL_URL = "ODRADEK_TEST_POSTGRESQL"
"""Names a server to make databases on, for machines without PostgreSQL's programs."""


@contextmanager
def default_database(settings: Mapping[str, Any]) -> Iterator[None]:
    """Have new threads' default connections lead to this database, migrated."""
    former = connections.settings["default"]
    connections.settings["default"] = {**former, **settings}
    try:
        in_a_thread(_migrate)
        yield
    finally:
        connections.settings["default"] = former


def in_a_thread(function: Any, *arguments: Any) -> Any:
    """Call with a connection of its own, and close that."""

    def call() -> Any:
        try:
            return function(*arguments)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call).result()


def _migrate() -> None:
    call_command("migrate", "cluster", verbosity=0, interactive=False)


def sqlite(folder: Path) -> dict[str, Any]:
    """The settings of a SQLite file, as the product uses it."""
    from dashboard.settings import SQLITE_OPTIONS

    return {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "odradek.sqlite3", "OPTIONS": SQLITE_OPTIONS}


@contextmanager
def postgresql_database(server_url: str) -> Iterator[dict[str, Any]]:
    """The settings of a new database on this server, which is dropped afterwards."""
    from dashboard.settings import POSTGRESQL_OPTIONS

    server = dict(dj_database_url.parse(server_url))
    server["OPTIONS"] = POSTGRESQL_OPTIONS | server.get("OPTIONS", {})
    name = f"odradek_{uuid.uuid4().hex}"
    former = connections.settings["default"]

    def on_server(statement: str) -> None:
        connections.settings["default"] = {**former, **server}
        try:
            in_a_thread(_execute, statement)
        finally:
            connections.settings["default"] = former

    on_server(f"CREATE DATABASE {name}")
    try:
        yield {**server, "NAME": name}
    finally:
        on_server(f"DROP DATABASE {name} WITH (FORCE)")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


class PostgreSQL:
    """A throwaway server on a port and in a folder of its own, and what an outage does to it."""

    def __init__(self, programs: Path, folder: Path, user: str) -> None:
        self.port = free_ports(1)
        self._programs, self._folder, self._user = programs, folder, user
        self._server: subprocess.Popen[bytes] | None = None
        initdb = [str(programs / "initdb"), "-D", str(folder / "data"), "--auth=trust", "--no-sync", "--encoding=UTF8"]
        subprocess.run(initdb, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    def url(self, port: int | None = None) -> str:
        """Its address, or that of what stands before it on another port."""
        return f"postgresql://{self._user}@127.0.0.1:{port or self.port}/postgres"

    def start(self) -> None:
        """Return when it answers."""
        command = ["sh", "-c", _AS_LONG_AS_WE_LIVE, "sh", str(self._programs), str(self._folder), str(self.port)]
        self._server = subprocess.Popen(
            command, user=self._user, cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        ready = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder), "-p", str(self.port)]
        until(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL answers")

    def stop(self) -> None:
        """It refuses connections from now on; those there were are closed."""
        if self._server is not None:
            self.resume()
            self._server.communicate()
            self._server = None

    def pause(self) -> None:
        """SIGSTOP: it takes connections (the kernel does), and says nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._server is not None, "it does not run"
        shell = psutil.Process(self._server.pid)
        for process in shell.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.name() == "postgres":
                    process.send_signal(number)


@contextmanager
def own_postgresql() -> Iterator[PostgreSQL | None]:
    """A running server that the test may stop; None when there can be none."""
    programs = _programs()
    if programs is None:
        yield None
        return
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="odradek-postgresql-"))
    shutil.chown(folder, user)
    try:
        server = PostgreSQL(programs, folder, user)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql_server() -> Iterator[str | None]:
    """The URL of a server: the one that the environment names, or a throwaway; None when there can be none."""
    if url := os.environ.get(POSTGRESQL_URL):
        yield url
        return
    with own_postgresql() as server:
        yield None if server is None else server.url()


# Its standard input ends with this process, however that dies: no server is left behind.
_AS_LONG_AS_WE_LIVE = """
"$1/postgres" -D "$2/data" -h 127.0.0.1 -p "$3" -k "$2" -F 2>> "$2/log" &
cat
kill -QUIT $!
wait
"""


def _programs() -> Path | None:
    """Where initdb is: Debian keeps it off the path."""
    found = shutil.which("initdb")
    candidates = [Path(found)] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return candidates[-1].resolve().parent if candidates else None
