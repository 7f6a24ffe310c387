"""Which broker to ask: topology, leaders and coordinators of a cluster, looked up on demand, forgotten on error."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from cluster.client.addresses import Endpoint, TopicPartition
from cluster.client.connection import Connection, ConnectionLost, Patience
from cluster.client.pool import Pool
from cluster.client.retrying import RetryPolicy, retrying
from cluster.protocol.errors import (
    BrokerNotAvailable,
    ErrorCode,
    KafkaError,
    LeaderNotAvailable,
    UnknownTopicOrPartition,
    error_for,
)
from cluster.protocol.messages.coordination import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse
from cluster.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse

T = TypeVar("T")
Owner = Endpoint | KafkaError
GROUP_KEY_TYPE = 0
BATCHED_COORDINATORS = 4
"""The version of FindCoordinator from which several keys go into one request (KIP-699)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The brokers of a cluster as one of them told it. `controller_id` is -1 while there is none."""

    cluster_id: str | None
    controller_id: int
    brokers: Mapping[int, Endpoint]


class Router:
    """The way to the brokers of one cluster. Belongs to one loop; survives brokers that die, move and return."""

    def __init__(
        self,
        bootstrap: Sequence[Endpoint],
        rng: random.Random,
        client_id: str = "odradek",
        patience: Patience | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._bootstrap = tuple(bootstrap)
        self._random = rng
        self._retry = retry or RetryPolicy()
        self._pool = Pool(client_id, patience or Patience())
        self._topology: Topology | None = None
        self._refreshing = asyncio.Lock()
        self._leaders: dict[TopicPartition, int] = {}
        self._coordinators: dict[str, Endpoint] = {}

    async def close(self) -> None:
        await self._pool.close()

    def forget(self) -> None:
        """Drop what is known of leaders, coordinators and topology; connections stay."""
        self._topology = None
        self._leaders.clear()
        self._coordinators.clear()

    async def retrying(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Run an operation again, with fresh routes, while its errors may pass. Raises the last one."""
        return await retrying(operation, self._retry, self._random, self.forget)

    # -- one broker

    async def any_broker(self) -> Connection:
        """Some broker that answers, preferably one that is connected. Raises ConnectionLost, KafkaError."""
        known = () if self._topology is None else self._topology.brokers.values()
        candidates = list(dict.fromkeys((*known, *self._bootstrap)))
        self._random.shuffle(candidates)
        failure: ConnectionLost | KafkaError = ConnectionLost("no bootstrap server is given")
        for endpoint in self._pool.by_health(candidates):
            try:
                return await self._pool.connect(endpoint)
            except (ConnectionLost, KafkaError) as error:
                failure = error
        raise failure

    async def broker(self, broker_id: int) -> Connection:
        """Raises BrokerNotAvailable when the cluster does not list it, ConnectionLost when it does not answer."""
        topology = await self.topology()
        if (endpoint := topology.brokers.get(broker_id)) is None:
            raise BrokerNotAvailable(f"broker {broker_id} is not among the brokers that are alive")
        return await self._pool.connect(endpoint)

    async def controller(self) -> Connection:
        """The controller, or any broker (which passes the request on) while none is known."""
        topology = await self.topology()
        if topology.controller_id in topology.brokers:
            return await self.broker(topology.controller_id)
        return await self.any_broker()

    async def coordinator(self, group_id: str) -> Connection:
        """The coordinator of a group. Raises KafkaError, ConnectionLost."""
        owner = (await self.coordinators([group_id]))[group_id]
        if isinstance(owner, KafkaError):
            raise owner
        return await self.connect(owner)

    async def connect(self, endpoint: Endpoint) -> Connection:
        """Raises ConnectionLost when nobody answers there."""
        return await self._pool.connect(endpoint)

    # -- what is where

    async def topology(self, fresh: bool = False) -> Topology:
        """The live brokers and the controller; asked again after an error or when `fresh`."""
        async with self._refreshing:
            if fresh or self._topology is None:
                connection = await self.any_broker()
                self._learn(await connection.send(MetadataRequest(topics=[], allow_auto_topic_creation=False)))
            assert self._topology is not None
            return self._topology

    def _learn(self, response: MetadataResponse) -> None:
        self._topology = Topology(
            cluster_id=response.cluster_id,
            controller_id=response.controller_id,
            brokers={broker.node_id: Endpoint(broker.host, broker.port) for broker in response.brokers},
        )
        for topic in response.topics:
            for partition in topic.partitions:
                if topic.name is not None:
                    self._leaders[TopicPartition(topic.name, partition.partition_index)] = partition.leader_id

    async def leaders(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, Owner]:
        """Where the leader of each listens, or why there is none."""
        topology = await self.topology()
        unknown = dict.fromkeys(partition.topic for partition in partitions if partition not in self._leaders)
        if unknown:
            topics = [MetadataRequestTopic(name=name) for name in unknown]
            connection = await self.any_broker()
            self._learn(await connection.send(MetadataRequest(topics=topics, allow_auto_topic_creation=False)))
            topology = await self.topology()
        return {partition: self._leader(partition, topology) for partition in partitions}

    def _leader(self, partition: TopicPartition, topology: Topology) -> Owner:
        leader = self._leaders.get(partition)
        if leader is None:
            return UnknownTopicOrPartition(f"{partition.topic}-{partition.partition} does not exist")
        if (endpoint := topology.brokers.get(leader)) is None:
            return LeaderNotAvailable(f"{partition.topic}-{partition.partition} has no leader now")
        return endpoint

    async def coordinators(self, group_ids: Sequence[str]) -> dict[str, Owner]:
        """Where the coordinator of each group listens, or why there is none."""
        unknown = [group_id for group_id in group_ids if group_id not in self._coordinators]
        found = await self._find_coordinators(unknown) if unknown else {}
        self._coordinators.update({key: owner for key, owner in found.items() if isinstance(owner, Endpoint)})
        return {key: self._coordinators.get(key) or found[key] for key in group_ids}

    async def _find_coordinators(self, group_ids: Sequence[str]) -> dict[str, Owner]:
        connection = await self.any_broker()
        version = (await connection.versions()).common(FindCoordinatorRequest)
        if version >= BATCHED_COORDINATORS:
            request = FindCoordinatorRequest(key_type=GROUP_KEY_TYPE, coordinator_keys=list(group_ids))
            response: FindCoordinatorResponse = await connection.send(request, version)
            return {found.key: _owner(found) for found in response.coordinators}
        request_of = partial(FindCoordinatorRequest, key_type=GROUP_KEY_TYPE)
        return {key: _owner(await connection.send(request_of(key=key), version)) for key in group_ids}


def _owner(found: FindCoordinatorResponse | Coordinator) -> Owner:
    if found.error_code != ErrorCode.NONE:
        return error_for(found.error_code, found.error_message)
    return Endpoint(found.host, found.port)
