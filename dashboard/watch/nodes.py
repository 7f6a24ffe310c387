"""Brokers that this installation runs itself: the rows that their supervisor follows. None for a foreign cluster."""

from dataclasses import dataclass
from datetime import datetime

from cluster.models import BrokerNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A managed broker as its row says. `last_exit` is empty until it ended once."""

    broker_id: int
    wanted: bool
    state: str
    pid: int | None
    restarts: int
    started_at: datetime | None
    last_exit: str
    last_exit_detail: str
    last_exit_at: datetime | None


async def read_nodes() -> tuple[Node, ...]:
    """Every managed broker by id. Raises DatabaseError."""
    return tuple(
        [
            Node(
                broker_id=row.broker_id,
                wanted=row.desired == BrokerNode.Desired.RUNNING,
                state=row.state,
                pid=row.pid,
                restarts=row.restarts,
                started_at=row.started_at,
                last_exit=row.last_exit,
                last_exit_detail=row.last_exit_detail,
                last_exit_at=row.last_exit_at,
            )
            async for row in BrokerNode.objects.order_by("broker_id")
        ]
    )
