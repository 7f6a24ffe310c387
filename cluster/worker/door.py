"""The one door between a worker's tasks and the broker node in the same process."""

from typing import Any

from cluster.worker.thread import Node, NodeThread

_thread: NodeThread | None = None


def open_to(thread: NodeThread) -> None:
    """From now on tasks of this process reach the node of `thread`."""
    global _thread
    _thread = thread


def node() -> NodeThread:
    """The node's thread. Raises RuntimeError in a process that has none."""
    if _thread is None:
        raise RuntimeError("this worker hosts no broker node")
    return _thread


def status(within_s: float) -> dict[str, Any]:
    """The node's own figures. Raises RuntimeError when no node runs here, TimeoutError when it does not answer."""
    return node().call(_status).result(within_s)


async def _status(node: Node) -> dict[str, object]:
    return node.status()
