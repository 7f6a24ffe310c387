"""Decisions over brokers: registration, heartbeats, fencing, blocks of producer ids."""

from __future__ import annotations

import logging

from cluster.controller.changes import BrokerChanged, BrokerRegistered, Change, ProducerIdsAllocated
from cluster.controller.partitions import leads_anything, with_broker, without_broker
from cluster.controller.policy import Policy
from cluster.controller.sessions import Session, Sessions
from cluster.controller.state import BrokerState, ClusterState
from cluster.protocol.errors import (
    BrokerIdNotRegistered,
    DuplicateBrokerRegistration,
    InconsistentClusterId,
    InvalidRegistration,
    StaleBrokerEpoch,
)
from cluster.protocol.messages.replication import (
    AllocateProducerIdsRequest,
    AllocateProducerIdsResponse,
    BrokerHeartbeatRequest,
    BrokerHeartbeatResponse,
    BrokerRegistrationRequest,
)

logger = logging.getLogger(__name__)

PRODUCER_IDS_PER_BLOCK = 1_000


def register(
    state: ClusterState, policy: Policy, sessions: Sessions, request: BrokerRegistrationRequest, now_ms: float
) -> list[Change]:
    """The changes of a new incarnation; none when this incarnation is registered already.

    Raises InconsistentClusterId, DuplicateBrokerRegistration, InvalidRegistration.
    """
    if request.cluster_id != state.cluster_id:
        raise InconsistentClusterId(f"Expected cluster ID {state.cluster_id}, but got cluster ID {request.cluster_id}")
    if not request.listeners:
        raise InvalidRegistration("the registration names no listener")
    known = state.brokers.get(request.broker_id)
    if known is not None and known.incarnation == request.incarnation_id:
        return []
    if known is not None and sessions.valid(known.id, now_ms) and not _holds_directory(known, request):
        raise DuplicateBrokerRegistration(f"another process runs as broker {known.id} of this cluster")
    clean = known is None or request.previous_broker_epoch == known.epoch
    listener = request.listeners[0]
    registered = BrokerRegistered(
        broker_id=request.broker_id,
        incarnation=request.incarnation_id,
        host=listener.host,
        port=listener.port,
        rack=request.rack,
        log_dirs=tuple(request.log_dirs),
    )
    # The registration comes last: its offset is the broker's epoch, and a controller that dies before does all anew.
    return [*without_broker(state, policy, request.broker_id, lost=not clean), registered]


def _holds_directory(known: BrokerState, request: BrokerRegistrationRequest) -> bool:
    """True when the new process has the data directory of the known one: its lock says that the known one is gone."""
    return bool(known.log_dirs) and tuple(request.log_dirs) == known.log_dirs


def check_epoch(state: ClusterState, broker_id: int, epoch: int) -> BrokerState:
    """The broker, when it asks in its registered incarnation. Raises BrokerIdNotRegistered, StaleBrokerEpoch."""
    broker = state.brokers.get(broker_id)
    if broker is None:
        raise BrokerIdNotRegistered(f"broker {broker_id} is not registered")
    if broker.epoch != epoch:
        raise StaleBrokerEpoch(f"broker {broker_id} has the epoch {broker.epoch}, not {epoch}")
    return broker


def heartbeat(
    state: ClusterState, policy: Policy, sessions: Sessions, request: BrokerHeartbeatRequest, now_ms: float
) -> tuple[list[Change], BrokerHeartbeatResponse]:
    """Where the broker is to go from here: fenced, unfenced, on its way out, gone.

    Raises BrokerIdNotRegistered, StaleBrokerEpoch.
    """
    broker = check_epoch(state, request.broker_id, request.broker_epoch)
    session = sessions.touch(broker.id, broker.epoch, request.current_metadata_offset, now_ms)
    response = BrokerHeartbeatResponse(
        is_caught_up=request.current_metadata_offset >= state.offset, is_fenced=broker.fenced
    )
    if broker.fenced:
        return _fenced(state, policy, request, response, broker)
    if broker.in_controlled_shutdown or (request.want_shut_down and not request.want_fence):
        return _leaving(state, policy, sessions, session, response, broker)
    if request.want_fence:
        response.is_fenced, response.should_shut_down = True, request.want_shut_down
        return fence(state, policy, broker), response
    return [], response


def _fenced(
    state: ClusterState,
    policy: Policy,
    request: BrokerHeartbeatRequest,
    response: BrokerHeartbeatResponse,
    broker: BrokerState,
) -> tuple[list[Change], BrokerHeartbeatResponse]:
    """Unfence it when it has caught up with its own registration."""
    if request.want_shut_down:
        response.should_shut_down = True
        return [], response
    if request.want_fence or request.current_metadata_offset < broker.epoch:
        return [], response
    response.is_fenced = False
    unfenced = BrokerChanged(broker_id=broker.id, broker_epoch=broker.epoch, fenced=False)
    after = state.with_changes([unfenced])
    return [unfenced, *with_broker(after, policy, broker.id)], response


def _leaving(
    state: ClusterState,
    policy: Policy,
    sessions: Sessions,
    session: Session,
    response: BrokerHeartbeatResponse,
    broker: BrokerState,
) -> tuple[list[Change], BrokerHeartbeatResponse]:
    """Controlled shutdown: leadership moves away, then all others hear of it, then the broker may go."""
    if not broker.in_controlled_shutdown:
        going = BrokerChanged(broker_id=broker.id, broker_epoch=broker.epoch, fenced=False, in_controlled_shutdown=True)
        changes = [going, *without_broker(state, policy, broker.id)]
        session.shutdown_offset = state.offset + len(changes)
        return changes, response
    if session.shutdown_offset is None:
        session.shutdown_offset = state.offset
    if not _last_one(state, broker):
        if leads_anything(state, broker.id):
            return without_broker(state, policy, broker.id), response
        if sessions.lowest_offset(state) < session.shutdown_offset:
            return [], response
    response.is_fenced = response.should_shut_down = True
    return fence(state, policy, broker), response


def _last_one(state: ClusterState, broker: BrokerState) -> bool:
    """Nobody is left to lead in its place: waiting would be in vain."""
    return not any(state.active(other) for other in state.brokers if other != broker.id)


def fence(state: ClusterState, policy: Policy, broker: BrokerState) -> list[Change]:
    """Nobody hears of the broker: others lead what it led."""
    if broker.fenced:
        return []
    fenced = BrokerChanged(broker_id=broker.id, broker_epoch=broker.epoch, fenced=True)
    return [fenced, *without_broker(state, policy, broker.id)]


def expire(state: ClusterState, policy: Policy, sessions: Sessions, now_ms: float) -> list[Change]:
    """Fence the brokers that have not been heard of for a whole session."""
    changes: list[Change] = []
    for broker_id in sessions.expired(now_ms):
        sessions.end(broker_id)
        broker = state.brokers.get(broker_id)
        if broker is not None and not broker.fenced:
            logger.info("the session of broker %s is over", broker_id)
            fenced = fence(state, policy, broker)
            state = state.with_changes(fenced)
            changes += fenced
    return changes


def allocate(
    state: ClusterState, request: AllocateProducerIdsRequest
) -> tuple[ProducerIdsAllocated, AllocateProducerIdsResponse]:
    """A block of producer ids for a broker. Raises BrokerIdNotRegistered, StaleBrokerEpoch."""
    check_epoch(state, request.broker_id, request.broker_epoch)
    first = state.next_producer_id
    change = ProducerIdsAllocated(
        broker_id=request.broker_id,
        broker_epoch=request.broker_epoch,
        next_producer_id=first + PRODUCER_IDS_PER_BLOCK,
    )
    return change, AllocateProducerIdsResponse(producer_id_start=first, producer_id_len=PRODUCER_IDS_PER_BLOCK)
