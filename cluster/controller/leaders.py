"""Decisions over leaders on demand (ElectLeaders) and on schedule (preferred leaders)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cluster.controller.changes import NO_LEADER, Change
from cluster.controller.elections import Election, next_partition
from cluster.controller.partitions import changed, every
from cluster.controller.policy import Policy, terms
from cluster.controller.state import ClusterState, PartitionState
from cluster.protocol.errors import ErrorCode, InvalidRequest
from cluster.protocol.messages.topics import (
    ElectLeadersRequest,
    ElectLeadersResponse,
    PartitionResult,
    ReplicaElectionResult,
)

PREFERRED, UNCLEAN = 0, 1
ELECTIONS = {PREFERRED: Election.PREFERRED, UNCLEAN: Election.UNCLEAN}


def elect(
    state: ClusterState, policy: Policy, request: ElectLeadersRequest
) -> tuple[list[Change], ElectLeadersResponse]:
    """Elect preferred leaders, or any replica where nobody leads.

    Null asks for all partitions that need it: every topic is answered for then, with none where all are led well.
    """
    if request.election_type not in ELECTIONS:
        raise InvalidRequest(f"Unknown election type {request.election_type}")
    if request.topic_partitions is None:
        wanted: Iterable[tuple[str, int]] = [(topic.name, index) for topic, index, _ in every(state)]
    else:
        wanted = [(t.topic, index) for t in request.topic_partitions for index in t.partitions]
    changes: list[Change] = []
    by_topic: dict[str, ReplicaElectionResult] = {}
    for name, index in dict.fromkeys(wanted):
        following, result = _elect(state, policy, name, index, ELECTIONS[request.election_type])
        if following is not None:
            changes.append(changed(state.topics[name].id, index, following))
        answered = by_topic.setdefault(name, ReplicaElectionResult(topic=name)).partition_result
        if request.topic_partitions is not None or result.error_code != ErrorCode.ELECTION_NOT_NEEDED:
            answered.append(result)
    return changes, ElectLeadersResponse(replica_election_results=list(by_topic.values()))


def _elect(
    state: ClusterState, policy: Policy, name: str, index: int, election: Election
) -> tuple[PartitionState | None, PartitionResult]:
    topic = state.topics.get(name)
    partition = topic.partitions.get(index) if topic is not None else None
    if partition is None:
        what = f"topic as {name}" if topic is None else f"partition as {name}-{index}"
        return None, _result(index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"No such {what}")
    preferred = election is Election.PREFERRED
    if partition.leader == partition.preferred_leader or (not preferred and partition.leader != NO_LEADER):
        return None, _result(index, ErrorCode.ELECTION_NOT_NEEDED, "The partition has the leader that is wanted.")
    following = next_partition(partition, replace(terms(state, policy, name), election=election))
    if following is not None:
        return following, _result(index, ErrorCode.NONE, None)
    if preferred:
        problem = ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE
        return None, _result(index, problem, "The preferred leader is not in sync.")
    return None, _result(index, ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, "No replica is there to lead.")


def _result(index: int, code: ErrorCode, message: str | None) -> PartitionResult:
    return PartitionResult(partition_id=index, error_code=code, error_message=message)


def rebalance(state: ClusterState, policy: Policy) -> list[Change]:
    """Give leadership back to preferred leaders that are in sync again."""
    changes: list[Change] = []
    for topic, index, partition in every(state):
        preferred = partition.preferred_leader
        if partition.leader != preferred and preferred in partition.isr and state.active(preferred):
            by = replace(terms(state, policy, topic.name), election=Election.PREFERRED)
            following = next_partition(partition, by)
            if following is not None:
                changes.append(changed(topic.id, index, following))
    return changes
