"""Altering configs: a broker checks what is its own, the controller checks and writes the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from cluster.broker.config import BrokerConfig
from cluster.broker.configuration.alterations import Alteration, Operation, altered, check_alterations
from cluster.broker.configuration.loggers import check_logger_level, set_logger_level
from cluster.broker.configuration.resources import ResourceType, named_broker, valid_topic
from cluster.broker.configuration.table import BROKER_CONFIGS
from cluster.broker.control.forwarding import active_controller, forward
from cluster.broker.services import RequestContext, Services
from cluster.controller.state import ClusterState, ConfigKey
from cluster.log.config import TOPIC_CONFIGS, validate_topic_configs
from cluster.protocol.errors import (
    BrokerIdNotRegistered,
    ErrorCode,
    InvalidConfig,
    InvalidRequest,
    KafkaError,
    UnknownServerError,
    UnknownTopicOrPartition,
    error_for,
)
from cluster.protocol.messages.configs import (
    AlterConfigsRequest,
    AlterConfigsRequestAlterConfigsResource,
    AlterConfigsResponse,
    AlterConfigsResponseAlterConfigsResourceResponse,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsRequestAlterConfigsResource,
    IncrementalAlterConfigsResponse,
    IncrementalAlterConfigsResponseAlterConfigsResourceResponse,
)

MIN_ISR = "min.insync.replicas"
ALL_BROKERS = ""

Resource: TypeAlias = AlterConfigsRequestAlterConfigsResource | IncrementalAlterConfigsRequestAlterConfigsResource
Response = TypeVar("Response")
Answers: TypeAlias = dict[ConfigKey, KafkaError | None]
"""What became of each resource; None: done."""


@dataclass(slots=True, kw_only=True)
class Wish:
    """One resource of a request. `replacing`: all that is not named returns to its default (the older API)."""

    resource_type: int
    name: str
    replacing: bool
    alterations: list[Alteration] = field(default_factory=list)

    @property
    def key(self) -> ConfigKey:
        """How the metadata log names the resource."""
        return self.resource_type, self.name

    def outcome(self, current: Mapping[str, str]) -> dict[str, str]:
        """All that is configured for the resource afterwards. Raises InvalidConfig."""
        definitions = BROKER_CONFIGS if self.resource_type == ResourceType.BROKER else TOPIC_CONFIGS
        return altered({} if self.replacing else current, self.alterations, definitions)


def _wishes(resources: Sequence[Resource]) -> list[Wish]:
    wishes = []
    for resource in resources:
        replacing = isinstance(resource, AlterConfigsRequestAlterConfigsResource)
        wish = Wish(resource_type=resource.resource_type, name=resource.resource_name, replacing=replacing)
        for config in resource.configs:
            operation = getattr(config, "config_operation", Operation.SET)
            wish.alterations.append(Alteration(config.name, operation, config.value))
        wishes.append(wish)
    return wishes


# -- the broker that a client asks


async def incremental_alter_configs(
    request: IncrementalAlterConfigsRequest, context: RequestContext, services: Services
) -> IncrementalAlterConfigsResponse:
    """Set, delete, append, subtract (KIP-339); loggers of this broker too (KIP-412). v1 flexible."""
    answers = _own_part(_wishes(request.resources), services, validate_only=request.validate_only)
    rest = [r for r in request.resources if (r.resource_type, r.resource_name) not in answers]
    if rest:
        remaining = IncrementalAlterConfigsRequest(resources=rest, validate_only=request.validate_only)
        answers |= await _forwarded(remaining, context, services)
    return IncrementalAlterConfigsResponse(
        responses=_responses(request.resources, answers, IncrementalAlterConfigsResponseAlterConfigsResourceResponse)
    )


async def alter_configs(
    request: AlterConfigsRequest, context: RequestContext, services: Services
) -> AlterConfigsResponse:
    """Replace the whole configuration of a resource: deprecated by Kafka, still sent by older clients. v2 flexible."""
    answers = _own_part(_wishes(request.resources), services, validate_only=request.validate_only)
    rest = [r for r in request.resources if (r.resource_type, r.resource_name) not in answers]
    if rest:
        remaining = AlterConfigsRequest(resources=rest, validate_only=request.validate_only)
        answers |= await _forwarded(remaining, context, services)
    return AlterConfigsResponse(
        responses=_responses(request.resources, answers, AlterConfigsResponseAlterConfigsResourceResponse)
    )


def _own_part(wishes: Sequence[Wish], services: Services, *, validate_only: bool) -> Answers:
    """What this broker can say by itself: refusals, and changes of its loggers."""
    answers: Answers = {}
    seen: dict[ConfigKey, None] = {}
    for wish in wishes:
        if wish.key in seen:
            answers[wish.key] = InvalidRequest("Each resource must appear at most once.")
        seen[wish.key] = None
    for wish in wishes:
        if wish.key not in answers:
            try:
                check_alterations(wish.alterations)
                if _done_here(wish, services, validate_only=validate_only):
                    answers[wish.key] = None
            except KafkaError as error:
                answers[wish.key] = error
    return answers


def _done_here(wish: Wish, services: Services, *, validate_only: bool) -> bool:
    """Check a resource as far as only this broker can. True when nothing is left for the controller."""
    match wish.resource_type:
        case ResourceType.TOPIC:
            return False
        case ResourceType.BROKER:
            _check_broker(wish, services)
            return False
        case ResourceType.BROKER_LOGGER if not wish.replacing:
            _alter_loggers(wish, services.config, validate_only=validate_only)
            return True
        case _:
            raise InvalidRequest(f"Unknown resource type {wish.resource_type}")


def _check_broker(wish: Wish, services: Services) -> None:
    config = services.config
    one_broker = wish.name != ALL_BROKERS
    if one_broker and named_broker(wish.name, "Node id") != config.node_id:
        raise InvalidRequest(f"Unexpected broker id, expected {config.node_id}, but received {wish.name}")
    current = config.dynamic if one_broker else config.dynamic_default
    config.check_update(wish.outcome(current), one_broker=one_broker)


def _alter_loggers(wish: Wish, config: BrokerConfig, *, validate_only: bool) -> None:
    if named_broker(wish.name, "Node id") != config.node_id:
        raise InvalidRequest(f"Unexpected node id. Expected {config.node_id}, but received {wish.name}")
    levels = {}
    for alteration in wish.alterations:
        operation = Operation(alteration.operation)
        if operation not in (Operation.SET, Operation.DELETE):
            raise InvalidRequest(f"{operation.name} operation is not allowed for the BROKER_LOGGER resource")
        levels[alteration.name] = alteration.value if operation is Operation.SET else None
        check_logger_level(alteration.name, levels[alteration.name])
    if not validate_only:
        for name, level in levels.items():
            set_logger_level(name, level)


async def _forwarded(
    request: AlterConfigsRequest | IncrementalAlterConfigsRequest, context: RequestContext, services: Services
) -> Answers:
    keys: list[ConfigKey] = [(r.resource_type, r.resource_name) for r in request.resources]
    try:
        response = await forward(request, context, services, lambda r: [x.error_code for x in r.responses])
    except KafkaError as error:
        return dict.fromkeys(keys, error)
    answers: Answers = dict.fromkeys(keys, UnknownServerError("the controller did not answer for this resource"))
    for answer in response.responses:
        done = answer.error_code == ErrorCode.NONE
        refusal = None if done else error_for(answer.error_code, answer.error_message)
        answers[answer.resource_type, answer.resource_name] = refusal
    return answers


def _responses(resources: Sequence[Resource], answers: Answers, kind: Callable[..., Response]) -> list[Response]:
    responses: list[Response] = []
    for resource in resources:
        error = answers[resource.resource_type, resource.resource_name]
        responses.append(
            kind(
                error_code=ErrorCode.NONE if error is None else error.code,
                error_message=None if error is None else error.message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
        )
    return responses


# -- the controller


async def incremental_alter_configs_on_controller(
    request: IncrementalAlterConfigsRequest, context: RequestContext, services: Services
) -> IncrementalAlterConfigsResponse:
    """Decide and write what brokers sent on."""
    answers = await _decide_and_write(_wishes(request.resources), services, validate_only=request.validate_only)
    return IncrementalAlterConfigsResponse(
        responses=_responses(request.resources, answers, IncrementalAlterConfigsResponseAlterConfigsResourceResponse)
    )


async def alter_configs_on_controller(
    request: AlterConfigsRequest, context: RequestContext, services: Services
) -> AlterConfigsResponse:
    """Decide and write what brokers sent on."""
    answers = await _decide_and_write(_wishes(request.resources), services, validate_only=request.validate_only)
    return AlterConfigsResponse(
        responses=_responses(request.resources, answers, AlterConfigsResponseAlterConfigsResourceResponse)
    )


async def _decide_and_write(wishes: Sequence[Wish], services: Services, *, validate_only: bool) -> Answers:
    """All accepted resources are written together; the refused ones change nothing."""
    answers: Answers = {}
    changes: dict[ConfigKey, dict[str, str | None]] = {}
    try:
        controller = active_controller(services)
        for wish in wishes:
            try:
                changes[wish.key] = _changes(wish, controller.state, services.config)
                answers[wish.key] = None
            except KafkaError as error:
                answers[wish.key] = error
        if changes and not validate_only:
            await controller.alter_configs(changes)
    except KafkaError as error:
        return {wish.key: answers.get(wish.key) or error for wish in wishes}
    return answers


def _changes(wish: Wish, state: ClusterState, config: BrokerConfig) -> dict[str, str | None]:
    """What this wish changes, None for what returns to its default. Raises what is wrong with it."""
    current = state.configs.get(wish.key, {})
    check_alterations(wish.alterations)
    outcome = wish.outcome(current)
    changes: dict[str, str | None] = {name: text for name, text in outcome.items() if current.get(name) != text}
    changes |= {name: None for name in current if name not in outcome}
    match wish.resource_type:
        case ResourceType.TOPIC:
            _check_topic(wish.name, outcome, state, config)
        case ResourceType.BROKER:
            _check_min_isr(wish.name, changes)
            if wish.name != ALL_BROKERS and named_broker(wish.name, "Node id") not in state.brokers:
                raise BrokerIdNotRegistered(f"No node with id {wish.name} found.")
        case _:
            raise InvalidRequest(f"Unknown resource type {wish.resource_type}")
    return changes


def _check_topic(name: str, texts: Mapping[str, str], state: ClusterState, config: BrokerConfig) -> None:
    if not name:
        raise InvalidRequest("Default topic resources are not allowed.")
    valid_topic(name)
    validate_topic_configs(texts, config.topic_defaults)
    if name not in state.topics:
        raise UnknownTopicOrPartition(f"The topic '{name}' does not exist.")


def _check_min_isr(broker: str, changes: Mapping[str, str | None]) -> None:
    """With ELR the brokers must agree on it, always (KIP-966)."""
    if MIN_ISR not in changes:
        return
    if broker != ALL_BROKERS:
        raise InvalidConfig(f"Broker-level {MIN_ISR} cannot be altered while ELR is enabled.")
    if changes[MIN_ISR] is None:
        raise InvalidConfig(f"Cluster-level {MIN_ISR} cannot be removed while ELR is enabled.")
