"""One cluster and one driver of each library for the whole suite; and what each cell of the matrix came to."""

from collections.abc import Callable, Generator, Iterator

import pytest

from tests.clients.cells import Recorder
from tests.clients.libraries import Library
from tests.clients.stage import Garage, Plays, Scenario
from tests.clients.target import target
from tests.support.cluster import Cluster

RECORDER = Recorder()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cell(client, behaviour): the cell of the client matrix that the test shows")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    RECORDER.collected(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    RECORDER.reported(item, report)
    return report


def pytest_sessionfinish() -> None:
    RECORDER.write()


@pytest.fixture(scope="package")
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with target(tmp_path_factory.mktemp("matrix")) as running:
        yield running


@pytest.fixture(scope="package")
def bootstrap(three_brokers: Cluster) -> str:
    return three_brokers.bootstrap


@pytest.fixture(scope="package")
def garage(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Garage]:
    drivers = Garage(bootstrap, tmp_path_factory.mktemp("drivers"))
    yield drivers
    drivers.close()


@pytest.fixture(scope="package")
def plays(three_brokers: Cluster, garage: Garage) -> Iterator[Plays]:
    running = Plays(three_brokers, garage)
    yield running
    running.close()


@pytest.fixture
def play(request: pytest.FixtureRequest, plays: Plays, library: Library) -> Callable[[Scenario], None]:
    """Play a scenario with this test's library, at the same time as with those of the tests beside it."""
    name = request.node.originalname
    beside = [item for item in request.session.items if getattr(item, "originalname", None) == name]
    libraries = [item.callspec.params["library"] for item in beside]
    return lambda scenario: plays.result(scenario, library, libraries)
