"""The database is locked, stopped, gone or slow under load: the data plane goes on, elections wait and then happen."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest

from tests.faults.conftest import OPTIONS, SETTLED, Case, case_on
from tests.support.cluster import Cluster, cluster
from tests.support.console import LivePage, Visitor
from tests.support.databases import PostgreSQL, own_postgresql
from tests.support.evidence.load import load
from tests.support.patience import until
from tests.support.proxy import ThreadedProxy

pytestmark = [pytest.mark.faults, pytest.mark.slow]

STILL_S = 3.0
"""For so long nothing may happen that needs the database."""


@dataclass
class Place:
    """A cluster whose metadata lies in a PostgreSQL behind a proxy, and a person who looks at it."""

    cluster: Cluster
    database: PostgreSQL
    road: ThreadedProxy
    console: Visitor


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with own_postgresql() as database:
        if database is None:
            pytest.skip("there is no PostgreSQL here")
        with ThreadedProxy(("127.0.0.1", database.port)) as road:
            extra = {"DATABASE_URL": database.url(road.port)}
            with cluster(3, tmp_path_factory.mktemp("database"), *OPTIONS, extra=extra) as running:
                yield Place(running, database, road, Visitor(running.up))


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    if "place" in request.fixturenames:
        return case_on(request.getfixturevalue("place").cluster)
    return case_on(request.getfixturevalue("faulty"))


def an_election_waits(case: Case, back: Callable[[], None]) -> None:
    """Kill a leader while the database is away: nobody takes its place, no ISR shrinks, until it is back."""
    partition = case.partitions[0]
    leader, in_sync = case.cluster.leader(partition), case.cluster.in_sync(partition)
    case.cluster.kill(leader)
    began = time.monotonic()
    while time.monotonic() - began < STILL_S:
        assert case.cluster.leader(partition) == leader
        assert case.cluster.in_sync(partition) == in_sync
    back()
    until(lambda: case.cluster.leader(partition) != leader, "another leader")
    case.cluster.wait_ready(60)
    case.acknowledged(SETTLED)


def under_outage(case: Case, outage: Callable[[], None], back: Callable[[], None]) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        outage()
        case.goes_on()
        an_election_waits(case, back)
        case.goes_on()
    case.judge()


@contextmanager
def locked(case: Case) -> Iterator[Callable[[], None]]:
    """A SQLite file that another process writes to for long; the function ends that."""
    with closing(sqlite3.connect(case.cluster.up.data_dir / "odradek.sqlite3", timeout=30)) as other:
        other.isolation_level = None
        other.execute("BEGIN EXCLUSIVE")
        yield lambda: other.execute("ROLLBACK") and None


def test_a_locked_sqlite_file(case: Case, faulty: Cluster) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        with locked(case) as unlock:
            case.goes_on()
            an_election_waits(case, unlock)
        case.goes_on()
    case.judge()


def says_that_it_is_away(place: Place, page: LivePage, path: str) -> None:
    """A page that is opened now, and the one that is open."""
    status, text = place.console.get(path, timeout=8)
    assert (status, "The database does not answer" in text) == (503, True), text
    page.until_it_says("unreachable", "The database does not answer.")


def test_a_postgresql_that_is_stopped(place: Place, case: Case) -> None:
    with place.console.watching("/") as page:
        page.until_it_is_quiet("unreachable")

        def pause() -> None:
            place.database.pause()
            says_that_it_is_away(place, page, "/")

        under_outage(case, pause, place.database.resume)
        page.until_it_is_quiet("unreachable")
    until(lambda: place.console.get("/")[0] == 200, "the console is back")


def test_a_postgresql_that_is_gone_and_comes_back(place: Place, case: Case) -> None:
    with place.console.watching("/") as page:
        page.until_it_is_quiet("unreachable")

        def stop() -> None:
            place.database.stop()
            place.cluster.up.until_it_says("The database does not answer")
            says_that_it_is_away(place, page, "/topics/")

        under_outage(case, stop, place.database.start)
        page.until_it_is_quiet("unreachable")
    place.cluster.up.until_it_says("The database answers again.")
    until(lambda: place.console.get("/topics/")[0] == 200, "the console is back")


def test_a_postgresql_that_is_slow(place: Place, case: Case) -> None:
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        place.road.delay(0.3)
        case.goes_on()
        leader = case.cluster.leader(case.partitions[0])
        case.cluster.kill(leader)
        # It may have been the controller: then two dozen questions to the database follow one another, each of which
        # takes a second and more there and back: who leads the cluster, who is gone, who leads now.
        until(lambda: case.cluster.leader(case.partitions[0]) != leader, "another leader", 60)
        case.goes_on()
        place.road.delay(0)
        case.cluster.wait_ready(60)
    case.judge()
