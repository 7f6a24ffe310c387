"""A scenario's world: one library's drivers, and topics and groups of its own on the cluster."""

import itertools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.clients.driver import Driver, Part, Read
from tests.clients.libraries import Library
from tests.support.cluster import Cluster
from tests.support.patience import until

NUMBERS = itertools.count(1)
AT_ONCE = 4
"""Scenarios side by side: most of their time is waiting, for sessions, rebalances and refreshes."""


class Garage:
    """The running drivers: one for each role of a library, each started anew when it was killed."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._bootstrap = bootstrap
        self._folder = folder
        self._drivers: dict[tuple[str, str], Driver] = {}

    def driver(self, library: Library, role: str = "first") -> Driver:
        driver = self._drivers.get((library.name, role))
        if driver is None or driver.process.poll() is not None:
            log = self._folder / f"{library.slug}-{role}-{next(NUMBERS)}.log"
            driver = self._drivers[library.name, role] = Driver(library, self._bootstrap, log)
        return driver

    def close(self) -> None:
        for driver in self._drivers.values():
            driver.kill()


class Stage:
    """What one scenario with one library works with."""

    def __init__(self, library: Library, cluster: Cluster, garage: Garage) -> None:
        self.library = library
        self.cluster = cluster
        self.driver = garage.driver(library)
        self._garage = garage

    def second(self) -> Driver:
        """The library once more, in a process that may die: then the next call has a new one."""
        return self._garage.driver(self.library, "second")

    def name(self) -> str:
        """A name for a topic, group or consumer that nothing else has."""
        return f"{self.library.slug}-{next(NUMBERS)}"

    def topic(self, partitions: int = 1, **configs: str) -> str:
        """A new topic, replicated on all brokers."""
        return self.cluster.create_topic(self.name(), partitions, **configs)

    def read(self, name: str, count: int, timeout: float = 60, driver: Driver | None = None) -> list[Read]:
        """Poll until so many records came."""
        records: list[Read] = []

        def enough() -> bool:
            records.extend((driver or self.driver).poll(name, most=count))
            return len(records) >= count

        try:
            until(enough, f"{count} records", timeout)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; {len(records)} came") from None
        return records

    def wait_assigned(self, name: str, parts: set[Part]) -> None:
        """Poll until the consumer has these; there is nothing to read yet."""

        def assigned() -> bool:
            assert self.driver.poll(name, timeout_ms=500) == []
            return self.driver.assignment(name) == parts

        until(assigned, f"{sorted(parts)} are assigned", 60)


Scenario = Callable[[Stage], None]


class Plays:
    """Runs a scenario for all selected libraries side by side when the first of its tests asks for it."""

    def __init__(self, cluster: Cluster, garage: Garage) -> None:
        self._cluster = cluster
        self._garage = garage
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._plays: dict[tuple[Scenario, str], Future[None]] = {}

    def result(self, scenario: Scenario, library: Library, all_libraries: list[Library]) -> None:
        """Raises what the scenario raised with this library. Skips the test when the library cannot run here."""
        if reason := library.program.missing():
            pytest.skip(reason)
        for one in all_libraries:
            if (scenario, one.name) not in self._plays and one.program.missing() is None:
                self._plays[scenario, one.name] = self._pool.submit(self._play, scenario, one)
        self._plays[scenario, library.name].result()

    def _play(self, scenario: Scenario, library: Library) -> None:
        scenario(Stage(library, self._cluster, self._garage))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
