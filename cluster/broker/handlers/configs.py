"""Configs of topics, brokers and loggers: describing them, listing who has some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cluster.broker.configuration.loggers import logger_levels
from cluster.broker.configuration.resources import ResourceType, named_broker, valid_topic
from cluster.broker.configuration.view import (
    ConfigEntry,
    ConfigSource,
    broker_entries,
    cluster_default_entries,
    topic_entries,
)
from cluster.broker.services import RequestContext, Services
from cluster.protocol.errors import ErrorCode, InvalidRequest, KafkaError, UnknownTopicOrPartition
from cluster.protocol.messages.configs import (
    ConfigResource,
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)


async def describe_configs(
    request: DescribeConfigsRequest, context: RequestContext, services: Services
) -> DescribeConfigsResponse:
    """v1 synonyms (KIP-226); v3 type and documentation (KIP-569); v4 flexible. An empty broker name: all brokers."""
    return DescribeConfigsResponse(results=[_describe(resource, request, services) for resource in request.resources])


def _describe(
    resource: DescribeConfigsResource, request: DescribeConfigsRequest, services: Services
) -> DescribeConfigsResult:
    result = DescribeConfigsResult(resource_type=resource.resource_type, resource_name=resource.resource_name)
    try:
        entries = _entries(resource, services)
    except KafkaError as error:
        result.error_code, result.error_message = error.code, error.message
        return result
    keys = dict.fromkeys(resource.configuration_keys or ())
    result.configs = [
        _result(entry, synonyms=request.include_synonyms, documentation=request.include_documentation)
        for entry in entries
        if not keys or entry.name in keys
    ]
    return result


def _entries(resource: DescribeConfigsResource, services: Services) -> Iterable[ConfigEntry]:
    config = services.config
    name = resource.resource_name
    match resource.resource_type:
        case ResourceType.TOPIC:
            if valid_topic(name) not in services.cluster.state.topics:
                raise UnknownTopicOrPartition("")
            return topic_entries(config, services.cluster.state.topic_config(name))
        case ResourceType.BROKER if not name:
            return cluster_default_entries(config)
        case ResourceType.BROKER:
            if named_broker(name, "Broker id") != config.node_id:
                raise InvalidRequest(
                    f"Unexpected broker id, expected {config.node_id} or empty string, but received {name}"
                )
            return broker_entries(config)
        case ResourceType.BROKER_LOGGER:
            if not name:
                raise InvalidRequest("Broker id must not be empty")
            if named_broker(name, "Broker id") != config.node_id:
                raise InvalidRequest(f"Unexpected broker id, expected {config.node_id} but received {name}")
            return _logger_entries()
        case _:
            raise InvalidRequest(f"Unsupported resource type: {resource.resource_type}")


def _logger_entries() -> Iterator[ConfigEntry]:
    for name, level in logger_levels().items():
        yield ConfigEntry(name=name, value=level, synonyms=(), without_synonyms=ConfigSource.DYNAMIC_BROKER_LOGGER)


def _result(entry: ConfigEntry, *, synonyms: bool, documentation: bool) -> DescribeConfigsResourceResult:
    return DescribeConfigsResourceResult(
        name=entry.name,
        value=entry.value,
        read_only=entry.read_only,
        config_source=entry.source,
        is_sensitive=entry.sensitive,
        synonyms=[
            DescribeConfigsSynonym(name=synonym.name, value=synonym.value, source=synonym.source)
            for synonym in entry.synonyms
            if synonyms
        ],
        config_type=entry.type,
        documentation=entry.documentation if documentation else None,
    )


async def list_config_resources(
    request: ListConfigResourcesRequest, context: RequestContext, services: Services
) -> ListConfigResourcesResponse:
    """v0 client metrics only (KIP-714), of which there are none here; v1 any type (KIP-1142), none named: all."""
    allowed = [ResourceType.CLIENT_METRICS] if context.api_version == 0 else list(ResourceType)
    wanted = dict.fromkeys(request.resource_types or allowed)
    if any(resource_type not in allowed for resource_type in wanted):
        return ListConfigResourcesResponse(error_code=ErrorCode.UNSUPPORTED_VERSION)
    state = services.cluster.state
    names = {
        ResourceType.BROKER_LOGGER: [str(broker) for broker in state.brokers],
        ResourceType.BROKER: [str(broker) for broker in state.brokers],
        ResourceType.TOPIC: list(state.topics),
    }
    return ListConfigResourcesResponse(
        config_resources=[
            ConfigResource(resource_name=name, resource_type=resource_type)
            for resource_type, found in names.items()
            if resource_type in wanted
            for name in found
        ]
    )
