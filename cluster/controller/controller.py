"""The controller: the single writer of the metadata log. Decides in pure code, answers when it is written."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping

from cluster.controller import configs, isr, leaders, membership, topics
from cluster.controller.commits import Commits
from cluster.controller.policy import Policy
from cluster.controller.sessions import Sessions
from cluster.controller.state import ClusterState, ConfigKey
from cluster.controller.store import Lease, MetadataStore
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.replication import (
    AllocateProducerIdsRequest,
    AllocateProducerIdsResponse,
    AlterPartitionRequest,
    AlterPartitionResponse,
    BrokerHeartbeatRequest,
    BrokerHeartbeatResponse,
    BrokerRegistrationRequest,
    BrokerRegistrationResponse,
)
from cluster.protocol.messages.topics import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreateTopicsRequest,
    CreateTopicsResponse,
    ElectLeadersRequest,
    ElectLeadersResponse,
)
from cluster.protocol.primitives import Uuid

CHANGES_PER_SNAPSHOT = 5_000


class Controller:
    """Holds the lease of one epoch. Every method may raise NotController: the lease is lost, nothing was changed.

    Between two awaits its decisions see one state; time is handed in, in milliseconds of the loop's clock.
    """

    def __init__(
        self,
        store: MetadataStore,
        state: ClusterState,
        lease: Lease,
        policy: Policy,
        rng: random.Random,
        now_ms: float,
        on_commit: Callable[[int], None],
    ) -> None:
        self._store = store
        self._commits = Commits(store, state, lease, on_commit)
        self._policy = policy
        self._random = rng
        self.sessions = Sessions(state, policy.session_timeout_ms, now_ms)
        self._next_balance_ms = now_ms + (policy.imbalance_check_ms or 0)
        # Where the last snapshot stands is not known here; brokers that start are the reason to have one soon.
        self._snapshot_due = state.offset + CHANGES_PER_SNAPSHOT // 2

    @property
    def state(self) -> ClusterState:
        """The state with everything that is decided."""
        return self._commits.state

    @property
    def epoch(self) -> int:
        """The epoch of the lease."""
        return self._commits.lease.epoch

    def depose(self) -> None:
        """The lease is lost: refuse everything from now on."""
        self._commits.depose()

    def _standing(self) -> ClusterState:
        """The state to decide on. Raises NotController: after the lease is lost it is worth nothing."""
        self._commits.check()
        return self.state

    # -- brokers

    async def register_broker(self, request: BrokerRegistrationRequest, now_ms: float) -> BrokerRegistrationResponse:
        """Register an incarnation; the answer is its epoch. Raises what is wrong with it."""
        changes = membership.register(self._standing(), self._policy, self.sessions, request, now_ms)
        if not changes:
            await self._commits.commit([])
            return BrokerRegistrationResponse(broker_epoch=self.state.brokers[request.broker_id].epoch)
        self.sessions.end(request.broker_id)
        # Not what the state says after the wait: another incarnation may have come meanwhile.
        return BrokerRegistrationResponse(broker_epoch=await self._commits.commit(changes))

    async def heartbeat(self, request: BrokerHeartbeatRequest, now_ms: float) -> BrokerHeartbeatResponse:
        """Keep a session alive, unfence, let go. Raises BrokerIdNotRegistered, StaleBrokerEpoch."""
        changes, response = membership.heartbeat(self._standing(), self._policy, self.sessions, request, now_ms)
        if response.should_shut_down:
            self.sessions.end(request.broker_id)
        if changes:
            # Without changes a heartbeat touches nothing but memory: the store may be away.
            await self._commits.commit(changes)
        self.sessions.wake_waiting(self.state)
        return response

    async def broker_gone(self, broker_id: int, broker_epoch: int) -> None:
        """The process of this incarnation is certainly gone: fence it now, not when its session ends."""
        state = self._standing()
        broker = state.brokers.get(broker_id)
        if broker is not None and broker.epoch == broker_epoch:
            self.sessions.end(broker_id)
            await self._commits.commit(membership.fence(state, self._policy, broker))
            self.sessions.wake_waiting(self.state)

    # -- time

    async def tick(self, now_ms: float) -> None:
        """End sessions that are over; return leadership to preferred leaders and keep a snapshot when that is due."""
        state = self._standing()
        changes = membership.expire(state, self._policy, self.sessions, now_ms)
        interval = self._policy.imbalance_check_ms
        if interval is not None and now_ms >= self._next_balance_ms:
            self._next_balance_ms = now_ms + interval
            changes += leaders.rebalance(state.with_changes(changes), self._policy)
        if changes:
            await self._commits.commit(changes)
            self.sessions.wake_waiting(self.state)
        await self._keep_snapshot()

    async def _keep_snapshot(self) -> None:
        """A state of what is decided but not written is no snapshot: then the next tick keeps it."""
        state = self.state
        if state.offset >= self._snapshot_due and self._commits.settled:
            await self._store.save_snapshot(self.epoch, state)
            self._snapshot_due = state.offset + CHANGES_PER_SNAPSHOT

    def next_deadline(self) -> float | None:
        """When `tick` has something to do."""
        balance = self._next_balance_ms if self._policy.imbalance_check_ms is not None else None
        deadlines = [due for due in (self.sessions.next_deadline(), balance) if due is not None]
        return min(deadlines, default=None)

    # -- partitions

    async def alter_partition(self, request: AlterPartitionRequest) -> AlterPartitionResponse:
        """Judge the ISRs that a leader proposes. Raises StaleBrokerEpoch, BrokerIdNotRegistered."""
        changes, response = isr.alter(self._standing(), self._policy, request)
        await self._commits.commit(changes)
        return response

    async def elect_leaders(self, request: ElectLeadersRequest) -> ElectLeadersResponse:
        """Elect preferred leaders, or any replica where nobody leads; null asks for all partitions."""
        changes, response = leaders.elect(self._standing(), self._policy, request)
        await self._commits.commit(changes)
        return response

    # -- topics and the rest

    async def create_topics(self, request: CreateTopicsRequest) -> CreateTopicsResponse:
        """Create topics, each on its own: one that cannot be does not hold up the others."""
        changes, response = topics.create(self._standing(), self._policy, request, self._random)
        await self._commits.commit([] if request.validate_only else changes)
        return response

    async def delete_topics(self, topic_ids: Iterable[Uuid]) -> dict[Uuid, ErrorCode]:
        """Delete topics, each on its own."""
        changes, outcome = topics.delete(self._standing(), topic_ids)
        await self._commits.commit(changes)
        return outcome

    async def create_partitions(self, request: CreatePartitionsRequest) -> CreatePartitionsResponse:
        """Give topics more partitions, each topic on its own."""
        changes, response = topics.grow(self._standing(), request, self._random)
        await self._commits.commit([] if request.validate_only else changes)
        return response

    async def alter_configs(self, wanted: Mapping[ConfigKey, Mapping[str, str | None]]) -> None:
        """Set configurations (None: back to the default). They are valid: the caller has checked them."""
        await self._commits.commit(configs.alter(self._standing(), self._policy, wanted))

    async def allocate_producer_ids(self, request: AllocateProducerIdsRequest) -> AllocateProducerIdsResponse:
        """A block of producer ids that nobody else gets. Raises StaleBrokerEpoch, BrokerIdNotRegistered."""
        change, response = membership.allocate(self._standing(), request)
        await self._commits.commit([change])
        return response
