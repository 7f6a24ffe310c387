"""Decisions over topics: creation, deletion, more partitions."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from cluster.controller.changes import Change, ConfigChanged, PartitionPlaced, TopicCreated, TopicDeleted
from cluster.controller.placement import active_replicas, check_assignment, check_collision, place, valid_topic_name
from cluster.controller.policy import Policy
from cluster.controller.state import TOPIC, ClusterState
from cluster.protocol.errors import (
    ErrorCode,
    InvalidPartitions,
    InvalidReplicaAssignment,
    InvalidReplicationFactor,
    InvalidRequest,
    InvalidTopicException,
    KafkaError,
    TopicAlreadyExists,
    UnknownTopicOrPartition,
)
from cluster.protocol.messages.topics import (
    CreatableTopic,
    CreatableTopicResult,
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
    CreatePartitionsTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from cluster.protocol.primitives import Uuid, random_uuid

DEFAULT = -1


def create(
    state: ClusterState, policy: Policy, request: CreateTopicsRequest, rng: random.Random
) -> tuple[list[Change], CreateTopicsResponse]:
    """The changes that make the topics, each on its own: one that cannot be does not hold up the others."""
    changes: list[Change] = []
    response = CreateTopicsResponse()
    for topic in request.topics:
        try:
            made, result = _create(state, policy, topic, rng)
            state = state.with_changes(made)
            changes += made
        except KafkaError as error:
            result = CreatableTopicResult(name=topic.name, error_code=error.code, error_message=error.message)
        response.topics.append(result)
    return changes, response


def _create(
    state: ClusterState, policy: Policy, topic: CreatableTopic, rng: random.Random
) -> tuple[list[Change], CreatableTopicResult]:
    """The changes that make one topic. Raises what is wrong with the wish."""
    if not valid_topic_name(topic.name):
        raise InvalidTopicException(f"the topic name '{topic.name}' is not valid")
    if topic.name in state.topics:
        raise TopicAlreadyExists(f"Topic '{topic.name}' already exists.")
    check_collision(state, topic.name)
    placed = _assigned(state, topic) if topic.assignments else _placed(state, policy, topic, rng)
    topic_id = random_uuid(rng)
    changes: list[Change] = [TopicCreated(name=topic.name, topic_id=topic_id)]
    changes += [
        ConfigChanged(resource_type=TOPIC, resource_name=topic.name, name=entry.name, value=entry.value)
        for entry in topic.configs
    ]
    for index, replicas in enumerate(placed):
        changes.append(_partition(state, topic_id, index, replicas, manual=bool(topic.assignments)))
    result = CreatableTopicResult(
        name=topic.name,
        topic_id=topic_id,
        error_message=None,
        num_partitions=len(placed),
        replication_factor=len(placed[0]),
    )
    return changes, result


def _assigned(state: ClusterState, topic: CreatableTopic) -> list[tuple[int, ...]]:
    if topic.replication_factor != DEFAULT:
        raise InvalidRequest("A manual partition assignment was specified, but replication factor was not set to -1.")
    if topic.num_partitions != DEFAULT:
        raise InvalidRequest("A manual partition assignment was specified, but numPartitions was not set to -1.")
    placed: dict[int, tuple[int, ...]] = {}
    replication_factor = None
    for assignment in topic.assignments:
        if assignment.partition_index in placed:
            raise InvalidReplicaAssignment(
                f"Found multiple manual partition assignments for partition {assignment.partition_index}"
            )
        check_assignment(state, assignment.broker_ids, replication_factor)
        replication_factor = len(assignment.broker_ids)
        placed[assignment.partition_index] = tuple(assignment.broker_ids)
    if sorted(placed) != list(range(len(placed))):
        raise InvalidReplicaAssignment("partitions should be a consecutive 0-based integer sequence")
    return [placed[index] for index in range(len(placed))]


def _placed(state: ClusterState, policy: Policy, topic: CreatableTopic, rng: random.Random) -> list[tuple[int, ...]]:
    if topic.replication_factor < DEFAULT or topic.replication_factor == 0:
        raise InvalidReplicationFactor("Replication factor must be larger than 0, or -1 to use the default value.")
    if topic.num_partitions < DEFAULT or topic.num_partitions == 0:
        raise InvalidPartitions("Number of partitions was set to an invalid non-positive value.")
    partitions = policy.num_partitions if topic.num_partitions == DEFAULT else topic.num_partitions
    factor = policy.replication_factor if topic.replication_factor == DEFAULT else topic.replication_factor
    return place(state, partitions, factor, rng)


def _partition(
    state: ClusterState, topic_id: Uuid, index: int, replicas: tuple[int, ...], *, manual: bool
) -> PartitionPlaced:
    isr = active_replicas(state, replicas)
    if not isr and manual:
        raise InvalidReplicaAssignment(
            f"All brokers specified in the manual partition assignment for partition {index} are fenced or in "
            "controlled shutdown."
        )
    if not isr:
        raise InvalidReplicationFactor(
            f"Unable to replicate the partition {len(replicas)} time(s): All brokers are currently fenced or in "
            "controlled shutdown."
        )
    return PartitionPlaced(topic_id=topic_id, index=index, replicas=replicas, isr=isr, leader=isr[0])


def delete(state: ClusterState, topic_ids: Iterable[Uuid]) -> tuple[list[Change], dict[Uuid, ErrorCode]]:
    """The changes that delete the topics, each on its own."""
    outcome = {
        topic_id: ErrorCode.NONE if topic_id in state.names else ErrorCode.UNKNOWN_TOPIC_ID for topic_id in topic_ids
    }
    return [TopicDeleted(topic_id=t) for t, code in outcome.items() if code == ErrorCode.NONE], outcome


def grow(
    state: ClusterState, request: CreatePartitionsRequest, rng: random.Random
) -> tuple[list[Change], CreatePartitionsResponse]:
    """The changes that give topics more partitions, each topic on its own."""
    changes: list[Change] = []
    response = CreatePartitionsResponse()
    for wish in request.topics:
        result = CreatePartitionsTopicResult(name=wish.name)
        try:
            changes += _grow(state, wish, rng)
        except KafkaError as error:
            result.error_code, result.error_message = error.code, error.message
        response.results.append(result)
    return changes, response


def _grow(state: ClusterState, wish: CreatePartitionsTopic, rng: random.Random) -> list[Change]:
    """Raises what is wrong with the wish."""
    topic = state.topics.get(wish.name)
    if topic is None:
        raise UnknownTopicOrPartition
    present = len(topic.partitions)
    if wish.count == present:
        raise InvalidPartitions(f"Topic already has {present} partition(s).")
    if wish.count < present:
        raise InvalidPartitions(
            f"The topic {wish.name} currently has {present} partition(s); {wish.count} would not be an increase."
        )
    factor = len(topic.partitions[0].replicas)
    placed = _added(state, wish, wish.count - present, factor, rng)
    manual = wish.assignments is not None
    return [
        _partition(state, topic.id, index, replicas, manual=manual) for index, replicas in enumerate(placed, present)
    ]


def _added(
    state: ClusterState, wish: CreatePartitionsTopic, count: int, factor: int, rng: random.Random
) -> Sequence[tuple[int, ...]]:
    if wish.assignments is None:
        return place(state, count, factor, rng)
    if len(wish.assignments) != count:
        raise InvalidReplicaAssignment(
            f"Attempted to add {count} additional partition(s), but only {len(wish.assignments)} assignment(s) were "
            "specified."
        )
    for assignment in wish.assignments:
        check_assignment(state, assignment.broker_ids, factor)
    return [tuple(assignment.broker_ids) for assignment in wish.assignments]
