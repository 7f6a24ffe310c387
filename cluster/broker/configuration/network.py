"""Broker configurations of identity, listeners, connections and requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cluster.broker.configuration.definition import (
    HIGH,
    INT,
    LIST,
    LONG,
    LOW,
    STRING,
    WITHOUT_EFFECT,
    BrokerDefinition,
    cluster_wide,
    read_only,
)
from cluster.log.definitions import AtLeast, ConfigValue, ListOf

MAX_INT: Final = (1 << 31) - 1
MEBIBYTE: Final = 1024 * 1024


def overrides_of(text: str) -> dict[str, int]:
    """The limits of single hosts. Raises ValueError, in one line."""
    limits: dict[str, int] = {}
    for pair in filter(None, (piece.strip() for piece in text.split(","))):
        host, _, number = pair.rpartition(":")
        if not host or not number.strip().isdecimal():
            raise ValueError(f"{pair!r} is not host:number")
        limits[host.strip().strip("[]")] = int(number)
    return limits


@dataclass(frozen=True, slots=True)
class HostLimits:
    """Limits of single hosts, as `overrides_of` reads them."""

    def problem(self, value: ConfigValue) -> str | None:
        """What is no list of hosts and numbers."""
        assert isinstance(value, str)
        try:
            overrides_of(value)
        except ValueError as error:
            return str(error)
        return None

    def __str__(self) -> str:
        return "host:number, …"


NETWORK: Final[tuple[BrokerDefinition, ...]] = (
    read_only(
        "node.id",
        INT,
        None,
        AtLeast(0),
        "The number by which this broker is known in the cluster. Required, here or as broker.id.",
        HIGH,
    ),
    read_only("broker.id", INT, -1, None, "The former name of node.id. When both are given they must be equal.", HIGH),
    read_only(
        "broker.rack",
        STRING,
        None,
        None,
        "Where this broker stands. Replicas of a partition are spread over racks when every broker names one.",
    ),
    read_only(
        "listeners",
        LIST,
        ("PLAINTEXT://:9092",),
        ListOf(may_be_empty=False),
        "The address that the broker listens on, as PLAINTEXT://host:port. Without a host: all interfaces. One only.",
        HIGH,
    ),
    read_only(
        "advertised.listeners",
        LIST,
        None,
        ListOf(may_be_empty=False),
        "The address that clients and other brokers are told, as PLAINTEXT://host:port. Unset: that of listeners.",
        HIGH,
    ),
    read_only(
        "socket.request.max.bytes",
        INT,
        100 * MEBIBYTE,
        AtLeast(1),
        "The largest request that is read. A larger one closes its connection.",
        HIGH,
    ),
    read_only(
        "socket.listen.backlog.size",
        INT,
        50,
        AtLeast(1),
        WITHOUT_EFFECT + "1,024 connections may wait to be accepted, or as many as the system allows.",
    ),
    read_only(
        "socket.send.buffer.bytes",
        INT,
        102400,
        None,
        WITHOUT_EFFECT + "The system sizes the buffers of connections.",
        HIGH,
    ),
    read_only(
        "socket.receive.buffer.bytes",
        INT,
        102400,
        None,
        WITHOUT_EFFECT + "The system sizes the buffers of connections.",
        HIGH,
    ),
    read_only(
        "connections.max.idle.ms",
        LONG,
        600_000,
        None,
        "A connection without a request for this long is closed. Negative: never.",
    ),
    cluster_wide(
        "max.connections",
        INT,
        MAX_INT,
        AtLeast(1),
        "How many connections may be open. One more is not answered before another one has gone.",
    ),
    cluster_wide(
        "max.connections.per.ip",
        INT,
        MAX_INT,
        AtLeast(0),
        "How many connections may be open from one address. One more is closed at once. 0 with overrides only.",
    ),
    cluster_wide(
        "max.connections.per.ip.overrides",
        STRING,
        "",
        HostLimits(),
        "Other limits for single addresses or hosts than max.connections.per.ip: host:number, separated by commas.",
    ),
    cluster_wide(
        "max.connection.creation.rate",
        INT,
        MAX_INT,
        AtLeast(1),
        "How many connections may be opened in a second. What is above that waits.",
    ),
    read_only(
        "request.timeout.ms",
        INT,
        30_000,
        None,
        "How long this broker waits for another broker's answer, and for the controller's.",
        HIGH,
    ),
    read_only(
        "fetch.max.bytes",
        INT,
        55 * MEBIBYTE,
        AtLeast(1024),
        "The most that one fetch is answered with, whatever the client asks for. At least one batch is always sent.",
    ),
    read_only(
        "max.incremental.fetch.session.cache.slots",
        INT,
        1000,
        AtLeast(0),
        "How many incremental fetch sessions (KIP-227) are remembered.",
    ),
    read_only(
        "max.request.partition.size.limit",
        INT,
        2000,
        AtLeast(1),
        "How many partitions one DescribeTopicPartitions answer holds at most; clients page through the rest.",
    ),
    cluster_wide(
        "num.network.threads",
        INT,
        3,
        AtLeast(1),
        WITHOUT_EFFECT + "Connections are served by one event loop.",
        HIGH,
    ),
    cluster_wide(
        "num.io.threads",
        INT,
        8,
        AtLeast(1),
        WITHOUT_EFFECT + "Requests are served by one event loop.",
        HIGH,
    ),
    cluster_wide(
        "background.threads",
        INT,
        10,
        AtLeast(1),
        WITHOUT_EFFECT + "Background work runs in the event loop and its own small executor.",
        HIGH,
    ),
    read_only(
        "queued.max.requests",
        INT,
        500,
        AtLeast(1),
        WITHOUT_EFFECT + "A connection's next request is read when the one before is answered.",
        HIGH,
    ),
    read_only(
        "queued.max.request.bytes",
        LONG,
        -1,
        None,
        "How much memory requests may take together before they are served. Then one after the other is read. "
        "Negative: no limit.",
    ),
    read_only(
        "connection.failed.authentication.delay.ms",
        INT,
        100,
        AtLeast(0),
        WITHOUT_EFFECT + "Clients are not authenticated yet.",
        LOW,
    ),
)
