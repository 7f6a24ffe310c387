"""The thread that a node lives in: its door, its stop, and what happens when the node dies."""

import asyncio
import threading

import pytest

from cluster.worker.thread import NodeThread

PATIENCE_S = 5.0


class StubNode:
    """A node that does nothing but live."""

    def __init__(self, start_error: Exception | None = None) -> None:
        self.start_error = start_error
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stopped_on: str | None = None

    async def start(self) -> None:
        if self.start_error is not None:
            raise self.start_error

    async def stop(self) -> None:
        self.stopped_on = threading.current_thread().name
        self.closed.set_result(None)

    async def wait_closed(self) -> None:
        await self.closed


class Watched:
    """A node's thread and what it told."""

    def __init__(self, start_error: Exception | None = None) -> None:
        self.nodes: list[StubNode] = []
        self.ready = threading.Event()
        self.died = threading.Event()
        self.error: BaseException | None = None
        self.thread = NodeThread(lambda: self._build(start_error), on_ready=self.ready.set, on_death=self._die)

    def _build(self, start_error: Exception | None) -> StubNode:
        self.nodes.append(StubNode(start_error))
        return self.nodes[0]

    def _die(self, error: BaseException) -> None:
        self.error = error
        self.died.set()


async def thread_name(node: StubNode, suffix: str) -> str:
    return threading.current_thread().name + suffix


def test_a_call_runs_on_the_nodes_own_thread() -> None:
    watched = Watched()
    watched.thread.start()
    assert watched.ready.wait(PATIENCE_S)
    assert watched.thread.call(thread_name, "!").result(PATIENCE_S) == "broker-node!"
    assert watched.thread.stop(PATIENCE_S)


def test_stop_lets_the_node_leave_in_good_order_and_is_no_death() -> None:
    watched = Watched()
    watched.thread.start()
    assert watched.ready.wait(PATIENCE_S)
    assert watched.thread.stop(PATIENCE_S)
    assert watched.nodes[0].stopped_on == "broker-node"
    assert not watched.died.is_set()


def test_a_call_after_the_end_is_refused() -> None:
    watched = Watched()
    watched.thread.start()
    assert watched.ready.wait(PATIENCE_S)
    watched.thread.stop(PATIENCE_S)
    with pytest.raises(RuntimeError, match="not running"):
        watched.thread.call(thread_name, "")


def test_a_node_that_cannot_start_is_reported_with_its_reason() -> None:
    watched = Watched(start_error=OSError("port in use"))
    watched.thread.start()
    assert watched.died.wait(PATIENCE_S)
    assert str(watched.error) == "port in use"
    assert not watched.ready.is_set()


def test_a_node_that_dies_later_is_reported() -> None:
    watched = Watched()
    watched.thread.start()
    assert watched.ready.wait(PATIENCE_S)

    async def break_it(node: StubNode) -> None:
        node.closed.set_exception(RuntimeError("disk gone"))

    watched.thread.call(break_it).result(PATIENCE_S)
    assert watched.died.wait(PATIENCE_S)
    assert str(watched.error) == "disk gone"


def test_a_failing_call_fails_its_caller_and_not_the_node() -> None:
    watched = Watched()
    watched.thread.start()
    assert watched.ready.wait(PATIENCE_S)

    async def fail(node: StubNode) -> None:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        watched.thread.call(fail).result(PATIENCE_S)
    assert watched.thread.call(thread_name, "").result(PATIENCE_S) == "broker-node"
    assert watched.thread.stop(PATIENCE_S)
