"""What only a database does: it grows, it goes away, its connections break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection, connections

from cluster import store as adapter
from cluster.controller.changes import ConfigChanged
from cluster.controller.store import StoreUnavailable
from cluster.models import MetadataRecord, MetadataSnapshot
from cluster.store import DjangoMetadataStore
from tests.support.databases import default_database, in_a_thread, postgresql_database, sqlite

LASTING = {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
"""As a broker node keeps its connections."""


def config(value: str) -> ConfigChanged:
    return ConfigChanged(resource_type=4, resource_name="1", name="a", value=value)


@pytest.fixture
def in_sqlite(tmp_path: Path, django_db_blocker: pytest.FixtureRequest) -> Iterator[DjangoMetadataStore]:
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())  # type: ignore[attr-defined]
        stack.enter_context(default_database(sqlite(tmp_path) | LASTING))
        store = DjangoMetadataStore()
        stack.callback(store.close, wait=True)
        yield store


@pytest.fixture
def in_postgresql(postgresql: str | None, django_db_blocker: pytest.FixtureRequest) -> Iterator[DjangoMetadataStore]:
    if postgresql is None:
        pytest.skip("there is no PostgreSQL here")
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())  # type: ignore[attr-defined]
        settings = stack.enter_context(postgresql_database(postgresql))
        stack.enter_context(default_database(settings | LASTING))
        store = DjangoMetadataStore()
        stack.callback(store.close, wait=True)
        yield store


async def test_the_log_is_cut_far_behind_a_snapshot(
    in_sqlite: DjangoMetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "KEPT_RECORDS", 3)
    await in_sqlite.claim(1, "localhost", 9092, 0)
    await in_sqlite.append(1, 0, [config(str(n)) for n in range(9)])
    state = (await in_sqlite.read_snapshot()).apply_all(await in_sqlite.read(-1, 100))
    await in_sqlite.save_snapshot(1, state)
    await in_sqlite.save_snapshot(1, state)
    assert [e.offset for e in await in_sqlite.read(6, 100)] == [7, 8, 9]
    assert in_a_thread(MetadataSnapshot.objects.count) == 1
    with pytest.raises(AssertionError, match="without gaps"):
        await in_sqlite.read(-1, 100)


async def test_a_database_that_is_away_and_comes_back(in_sqlite: DjangoMetadataStore) -> None:
    settings = connections.settings["default"]
    name = settings["NAME"]
    settings["NAME"] = name.parent / "away" / name.name
    with pytest.raises(StoreUnavailable):
        await in_sqlite.read(-1, 10)
    with pytest.raises(StoreUnavailable):
        await in_sqlite.claim(1, "localhost", 9092, 0)
    settings["NAME"] = name
    fresh = DjangoMetadataStore()
    assert await fresh.read(-1, 10) == []
    fresh.close(wait=True)


async def test_a_database_that_was_never_migrated_is_told_from_one_that_is_away(
    in_sqlite: DjangoMetadataStore,
) -> None:
    settings = connections.settings["default"]
    settings["NAME"] = settings["NAME"].parent / "bare.sqlite3"
    bare = DjangoMetadataStore()
    with pytest.raises(StoreUnavailable, match=r"run `manage\.py migrate`"):
        await bare.cluster_id()
    bare.close(wait=True)


async def test_broken_connections_are_made_anew(in_postgresql: DjangoMetadataStore) -> None:
    await in_postgresql.claim(1, "localhost", 9092, 0)
    for last in range(3):
        in_a_thread(_break_all_others)
        assert await in_postgresql.append(1, last, [config(str(last))]) == last + 1
        in_a_thread(_break_all_others)
        assert len(await in_postgresql.read(-1, 100)) == last + 2


def _break_all_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )


async def test_a_person_can_read_the_rows(in_sqlite: DjangoMetadataStore) -> None:
    await in_sqlite.claim(1, "localhost", 9092, 0)
    await in_sqlite.append(1, 0, [config("blue")])
    row = in_a_thread(lambda: MetadataRecord.objects.get(offset=1))
    assert (row.kind, row.controller_epoch) == ("ConfigChanged", 1)
    assert row.payload == {"resource_type": 4, "resource_name": "1", "name": "a", "value": "blue"}
