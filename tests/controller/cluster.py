"""A controller over a store in memory, with brokers that are only requests."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster.controller.controller import Controller
from cluster.controller.state import ClusterState, PartitionState
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.replication import (
    AlterPartitionRequest,
    AlterPartitionRequestPartitionData,
    AlterPartitionRequestTopicData,
    AlterPartitionResponsePartitionData,
    BrokerHeartbeatRequest,
    BrokerHeartbeatResponse,
    BrokerRegistrationRequest,
    BrokerState,
    Listener,
)
from cluster.protocol.messages.topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from cluster.protocol.primitives import Uuid
from tests.support.metadata_store import MemoryMetadataStore

SESSION_MS = 9_000


@dataclass
class SimplePolicy:
    """A policy of plain values."""

    session_timeout_ms: int = SESSION_MS
    num_partitions: int = 1
    replication_factor: int = 3
    imbalance_check_ms: int | None = 300_000
    default_min_isr: int = 2
    default_unclean: bool = False

    def min_isr(self, overrides: Mapping[str, str]) -> int:
        return int(overrides.get("min.insync.replicas", self.default_min_isr))

    def unclean(self, overrides: Mapping[str, str]) -> bool:
        return overrides.get("unclean.leader.election.enable", str(self.default_unclean)).lower() == "true"


@dataclass
class SimulatedBroker:
    """What a broker process knows of itself."""

    id: int
    incarnation: Uuid
    directory: Uuid
    rack: str | None = None
    epoch: int = -1


@dataclass
class ControlledCluster:
    """A controller, its store and clock, and the brokers that talk to it."""

    store: MemoryMetadataStore = field(default_factory=MemoryMetadataStore)
    policy: SimplePolicy = field(default_factory=SimplePolicy)
    random: random.Random = field(default_factory=lambda: random.Random(7))
    now_ms: float = 0.0
    brokers: dict[int, SimulatedBroker] = field(default_factory=dict)
    committed: list[int] = field(default_factory=list)
    controller: Controller = field(init=False)

    async def elect(self, controller_id: int = 1) -> Controller:
        """A broker takes the lease and becomes the controller."""
        known = (await self.store.current_lease()) if self.store.lease else None
        lease = await self.store.claim(controller_id, "localhost", 9092, known.epoch if known else 0)
        state = ClusterState(cluster_id="a-cluster").apply_all(await self.store.read(-1, 1_000_000))
        self.controller = Controller(
            self.store, state, lease, self.policy, self.random, self.now_ms, self.committed.append
        )
        return self.controller

    @property
    def state(self) -> ClusterState:
        return self.controller.state

    def process(self, broker_id: int, rack: str | None = None) -> SimulatedBroker:
        """A new process on the broker's own directory."""
        former = self.brokers.get(broker_id)
        directory = former.directory if former else Uuid(self.random.randbytes(16))
        broker = SimulatedBroker(broker_id, Uuid(self.random.randbytes(16)), directory, rack)
        self.brokers[broker_id] = broker
        return broker

    async def register(self, broker: SimulatedBroker, previous_epoch: int = -1) -> int:
        request = BrokerRegistrationRequest(
            broker_id=broker.id,
            cluster_id="a-cluster",
            incarnation_id=broker.incarnation,
            listeners=[Listener(name="PLAINTEXT", host="localhost", port=9091 + broker.id)],
            rack=broker.rack,
            log_dirs=[broker.directory],
            previous_broker_epoch=previous_epoch,
        )
        broker.epoch = (await self.controller.register_broker(request, self.now_ms)).broker_epoch
        return broker.epoch

    async def heartbeat(
        self, broker_id: int, *, offset: int | None = None, want_fence: bool = False, want_shut_down: bool = False
    ) -> BrokerHeartbeatResponse:
        request = BrokerHeartbeatRequest(
            broker_id=broker_id,
            broker_epoch=self.brokers[broker_id].epoch,
            current_metadata_offset=self.state.offset if offset is None else offset,
            want_fence=want_fence,
            want_shut_down=want_shut_down,
        )
        return await self.controller.heartbeat(request, self.now_ms)

    async def start(self, *broker_ids: int, racks: Mapping[int, str] | None = None) -> None:
        """Register brokers and have them unfenced."""
        for broker_id in broker_ids:
            await self.register(self.process(broker_id, (racks or {}).get(broker_id)))
            await self.heartbeat(broker_id)

    async def gone(self, broker_id: int) -> None:
        """The process of a broker died, and the controller noticed at once."""
        await self.controller.broker_gone(broker_id, self.brokers[broker_id].epoch)

    async def topic(self, name: str, *assignment: tuple[int, ...], **configs: str) -> Uuid:
        """Create a topic with these replicas per partition; configuration names with _ for the dots."""
        wanted = CreatableTopic(
            name=name,
            num_partitions=-1,
            replication_factor=-1,
            assignments=[
                CreatableReplicaAssignment(partition_index=index, broker_ids=list(replicas))
                for index, replicas in enumerate(assignment)
            ],
            configs=[CreatableTopicConfig(name=k.replace("_", "."), value=v) for k, v in configs.items()],
        )
        response = await self.controller.create_topics(CreateTopicsRequest(topics=[wanted]))
        assert response.topics[0].error_code == ErrorCode.NONE, response.topics[0].error_message
        return response.topics[0].topic_id

    def partition(self, topic: str, index: int = 0) -> PartitionState:
        found = self.state.partition(topic, index)
        assert found is not None
        return found

    async def propose(
        self, topic: str, isr: tuple[int, ...], index: int = 0, **differently: int
    ) -> AlterPartitionResponsePartitionData:
        """The partition's leader proposes an ISR, by what it knows now."""
        partition = self.partition(topic, index)
        leader = differently.get("broker_id", partition.leader)
        data = AlterPartitionRequestPartitionData(
            partition_index=index,
            leader_epoch=differently.get("leader_epoch", partition.leader_epoch),
            partition_epoch=differently.get("partition_epoch", partition.partition_epoch),
            leader_recovery_state=differently.get("recovering", 0),
            new_isr_with_epochs=[
                BrokerState(broker_id=b, broker_epoch=differently.get(f"epoch_of_{b}", self._epoch(b))) for b in isr
            ],
        )
        request = AlterPartitionRequest(
            broker_id=leader,
            broker_epoch=differently.get("broker_epoch", self.brokers[leader].epoch),
            topics=[AlterPartitionRequestTopicData(topic_id=self.state.topics[topic].id, partitions=[data])],
        )
        return (await self.controller.alter_partition(request)).topics[0].partitions[0]

    def _epoch(self, broker_id: int) -> int:
        known = self.brokers.get(broker_id)
        return -1 if known is None else known.epoch


async def three_brokers(now_ms: float = 0.0, **policy: int | bool | None) -> ControlledCluster:
    """A controller and three unfenced brokers."""
    cluster = ControlledCluster(policy=SimplePolicy(**policy), now_ms=now_ms)  # type: ignore[arg-type]
    await cluster.elect()
    await cluster.start(1, 2, 3)
    return cluster
