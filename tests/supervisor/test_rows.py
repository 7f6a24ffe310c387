"""The brokers' rows as the supervisor keeps them, also over a database that is away for a while."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from cluster.supervisor import database, options
from cluster.supervisor.part import Part
from cluster.supervisor.rows import Rows
from cluster.worker.exits import Ending, Exit
from tests.supervisor.test_supervisor import spawn


class Database:
    """What is written of the brokers; fails while it is away."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.away = False
        self.rows: dict[int, dict[str, Any]] = {}
        self.said: list[str] = []
        monkeypatch.setattr(database, "record", self._record)
        monkeypatch.setattr(database, "desired", self._desired)
        self.watched = Rows(options.parse(["--data-dir", str(Path("/nowhere"))]), self.said.append)

    def _check(self) -> None:
        if self.away:
            raise OperationalError("connection refused\nIs it running?")

    def _desired(self) -> list[Any]:
        self._check()
        return []

    def _record(self, broker_id: int, fields: dict[str, Any]) -> None:
        self._check()
        self.rows.setdefault(broker_id, {}).update(fields)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Database:
    return Database(monkeypatch)


async def test_what_happened_while_the_database_was_away_is_written_when_it_is_back(kept: Database) -> None:
    broker = Part(name="broker-1", title="broker 1", broker_id=1, spawn=spawn("broker-1", "worker"))
    kept.away = True
    broker.starting(0)
    kept.watched.changed(broker)
    broker.exited(Exit(ending=Ending.KILLED, detail="killed by SIGKILL"), 1)
    kept.watched.changed(broker)
    assert await kept.watched.desired() == []
    assert kept.rows == {}
    kept.away = False
    await kept.watched.desired()
    row = kept.rows[1]
    assert (row["state"], row["last_exit"], row["restarts"]) == ("waiting", "killed", 1)
    assert {"started_at", "last_exit_at"} <= row.keys()


async def test_a_person_is_told_once_that_it_goes_and_once_that_it_is_back(kept: Database) -> None:
    for away in (False, True, True, True, False, False):
        kept.away = away
        await kept.watched.desired()
    assert kept.said == [
        "The database does not answer (connection refused); the parts stay as they are.",
        "The database answers again.",
    ]


async def test_a_database_that_says_nothing_does_not_hold_up_the_end(
    kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = threading.Event()
    monkeypatch.setattr(database, "disconnect", lambda: back.wait(30))
    monkeypatch.setattr("cluster.supervisor.rows.GOODBYE_S", 0.05)
    began = time.monotonic()
    await asyncio.wait_for(kept.watched.close(), 5)
    assert time.monotonic() - began < 5
    back.set()
