"""The metadata store in its three homes: in memory, in SQLite, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from cluster.controller.store import MetadataStore
from cluster.models import ControllerLease
from cluster.store import DjangoMetadataStore
from tests.support.databases import default_database, in_a_thread, postgresql_database, postgresql_server, sqlite
from tests.support.metadata_store import MemoryMetadataStore


@dataclass
class Home:
    """Where stores are, and what a test may do to time there. `another` is the store as another broker has it."""

    store: MetadataStore
    another: Callable[[], MetadataStore]
    pass_time: Callable[[float], None]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str | None]:
    with postgresql_server() as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    if request.param == "memory":
        yield _in_memory()
        return
    with ExitStack() as stack:
        stack.enter_context(request.getfixturevalue("django_db_blocker").unblock())
        if request.param == "sqlite":
            settings = sqlite(tmp_path)
        else:
            url = request.getfixturevalue("postgresql")
            if url is None:
                pytest.skip("there is no PostgreSQL here")
            settings = stack.enter_context(postgresql_database(url))
        stack.enter_context(default_database(settings))
        yield _in_database(stack)


@pytest.fixture
def store(home: Home) -> MetadataStore:
    return home.store


def _in_memory() -> Home:
    now = [0.0]
    store = MemoryMetadataStore(now_s=lambda: now[0])

    def pass_time(seconds: float) -> None:
        now[0] += seconds

    return Home(store, lambda: store, pass_time)


def _in_database(stack: ExitStack) -> Home:
    def another() -> DjangoMetadataStore:
        store = DjangoMetadataStore()
        stack.callback(store.close, wait=True)
        return store

    return Home(another(), another, lambda seconds: in_a_thread(_age_lease, seconds))


def _age_lease(seconds: float) -> None:
    lease = ControllerLease.objects.get()
    lease.renewed_at -= timedelta(seconds=seconds)
    lease.save()
