"""Topics: creating and deleting them, adding partitions, electing leaders. The controller decides; brokers forward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

from cluster.broker.config import BrokerConfig
from cluster.broker.configuration.resources import valid_topic
from cluster.broker.configuration.view import topic_entries
from cluster.broker.control.forwarding import active_controller, forward
from cluster.broker.services import RequestContext, Services
from cluster.controller.state import ClusterState, TopicState
from cluster.log.config import validate_topic_configs
from cluster.protocol.errors import (
    ErrorCode,
    InvalidConfig,
    InvalidRequest,
    KafkaError,
    PolicyViolation,
    TopicDeletionDisabled,
    UnknownTopicId,
    UnknownTopicOrPartition,
    error_for,
)
from cluster.protocol.messages.topics import (
    CreatableTopic,
    CreatableTopicConfigs,
    CreatableTopicResult,
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
    DeletableTopicResult,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    DeleteTopicState,
    ElectLeadersRequest,
    ElectLeadersResponse,
    PartitionResult,
    ReplicaElectionResult,
)
from cluster.protocol.primitives import ZERO_UUID, Uuid

MAX_PARTITIONS_PER_REQUEST = 10_000
METADATA_TOPIC = "__cluster_metadata"
PREFERRED, UNCLEAN = 0, 1

Name = TypeVar("Name", bound=Hashable)


def _repeated(names: Iterable[Name]) -> list[Name]:
    """The names that occur more than once."""
    return [name for name, times in Counter(names).items() if times > 1]


# -- CreateTopics


async def create_topics(
    request: CreateTopicsRequest, context: RequestContext, services: Services
) -> CreateTopicsResponse:
    """v4 defaults by -1 (KIP-464); v5 answers with the configuration (KIP-525); v7 topic ids."""
    try:
        response: CreateTopicsResponse = await forward(
            request, context, services, lambda r: [topic.error_code for topic in r.topics]
        )
    except KafkaError as error:
        return _not_created(request, error)
    return response


def _not_created(request: CreateTopicsRequest, error: KafkaError) -> CreateTopicsResponse:
    return CreateTopicsResponse(topics=[_refused_topic(topic.name, error) for topic in request.topics])


def _refused_topic(name: str, error: KafkaError) -> CreatableTopicResult:
    return CreatableTopicResult(name=name, error_code=error.code, error_message=error.message)


async def create_topics_on_controller(
    request: CreateTopicsRequest, context: RequestContext, services: Services
) -> CreateTopicsResponse:
    """Check names and configurations, have the controller place and write the rest, tell what then holds."""
    try:
        controller = active_controller(services)
        _check_size(request, services.config)
        results = _refused_topics(request, controller.state, services.config)
        accepted = [topic for topic in request.topics if topic.name not in results]
        if accepted:
            remaining = CreateTopicsRequest(
                topics=accepted, timeout_ms=request.timeout_ms, validate_only=request.validate_only
            )
            made = await controller.create_topics(remaining)
            results |= {result.name: result for result in made.topics}
    except KafkaError as error:
        return _not_created(request, error)
    for topic in accepted:
        result = results[topic.name]
        if result.error_code == ErrorCode.NONE:
            result.error_message, result.configs = None, _configs(topic, services.config)
    return CreateTopicsResponse(topics=[results[name] for name in dict.fromkeys(t.name for t in request.topics)])


def _check_size(request: CreateTopicsRequest, config: BrokerConfig) -> None:
    partitions = 0
    for topic in request.topics:
        default = config.num_partitions if topic.num_partitions == -1 else max(0, topic.num_partitions)
        partitions += len(topic.assignments) or default
    if partitions > MAX_PARTITIONS_PER_REQUEST:
        raise PolicyViolation("Excessively large number of partitions per request.")


def _refused_topics(
    request: CreateTopicsRequest, state: ClusterState, config: BrokerConfig
) -> dict[str, CreatableTopicResult]:
    """Those that need not be tried, by name."""
    results = {}
    for name in _repeated(topic.name for topic in request.topics):
        results[name] = _refused_topic(name, InvalidRequest("Duplicate topic name."))
    for topic in request.topics:
        if topic.name not in results:
            try:
                _check_topic(topic, state, config)
            except KafkaError as error:
                results[topic.name] = _refused_topic(topic.name, error)
    return results


def _check_topic(topic: CreatableTopic, state: ClusterState, config: BrokerConfig) -> None:
    if topic.name == METADATA_TOPIC:
        raise InvalidRequest(f"Creation of internal topic {METADATA_TOPIC} is prohibited.")
    valid_topic(topic.name)
    if topic.name in state.topics:
        return
    nulls = [entry.name for entry in topic.configs if entry.value is None]
    if nulls:
        raise InvalidConfig(f"Null value not supported for topic configs: {','.join(nulls)}")
    validate_topic_configs(_texts(topic), config.topic_defaults)


def _texts(topic: CreatableTopic) -> dict[str, str]:
    return {entry.name: entry.value for entry in topic.configs if entry.value is not None}


def _configs(topic: CreatableTopic, config: BrokerConfig) -> list[CreatableTopicConfigs]:
    given = _texts(topic)
    return [
        CreatableTopicConfigs(
            name=entry.name,
            value=given.get(entry.name, entry.value),
            read_only=entry.read_only,
            config_source=entry.source,
            is_sensitive=entry.sensitive,
        )
        for entry in topic_entries(config, given)
    ]


# -- DeleteTopics


async def delete_topics(
    request: DeleteTopicsRequest, context: RequestContext, services: Services
) -> DeleteTopicsResponse:
    """v5 error messages (KIP-599); v6 by name or by id (KIP-516)."""
    try:
        response: DeleteTopicsResponse = await forward(
            request, context, services, lambda r: [topic.error_code for topic in r.responses]
        )
    except KafkaError as error:
        return _not_deleted(request, context, error)
    return response


def _wanted(request: DeleteTopicsRequest, version: int) -> list[DeleteTopicState]:
    return request.topics if version >= 6 else [DeleteTopicState(name=name) for name in request.topic_names]


def _not_deleted(request: DeleteTopicsRequest, context: RequestContext, error: KafkaError) -> DeleteTopicsResponse:
    wanted = _wanted(request, context.api_version)
    return DeleteTopicsResponse(responses=[_refused_deletion(t.name, t.topic_id, error) for t in wanted])


def _refused_deletion(name: str | None, topic_id: Uuid, error: KafkaError) -> DeletableTopicResult:
    return DeletableTopicResult(name=name, topic_id=topic_id, error_code=error.code, error_message=error.message)


async def delete_topics_on_controller(
    request: DeleteTopicsRequest, context: RequestContext, services: Services
) -> DeleteTopicsResponse:
    """Find the topics that are meant, have the controller delete them."""
    try:
        controller = active_controller(services)
        _check_deletion(services.config, context.api_version)
        refused, meant = _meant(_wanted(request, context.api_version), controller.state)
        outcome = await controller.delete_topics(meant) if meant else {}
    except KafkaError as error:
        return _not_deleted(request, context, error)
    deleted = [
        _refused_deletion(meant[topic_id], topic_id, error_for(code, "This server does not host this topic ID."))
        if code
        else DeletableTopicResult(name=meant[topic_id], topic_id=topic_id)
        for topic_id, code in outcome.items()
    ]
    return DeleteTopicsResponse(responses=[*refused, *deleted])


def _check_deletion(config: BrokerConfig, version: int) -> None:
    if not config.delete_topic_enable:
        if version < 3:
            raise InvalidRequest("This version does not support topic deletion.")
        raise TopicDeletionDisabled("Topic deletion is disabled.")


def _meant(
    wanted: Sequence[DeleteTopicState], state: ClusterState
) -> tuple[list[DeletableTopicResult], dict[Uuid, str]]:
    """Refusals, and the topics to delete: id -> name."""
    refused: list[DeletableTopicResult] = []
    meant: dict[Uuid, str] = {}
    by_id_first = sorted(((topic.name, topic.topic_id) for topic in wanted), key=lambda pair: pair[0] is not None)
    twice = _repeated(by_id_first)
    for name, topic_id in dict.fromkeys(by_id_first):
        try:
            topic = _find(name, topic_id, state, repeated=(name, topic_id) in twice)
            if topic.id not in meant:
                meant[topic.id] = topic.name
                continue
            # As with Kafka, who names a topic by id and by name gets neither.
            del meant[topic.id]
            topic_id = topic.id
            raise InvalidRequest("The provided topic name maps to an ID that was already supplied.")
        except KafkaError as error:
            refused.append(_refused_deletion(name, topic_id, error))
    return refused, meant


def _find(name: str | None, topic_id: Uuid, state: ClusterState, *, repeated: bool) -> TopicState:
    if name is None and topic_id == ZERO_UUID:
        raise InvalidRequest("Neither topic name nor id were specified.")
    if name is not None and topic_id != ZERO_UUID:
        raise InvalidRequest("You may not specify both topic name and topic id.")
    if repeated:
        raise InvalidRequest(f"Duplicate topic {'id' if name is None else 'name'}.")
    topic = state.topic_by_id(topic_id) if name is None else state.topics.get(name)
    if topic is None and name is None:
        raise UnknownTopicId("This server does not host this topic ID.")
    if topic is None:
        raise UnknownTopicOrPartition("This server does not host this topic-partition.")
    return topic


# -- CreatePartitions


async def create_partitions(
    request: CreatePartitionsRequest, context: RequestContext, services: Services
) -> CreatePartitionsResponse:
    """v2 flexible (KIP-195 brought the API)."""
    try:
        response: CreatePartitionsResponse = await forward(
            request, context, services, lambda r: [result.error_code for result in r.results]
        )
    except KafkaError as error:
        return _not_added(request, error)
    return response


def _not_added(request: CreatePartitionsRequest, error: KafkaError) -> CreatePartitionsResponse:
    return CreatePartitionsResponse(results=[_refused_addition(topic.name, error) for topic in request.topics])


def _refused_addition(name: str, error: KafkaError) -> CreatePartitionsTopicResult:
    return CreatePartitionsTopicResult(name=name, error_code=error.code, error_message=error.message)


async def create_partitions_on_controller(
    request: CreatePartitionsRequest, context: RequestContext, services: Services
) -> CreatePartitionsResponse:
    """Have the controller place the new partitions of every topic that is named once."""
    twice = _repeated(topic.name for topic in request.topics)
    refused = [_refused_addition(name, InvalidRequest("Duplicate topic name.")) for name in twice]
    remaining = CreatePartitionsRequest(
        topics=[topic for topic in request.topics if topic.name not in twice],
        timeout_ms=request.timeout_ms,
        validate_only=request.validate_only,
    )
    try:
        controller = active_controller(services)
        _check_growth(remaining, controller.state)
        added = await controller.create_partitions(remaining)
    except KafkaError as error:
        return _not_added(request, error)
    return CreatePartitionsResponse(results=[*refused, *added.results])


def _check_growth(request: CreatePartitionsRequest, state: ClusterState) -> None:
    known = [(topic.count, state.topics[topic.name]) for topic in request.topics if topic.name in state.topics]
    if sum(max(0, count - len(topic.partitions)) for count, topic in known) > MAX_PARTITIONS_PER_REQUEST:
        raise PolicyViolation("Excessively large number of partitions per request.")


# -- ElectLeaders


async def elect_leaders(
    request: ElectLeadersRequest, context: RequestContext, services: Services
) -> ElectLeadersResponse:
    """v1 unclean elections (KIP-460). Null topics: all partitions."""
    try:
        response: ElectLeadersResponse = await forward(request, context, services, lambda r: [r.error_code])
    except KafkaError as error:
        return _not_elected(request, error)
    return response


def _not_elected(request: ElectLeadersRequest, error: KafkaError) -> ElectLeadersResponse:
    """The error, at the top (v1) and with every partition (v0 has no top)."""
    results = [
        ReplicaElectionResult(
            topic=topic.topic,
            partition_result=[
                PartitionResult(partition_id=index, error_code=error.code, error_message=error.message)
                for index in topic.partitions
            ],
        )
        for topic in request.topic_partitions or ()
    ]
    return ElectLeadersResponse(error_code=error.code, replica_election_results=results)


async def elect_leaders_on_controller(
    request: ElectLeadersRequest, context: RequestContext, services: Services
) -> ElectLeadersResponse:
    """Have the controller hold the elections."""
    try:
        if request.election_type not in (PREFERRED, UNCLEAN):
            raise InvalidRequest(f"Unknown election type {request.election_type}")
        response = await active_controller(services).elect_leaders(request)
    except KafkaError as error:
        return _not_elected(request, error)
    for topic in response.replica_election_results:
        for result in topic.partition_result:
            result.error_message = result.error_message or None
    return response
