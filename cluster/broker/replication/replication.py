"""Following: copies the partitions that other brokers lead, one fetcher a leader broker."""

from __future__ import annotations

from cluster.broker.partitions.partition import Partition, PartitionKey
from cluster.broker.replication.copying import FetchingBroker
from cluster.broker.replication.fetcher import Fetcher


class Replication:
    """All fetchers of this broker. Belongs to the node's loop."""

    def __init__(self, broker: FetchingBroker) -> None:
        self._broker = broker
        self._fetchers: dict[int, Fetcher] = {}
        self._source: dict[PartitionKey, int] = {}

    def follow(self, partition: Partition, host: str, port: int) -> None:
        """Copy this partition from its leader at this address."""
        source = partition.leader_id
        if self._source.get(partition.key, source) != source:
            self.leave(partition.key)
        fetcher = self._fetchers.get(source)
        if fetcher is None:
            fetcher = self._fetchers[source] = Fetcher(source, self._broker)
        self._source[partition.key] = source
        fetcher.follow(partition)
        fetcher.start(host, port)

    def leave(self, key: PartitionKey) -> None:
        """Copy this partition no more."""
        source = self._source.pop(key, None)
        if source is None:
            return
        fetcher = self._fetchers[source]
        fetcher.leave(key)
        if not len(fetcher.following):
            fetcher.stop()
            del self._fetchers[source]

    def close(self) -> None:
        """Stop all fetchers."""
        for fetcher in self._fetchers.values():
            fetcher.stop()
        self._fetchers.clear()
        self._source.clear()
