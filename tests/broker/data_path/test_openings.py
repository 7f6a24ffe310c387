"""Many new partitions at once: their logs are created while the node's loop goes on."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

from cluster.broker.control.metadata import MetadataReplica
from cluster.controller.changes import Change
from cluster.controller.state import ClusterState
from cluster.log.files import RealFiles
from tests.broker.data_path.requests import create, error, put
from tests.support.nodes import Nodes, brokers

MANY = 40


class Watched(RealFiles):
    """Notes which thread makes which partition's folder."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}

    def make_directory(self, path: str) -> None:
        self.made.setdefault(Path(path).name, threading.current_thread().name)
        super().make_directory(path)


async def test_many_logs_are_created_beside_the_loop_and_a_few_on_it(tmp_path: Path) -> None:
    files = Watched()
    nodes = Nodes(tmp_path, lambda _: files)
    await nodes.start(1)
    await create(nodes, 1, topic="few")
    await create(nodes, 1, topic="many", partitions=MANY)
    loop = threading.current_thread().name
    assert files.made["few-0"] == loop
    assert loop not in {files.made[f"many-{index}"] for index in range(MANY)}
    assert not error(await put(nodes, 1, b"a", topic="many"))
    await nodes.close()


async def test_what_was_placed_on_a_broker_while_it_was_away_is_created_beside_its_loop(tmp_path: Path) -> None:
    files = {1: Watched(), 2: Watched()}
    nodes = Nodes(tmp_path, lambda broker_id: files[broker_id])
    await nodes.start(1, 2)
    await nodes.crash(2)
    await create(nodes, 1, 2, topic="many", partitions=MANY)
    await nodes.start(2)
    assert threading.current_thread().name not in {files[2].made[f"many-{index}"] for index in range(MANY)}
    await nodes.until(
        lambda: all(nodes.in_sync(1, "many", index) == (1, 2) for index in range(MANY)), "the broker copies all"
    )
    await nodes.close()


async def test_a_reader_of_the_log_that_gives_up_leaves_nothing_to_be_begun_twice(tmp_path: Path) -> None:
    begun, go_on = 0, asyncio.Event()

    async def slow(after: ClusterState, changes: Sequence[Change]) -> None:
        nonlocal begun
        begun += 1
        await go_on.wait()

    async with brokers(tmp_path, 1) as nodes:
        known = ClusterState(cluster_id=nodes.state(1).cluster_id)
        replica = MetadataReplica(nodes.store, known, slow, lambda *_: None)
        impatient = asyncio.ensure_future(replica.catch_up())
        await nodes.until(lambda: begun, "the log is read")
        impatient.cancel()
        patient = asyncio.ensure_future(replica.catch_up())
        await nodes.until(impatient.done, "it has given up")
        go_on.set()
        await asyncio.wait_for(patient, 5)
        assert (begun, replica.state.offset) == (1, nodes.state(1).offset)
