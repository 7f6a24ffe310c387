"""Where the leaders are, as answers to a misdirected produce or fetch tell it (KIP-951)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from cluster.broker.services import Services
from cluster.controller.state import ClusterState, PartitionState

UNKNOWN = (-1, -1)


class Endpoint(Protocol):
    """The node endpoint of a produce or fetch response."""

    def __init__(self, *, node_id: int, host: str, port: int, rack: str | None) -> None: ...


E = TypeVar("E", bound=Endpoint)


def node_endpoints(state: ClusterState, leaders: Iterable[int], endpoint: type[E]) -> list[E]:
    """The addresses of these brokers, each once."""
    known = [state.brokers[leader] for leader in dict.fromkeys(leaders) if leader in state.brokers]
    return [endpoint(node_id=b.id, host=b.host, port=b.port, rack=b.rack) for b in known if not b.fenced]


def leader_of(services: Services, topic: str, index: int) -> tuple[int, int]:
    """Leader and leader epoch of a partition, as its replica here knows them, else the metadata log."""
    partition = services.replicas.get(topic, index) or services.cluster.state.partition(topic, index)
    if partition is None:
        return UNKNOWN
    return (partition.leader if isinstance(partition, PartitionState) else partition.leader_id), partition.leader_epoch
