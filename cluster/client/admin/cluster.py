"""The cluster as its brokers describe it."""

from collections.abc import Iterable
from dataclasses import dataclass

from cluster.client.connection import Connection
from cluster.client.routing import Router
from cluster.protocol.api import ApiKey
from cluster.protocol.errors import ErrorCode, error_for
from cluster.protocol.messages.metadata import (
    DescribeClusterRequest,
    DescribeClusterResponse,
    MetadataRequest,
    MetadataResponse,
)

FENCED_BROKERS_SINCE = 2
"""The version of DescribeCluster that can list fenced brokers (KIP-1073)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    id: int
    host: str
    port: int
    rack: str | None
    fenced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterDescription:
    """`controller_id` is -1 while there is none; for Apache Kafka in KRaft mode it is any live broker."""

    cluster_id: str
    controller_id: int
    brokers: tuple[Broker, ...]


@dataclass(frozen=True, slots=True)
class ClusterAdmin:
    """Questions about the cluster as a whole."""

    router: Router

    async def describe(self) -> ClusterDescription:
        """The brokers, fenced ones too where the cluster tells them, by id. Raises ConnectionLost, KafkaError."""
        return await self.router.retrying(self._describe)

    async def _describe(self) -> ClusterDescription:
        connection = await self.router.any_broker()
        versions = await connection.versions()
        if not versions.serves(ApiKey.DESCRIBE_CLUSTER):
            return await self._describe_by_metadata(connection)
        version = versions.common(DescribeClusterRequest)
        request = DescribeClusterRequest(include_fenced_brokers=version >= FENCED_BROKERS_SINCE)
        response: DescribeClusterResponse = await connection.send(request, version)
        if response.error_code != ErrorCode.NONE:
            raise error_for(response.error_code, response.error_message)
        brokers = (
            Broker(id=told.broker_id, host=told.host, port=told.port, rack=told.rack, fenced=told.is_fenced)
            for told in response.brokers
        )
        return _description(response.cluster_id, response.controller_id, brokers)

    async def _describe_by_metadata(self, connection: Connection) -> ClusterDescription:
        response: MetadataResponse = await connection.send(MetadataRequest(topics=[]))
        brokers = (
            Broker(id=told.node_id, host=told.host, port=told.port, rack=told.rack, fenced=False)
            for told in response.brokers
        )
        return _description(response.cluster_id or "", response.controller_id, brokers)

    async def served_apis(self, broker_id: int) -> dict[int, tuple[int, int]]:
        """API key -> lowest and highest version that a broker serves. Raises ConnectionLost, KafkaError."""

        async def ask() -> dict[int, tuple[int, int]]:
            connection = await self.router.broker(broker_id)
            return dict((await connection.versions()).ranges)

        return await self.router.retrying(ask)


def _description(cluster_id: str, controller_id: int, brokers: Iterable[Broker]) -> ClusterDescription:
    ordered = tuple(sorted(brokers, key=lambda broker: broker.id))
    return ClusterDescription(cluster_id=cluster_id, controller_id=controller_id, brokers=ordered)
