"""The parts of one node, wired together: who needs whom is written down here and nowhere else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cluster.broker.chores import Chores
from cluster.broker.config import BrokerConfig
from cluster.broker.control.absences import Absences
from cluster.broker.control.channel import ControllerChannel
from cluster.broker.control.controllership import Controllership
from cluster.broker.control.lifecycle import Incarnation, Lifecycle
from cluster.broker.control.metadata import MetadataReplica
from cluster.broker.control.metadata_changes import MetadataChanges
from cluster.broker.control.policy import BrokerPolicy
from cluster.broker.control.producer_ids import ProducerIds
from cluster.broker.control.succession import Succession
from cluster.broker.control.topic_names import TopicNames
from cluster.broker.fetching.sessions import FetchSessions
from cluster.broker.groups import GroupCoordinators
from cluster.broker.metrics import Metrics
from cluster.broker.network.admission import ConnectionLimits, limits_of
from cluster.broker.network.dispatch import Dispatcher
from cluster.broker.network.listener import Listener
from cluster.broker.partitions.inspection import Inspection
from cluster.broker.partitions.opening import Openings
from cluster.broker.partitions.proposals import IsrProposals
from cluster.broker.partitions.replicas import Replicas
from cluster.broker.replication.copying import FetchingBroker
from cluster.broker.replication.replication import Replication
from cluster.broker.services import Services
from cluster.controller.changes import Change
from cluster.controller.state import ClusterState
from cluster.controller.store import MetadataStore
from cluster.log.directory import DataDirectory
from cluster.log.files import Files
from cluster.protocol.primitives import random_uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The only ways from a node to the world, besides its loop."""

    files: Files
    store: MetadataStore
    rng: random.Random
    wall_ms: Callable[[], int]
    descriptors: int | None = None
    """How many files and connections may be open together; None: as many as you like."""


class Parts:
    """What a broker consists of, from its data directory and a snapshot of the metadata on. Nothing runs yet."""

    def __init__(
        self, config: BrokerConfig, metrics: Metrics, doors: Doors, directory: DataDirectory, snapshot: ClusterState
    ) -> None:
        self.config = config
        self.directory = directory
        self._metrics = metrics
        self._doors = doors
        self._build_control(snapshot)
        self._build_replicas()
        openings = Openings(lambda: self.config, self.directory, self._doors.wall_ms)
        self.changes = MetadataChanges(openings, self.replicas, self.groups, self._reconfigure)
        self._build_front(snapshot.cluster_id)
        self.changes.reconfigured(snapshot)

    def _build_control(self, snapshot: ClusterState) -> None:
        config, store, rng = self.config, self._doors.store, self._doors.rng
        self.metadata = MetadataReplica(store, snapshot, self._coming, self._applied)
        policy = BrokerPolicy(lambda: self.config)
        self.controllership = Controllership(config, store, self.metadata, rng, policy)
        self.channel = ControllerChannel(
            config, self.metadata, self.controllership, lambda *asked: self.dispatcher.on_controller(*asked)
        )
        succession = Succession(config, store, self.metadata, self.controllership)
        incarnation = Incarnation(
            id=random_uuid(rng),
            directory_id=self.directory.directory_id,
            previous_broker_epoch=self.directory.previous_broker_epoch,
        )
        self.lifecycle = Lifecycle(config, self.metadata, self.channel, succession, incarnation, rng)
        self.lifecycle.on_registered = self._registered
        self.groups = GroupCoordinators(TopicNames(self.metadata), rng, self._doors.wall_ms)

    async def _coming(self, after: ClusterState, changes: Sequence[Change]) -> None:
        await self.changes.coming(after, changes)

    def _applied(self, before: ClusterState, after: ClusterState, changes: Sequence[Change]) -> None:
        if before.controller != after.controller:
            self.channel.controller_changed()
        self.changes.applied(before, after, changes)

    def _epoch(self) -> int:
        return self.lifecycle.broker_epoch

    async def _registered(self) -> None:
        await self.changes.take_part(lambda: self.metadata.state)

    def _build_replicas(self) -> None:
        wall_ms = self._doors.wall_ms
        self.absences = Absences()
        fetching = FetchingBroker(
            config=self.config,
            metrics=self._metrics,
            absences=self.absences,
            broker_epoch=self._epoch,
            wall_ms=wall_ms,
            checkpoint_cuts=lambda: self.chores.checkpoint_cuts(),
        )
        self.replication = Replication(fetching)
        self.replicas = Replicas(lambda: self.config, self.directory, self.replication, self.groups, wall_ms)
        self.proposals = IsrProposals(self.channel, self._metrics, self.config.node_id, self._epoch)
        self.replicas.proposer = self.proposals
        self.chores = Chores(self.replicas, lambda: self.config, wall_ms)

    def _build_front(self, cluster_id: str) -> None:
        config, loop, rng = self.config, asyncio.get_running_loop(), self._doors.rng
        self.services = Services(
            config=config,
            cluster=self.metadata,
            replicas=self.replicas,
            groups=self.groups,
            controller=self.channel,
            producer_ids=ProducerIds(config.node_id, self._epoch, self.channel),
            fetch_sessions=FetchSessions(loop, rng, config.max_incremental_fetch_session_cache_slots),
            inspection=Inspection(),
            absences=self.absences,
            metrics=self._metrics,
            random=rng,
            wall_ms=self._doors.wall_ms,
            cluster_id=cluster_id,
        )
        self.dispatcher = Dispatcher(self.services)
        self.listener = Listener(self.dispatcher, self._metrics, self._connection_limits)

    def _connection_limits(self) -> ConnectionLimits:
        return limits_of(self.config, self._doors.descriptors)

    def _reconfigure(self, state: ClusterState) -> BrokerConfig:
        """Take over what the metadata log says of the brokers' configuration."""
        own = state.broker_config(str(self.config.node_id))
        self.config = self.config.updated(state.broker_config(""), own)
        self.services.config = self.config
        self.listener.limits_changed()
        return self.config

    def stop(self) -> None:
        """Stop whatever runs or waits, in an order in which nobody misses anybody."""
        self.groups.close()
        self.replication.close()
        self.proposals.close()
        self.listener.close()
        self.controllership.close()
        self.channel.close()

    def status(self) -> dict[str, object]:
        """Where the broker stands, for remote control."""
        return {
            "broker_epoch": self.lifecycle.broker_epoch,
            "phase": self.lifecycle.phase.value,
            "fenced": self.lifecycle.fenced,
            "controller": self.controllership.active is not None,
            "metadata_offset": self.metadata.state.offset,
            "metadata_available": self.metadata.available,
            "partitions": len(self.replicas),
            "leaders": sum(partition.leadership is not None for partition in self.replicas),
        }
