"""One real broker of its own process, and a client of it that must not notice what others do."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import psutil
import pytest
import uvloop

from tests.hostile.bystander import Bystander
from tests.support.cluster import Cluster, cluster
from tests.support.patience import until

MEBIBYTE = 1 << 20
QUEUED = 128 * MEBIBYTE
OPTIONS = ("--set", f"queued.max.request.bytes={QUEUED}", "--set", "default.replication.factor=1")


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@dataclass(frozen=True, slots=True)
class Scene:
    """The broker, whose memory is watched, and the bystander."""

    cluster: Cluster
    bystander: Bystander

    @property
    def port(self) -> int:
        return self.cluster.port(1)

    @property
    def process(self) -> psutil.Process:
        return self.cluster.process(1)

    def memory(self) -> int:
        """Bytes of memory that the broker has now."""
        return int(self.process.memory_info().rss)

    def connections(self) -> int:
        """Connections that the broker has open now."""
        return sum(each.status == psutil.CONN_ESTABLISHED for each in self.process.net_connections("tcp"))

    def log(self) -> str:
        return "".join(path.read_text() for path in self.cluster.up.data_dir.glob("logs/broker-1*"))


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(1, tmp_path_factory.mktemp("hostile"), *OPTIONS) as running:
        running.create_topic("bystander", 1)
        until(lambda: running.leader(("bystander", 0)), "a leader")
        yield running


@pytest.fixture
def scene(hosted: Cluster) -> Iterator[Scene]:
    with Bystander(hosted.port(1), "bystander") as bystander:
        yield Scene(hosted, bystander)
