"""A broker's services as handlers see them, with a state at hand instead of a node."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any, cast

from cluster.broker.config import BrokerConfig
from cluster.broker.control.policy import BrokerPolicy
from cluster.broker.services import RequestContext, Services
from cluster.controller.changes import Change
from cluster.controller.controller import Controller
from cluster.controller.state import BrokerState, ClusterState, ControllerState, PartitionState, TopicState
from cluster.controller.store import Lease
from cluster.protocol.api import ApiKey
from cluster.protocol.primitives import Uuid
from tests.broker.test_config import NEEDED

CLUSTER_ID = "a-cluster-of-a-test"


@dataclass
class View:
    """The replica of the metadata log, always up to date."""

    state: ClusterState

    async def wait_for(self, offset: int, timeout_s: float) -> bool:
        return self.state.offset >= offset


@dataclass
class Hosted:
    """The replicas of a broker and their directory."""

    directory: Any = None
    partitions: list[Any] = field(default_factory=list)

    def __iter__(self) -> Any:
        return iter(self.partitions)

    def get(self, topic: str, index: int) -> Any:
        return next((p for p in self.partitions if p.key == (topic, index)), None)


@dataclass
class WrittenLog:
    """The metadata store as far as a controller writes to it."""

    changes: list[Change] = field(default_factory=list)

    async def append(self, epoch: int, expected_offset: int, changes: Sequence[Change]) -> int:
        self.changes += changes
        return expected_offset + len(changes)


@dataclass
class Here:
    """The controller lives on this broker: forwarding is a call. `refusals` come first."""

    active: Controller | None
    log: WrittenLog
    services: Any = None
    handlers: Mapping[ApiKey, Any] = field(default_factory=dict)
    refusals: list[Exception] = field(default_factory=list)
    forwarded: int = 0

    async def forward(self, request: Any, context: RequestContext) -> Any:
        self.forwarded += 1
        if self.refusals:
            raise self.refusals.pop(0)
        handler = self.handlers[context.api_key]
        return await handler(request, context, self.services)


def a_state(topics: Mapping[str, int] | None = None, brokers: int = 3, **more: Any) -> ClusterState:
    """Brokers 1 to `brokers` on ports 9091 up, broker 1 the controller; topics by name -> number of partitions."""
    known = {
        i: BrokerState(id=i, epoch=i, incarnation=Uuid(bytes(16)), host="127.0.0.1", port=9090 + i, fenced=False)
        for i in range(1, brokers + 1)
    }
    placed = PartitionState(replicas=(1, 2), isr=(1, 2), leader=1)
    made = {
        name: TopicState(name=name, id=Uuid(name.encode().ljust(16)), partitions=dict.fromkeys(range(count), placed))
        for name, count in (topics or {}).items()
    }
    names = {topic.id: name for name, topic in made.items()}
    controller = ControllerState(id=1, epoch=1, host="127.0.0.1", port=9091)
    return ClusterState(cluster_id=CLUSTER_ID, controller=controller, brokers=known, topics=made, names=names, **more)


def services_with(state: ClusterState, *, controller: Any = None, replicas: Any = None, **properties: str) -> Services:
    """Services of broker 1. `properties` are broker configurations, with `_` for `.`."""
    config = BrokerConfig.of({**NEEDED, **{name.replace("_", "."): text for name, text in properties.items()}})
    config = config.updated(state.broker_config(""), state.broker_config("1"))
    parts = {part.name: cast(Any, None) for part in fields(Services)}
    parts |= {
        "config": config,
        "cluster": View(state),
        "replicas": replicas if replicas is not None else Hosted(),
        "controller": controller,
        "random": Random(1),
        "wall_ms": lambda: 0,
        "cluster_id": CLUSTER_ID,
    }
    return Services(**parts)


def with_controller(state: ClusterState, handlers: Mapping[ApiKey, Any], **properties: str) -> tuple[Services, Here]:
    """Services of broker 1, which is the controller; `handlers` are those that run on it."""
    log = WrittenLog()
    here = Here(None, log, handlers=handlers)
    services = services_with(state, controller=here, **properties)
    policy = BrokerPolicy(lambda: services.config)
    lease = Lease(controller_id=1, epoch=1)
    here.active = Controller(cast(Any, log), state, lease, policy, Random(2), 0.0, lambda offset: None)
    here.services = services
    return services, here


def asked(key: ApiKey, version: int) -> RequestContext:
    """A request of this API in this version, by nobody in particular."""
    return RequestContext(
        api_key=key, api_version=version, correlation_id=1, client_id="a test", client_host="/127.0.0.1"
    )
