"""What a request handler may touch: the request's context and the node's services."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from cluster.broker.config import BrokerConfig
    from cluster.broker.control.absences import Absences
    from cluster.broker.control.producer_ids import ProducerIds
    from cluster.broker.fetching.sessions import FetchSessions
    from cluster.broker.groups import GroupCoordinators
    from cluster.broker.metrics import Metrics
    from cluster.broker.partitions.inspection import Inspection
    from cluster.broker.partitions.replicas import Replicas
    from cluster.controller.controller import Controller
    from cluster.controller.state import ClusterState
    from cluster.protocol.api import ApiKey
    from cluster.protocol.messages.topics import CreateTopicsRequest, CreateTopicsResponse


NO_RESPONSE: Final = object()
"""What a handler returns for a produce with acks=0."""


class PeerConnection(Protocol):
    """The connection that a request came by, as far as a handler may know it."""

    host: str
    port: int

    def when_closed(self, callback: Callable[[], None]) -> None:
        """Call back once when the connection is gone, for whatever reason."""

    def when_more(self, callback: Callable[[], None] | None) -> None:
        """Call back when another request arrives while this one is being answered (None: no longer)."""

    def close(self) -> None:
        """Close the connection: how a produce with acks=0 learns of its error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """Who asks, and by which version. `client_host` is as Kafka shows it: `/127.0.0.1`."""

    api_key: ApiKey
    api_version: int
    correlation_id: int
    client_id: str | None
    client_host: str
    connection: PeerConnection | None = None
    forwarded: bool = False


class ClusterView(Protocol):
    """The broker's replica of the metadata log."""

    @property
    def state(self) -> ClusterState:
        """The state after the last change that this broker has applied."""

    async def wait_for(self, offset: int, timeout_s: float) -> bool:
        """Wait until the change at `offset` is applied. False when the time ran out."""


class ControllerAccess(Protocol):
    """The way to the active controller: a call when it lives here, the wire otherwise."""

    @property
    def active(self) -> Controller | None:
        """The controller, when this broker holds the lease."""

    async def forward(self, request: Any, context: RequestContext) -> Any:
        """Have the active controller answer `request` as `context` asked it.

        Raises NotController or BrokerNotAvailable when none answers within the request timeout.
        """

    async def send(self, request: Any, version: int) -> Any:
        """Send one of the inter-broker requests to the active controller."""

    async def create_topics(self, request: CreateTopicsRequest) -> CreateTopicsResponse:
        """Have the controller create topics that this broker itself wants."""

    def heard_of(self, broker_id: int, connection: PeerConnection | None) -> None:
        """A heartbeat of this broker arrived here, where the controller is."""


@dataclass(slots=True, kw_only=True)
class Services:
    """The node's parts that handlers use. Belongs to the node's loop."""

    config: BrokerConfig
    cluster: ClusterView
    replicas: Replicas
    groups: GroupCoordinators
    controller: ControllerAccess
    producer_ids: ProducerIds
    fetch_sessions: FetchSessions
    inspection: Inspection
    absences: Absences
    metrics: Metrics
    random: random.Random
    wall_ms: Callable[[], int]
    cluster_id: str
