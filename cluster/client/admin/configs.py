"""Configurations of topics, brokers and groups: values with their sources, and changes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from cluster.client.admin.config_entries import ConfigChange, ConfigEntry, ConfigResource, ResourceType, entries
from cluster.client.admin.results import check, raise_if_moved, refusal
from cluster.client.connection import Connection
from cluster.client.routing import Router
from cluster.protocol.errors import KafkaError
from cluster.protocol.messages.configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResponse,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)
from cluster.protocol.messages.configs import (
    IncrementalAlterConfigsRequestAlterableConfig as AlterableConfig,
)
from cluster.protocol.messages.configs import (
    IncrementalAlterConfigsRequestAlterConfigsResource as AlterConfigsResource,
)

T = TypeVar("T")
Entries = tuple[ConfigEntry, ...]
Ask = Callable[[Connection, Sequence[ConfigResource]], Awaitable[dict[ConfigResource, T]]]
DOCUMENTED_SINCE = 3
"""The version of DescribeConfigs that can carry documentation (KIP-569)."""
TYPES_SINCE = 1
"""The version of ListConfigResources that lists more than client metrics (KIP-1142)."""


@dataclass(frozen=True, slots=True)
class ConfigAdmin:
    """Operations on configurations. What concerns one broker is asked of that broker, as in Kafka.

    Each raises ConnectionLost or KafkaError when the cluster, or the broker in question, cannot be asked at all.
    """

    router: Router

    async def describe(
        self, resources: Sequence[ConfigResource], names: Sequence[str] | None = None, documentation: bool = False
    ) -> dict[ConfigResource, Entries | KafkaError]:
        """All (or the named) configurations of each resource, by name."""

        async def ask(
            connection: Connection, part: Sequence[ConfigResource]
        ) -> dict[ConfigResource, Entries | KafkaError]:
            version = (await connection.versions()).common(DescribeConfigsRequest)
            request = DescribeConfigsRequest(
                resources=[_described(resource, names) for resource in part],
                include_synonyms=True,
                include_documentation=documentation and version >= DOCUMENTED_SINCE,
            )
            response: DescribeConfigsResponse = await connection.send(request, version)
            return {_resource(told.resource_type, told.resource_name): entries(told) for told in response.results}

        return await self._where_it_belongs(resources, ask)

    async def alter(
        self, changes: Mapping[ConfigResource, Sequence[ConfigChange]], validate_only: bool = False
    ) -> dict[ConfigResource, KafkaError | None]:
        """Change single configurations; None for each resource whose changes were all made."""

        async def ask(
            connection: Connection, part: Sequence[ConfigResource]
        ) -> dict[ConfigResource, KafkaError | None]:
            altered = [_altered(resource, changes[resource]) for resource in part]
            request = IncrementalAlterConfigsRequest(resources=altered, validate_only=validate_only)
            response: IncrementalAlterConfigsResponse = await connection.send(request)
            return raise_if_moved(
                {
                    _resource(told.resource_type, told.resource_name): refusal(told.error_code, told.error_message)
                    for told in response.responses
                }
            )

        return await self._where_it_belongs(list(changes), ask)

    async def resources(self, types: Sequence[ResourceType] = ()) -> tuple[ConfigResource, ...]:
        """Resources that can have configurations, of these types or of all that the broker lists."""

        async def ask() -> tuple[ConfigResource, ...]:
            connection = await self.router.any_broker()
            version = (await connection.versions()).common(ListConfigResourcesRequest)
            asked = [int(type_) for type_ in types] if version >= TYPES_SINCE else []
            response: ListConfigResourcesResponse = await connection.send(
                ListConfigResourcesRequest(resource_types=asked), version
            )
            check(response.error_code)
            return tuple(
                sorted(_resource(told.resource_type, told.resource_name) for told in response.config_resources)
            )

        return await self.router.retrying(ask)

    async def _where_it_belongs(self, resources: Sequence[ConfigResource], ask: Ask[T]) -> dict[ConfigResource, T]:
        parts: dict[int | None, list[ConfigResource]] = {}
        for resource in resources:
            parts.setdefault(_broker_of(resource), []).append(resource)
        answers: dict[ConfigResource, T] = {}
        for broker_id, part in parts.items():
            answers |= await self.router.retrying(partial(self._ask_at, broker_id, part, ask))
        return answers

    async def _ask_at(
        self, broker_id: int | None, part: Sequence[ConfigResource], ask: Ask[T]
    ) -> dict[ConfigResource, T]:
        at_any = self.router.controller() if broker_id is None else self.router.broker(broker_id)
        return await ask(await at_any, part)


def _broker_of(resource: ConfigResource) -> int | None:
    """The one broker that knows this resource; None when every broker does."""
    of_broker = resource.type in (ResourceType.BROKER, ResourceType.BROKER_LOGGER)
    return int(resource.name) if of_broker and resource.name else None


def _resource(resource_type: int, name: str) -> ConfigResource:
    return ConfigResource(ResourceType(resource_type), name)


def _described(resource: ConfigResource, names: Sequence[str] | None) -> DescribeConfigsResource:
    keys = None if names is None else list(names)
    return DescribeConfigsResource(resource_type=resource.type, resource_name=resource.name, configuration_keys=keys)


def _altered(resource: ConfigResource, changes: Sequence[ConfigChange]) -> AlterConfigsResource:
    configs = [
        AlterableConfig(name=change.name, config_operation=change.change, value=change.value) for change in changes
    ]
    return AlterConfigsResource(resource_type=resource.type, resource_name=resource.name, configs=configs)
