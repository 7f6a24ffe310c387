"""The open connections of one client, one per address."""

import asyncio
from collections.abc import Iterable

from cluster.client.addresses import Endpoint
from cluster.client.connection import Connection, ConnectionLost, Patience
from cluster.protocol.errors import KafkaError


class Pool:
    """Opens a connection when it is first asked for and again when it broke. Belongs to one loop."""

    def __init__(self, client_id: str, patience: Patience) -> None:
        self._client_id = client_id
        self._patience = patience
        self._connections: dict[Endpoint, Connection] = {}
        self._opening: dict[Endpoint, asyncio.Lock] = {}
        self._failed_at: dict[Endpoint, float] = {}

    async def connect(self, endpoint: Endpoint) -> Connection:
        """A connection over which ApiVersions has been answered. Raises ConnectionLost, KafkaError."""
        async with self._opening.setdefault(endpoint, asyncio.Lock()):
            connection = self._connections.get(endpoint)
            if connection is None or connection.closed:
                connection = self._connections[endpoint] = await self._open(endpoint)
            return connection

    async def _open(self, endpoint: Endpoint) -> Connection:
        try:
            connection = await Connection.open(endpoint.host, endpoint.port, self._client_id, self._patience)
            await self._shake_hands(connection)
        except (ConnectionLost, KafkaError):
            self._failed_at[endpoint] = asyncio.get_running_loop().time()
            raise
        self._failed_at.pop(endpoint, None)
        return connection

    async def _shake_hands(self, connection: Connection) -> None:
        try:
            await connection.versions()
        except BaseException:
            connection.close()
            raise

    def by_health(self, endpoints: Iterable[Endpoint]) -> list[Endpoint]:
        """Connected ones first, then untried ones, then those whose last failure is longest ago."""
        return sorted(
            endpoints, key=lambda endpoint: (not self._connected(endpoint), self._failed_at.get(endpoint, 0.0))
        )

    def _connected(self, endpoint: Endpoint) -> bool:
        connection = self._connections.get(endpoint)
        return connection is not None and not connection.closed

    async def close(self) -> None:
        connections = list(self._connections.values())
        self._connections.clear()
        for connection in connections:
            connection.close()
        for connection in connections:
            await connection.wait_closed()
