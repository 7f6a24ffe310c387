"""Where brokers listen, and how a partition is named."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self


class TopicPartition(NamedTuple):
    topic: str
    partition: int


class Endpoint(NamedTuple):
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `host:port`, `[ipv6]:port`. Raises ValueError."""
        host, colon, port = text.strip().rpartition(":")
        if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(f"not an address of the form host:port: {text!r}")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def bootstrap_servers(text: str) -> tuple[Endpoint, ...]:
    """From Kafka's comma-separated `bootstrap.servers`. Raises ValueError."""
    return tuple(dict.fromkeys(Endpoint.parse(part) for part in text.split(",") if part.strip()))


def by_topic(partitions: Iterable[TopicPartition]) -> Mapping[str, list[int]]:
    """Partition numbers by topic, both in the order in which they were named."""
    numbers: dict[str, list[int]] = {}
    for topic, partition in partitions:
        numbers.setdefault(topic, []).append(partition)
    return numbers
