"""Whom a listener serves: how many connections, from where, and how many new ones in a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cluster.broker.config import BrokerConfig
from cluster.broker.configuration.network import overrides_of

UNLIMITED: Final = (1 << 31) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What clients may ask of a listener. `idle_s` None: a connection may be idle for ever.

    `overrides` has the addresses (or names of hosts) that may have another number of connections than the others.
    """

    request_bytes: int = 100 << 20
    queued_bytes: int | None = None
    idle_s: float | None = 600.0
    connections: int = UNLIMITED
    connections_per_host: int = UNLIMITED
    overrides: Mapping[str, int] = field(default_factory=dict)
    new_per_s: int = UNLIMITED


def limits_of(config: BrokerConfig, descriptors: int | None) -> ConnectionLimits:
    """What is configured; and connections never take the last quarter of the open files that there may be: logs do."""
    idle_ms, queued = config.connections_max_idle_ms, config.queued_max_request_bytes
    most = config.max_connections if descriptors is None else min(config.max_connections, descriptors * 3 // 4)
    return ConnectionLimits(
        request_bytes=config.socket_request_max_bytes,
        queued_bytes=queued if queued > 0 else None,
        idle_s=idle_ms / 1000 if idle_ms >= 0 else None,
        connections=most,
        connections_per_host=config.max_connections_per_ip,
        overrides=overrides_of(config.max_connections_per_ip_overrides),
        new_per_s=config.max_connection_creation_rate,
    )


class Pace:
    """How many connections may begin: so many a second, and as many at once after a second without any."""

    def __init__(self) -> None:
        self._begun_at = 0.0
        self._credit = 0.0

    def delay_s(self, now: float, per_s: int) -> float:
        """How long the next one has to wait; 0 takes it in."""
        if per_s >= UNLIMITED:
            return 0.0
        self._credit = min(per_s, self._credit + (now - self._begun_at) * per_s)
        self._begun_at = now
        if self._credit < 1:
            return (1 - self._credit) / per_s
        self._credit -= 1
        return 0.0


class Hosts:
    """How many connections come from where."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self.addresses: dict[str, int] = {}
        """Limits of single addresses, from the overrides."""

    def enter(self, host: str, limit: int) -> bool:
        """One more. False when it is one too many (it counts until it leaves)."""
        self._counts[host] += 1
        return self._counts[host] <= self.addresses.get(host, limit)

    def leave(self, host: str) -> None:
        """One less."""
        self._counts[host] -= 1
        if not self._counts[host]:
            del self._counts[host]
