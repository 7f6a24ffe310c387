"""An address as Kafka's listener configurations write it: PLAINTEXT://host:port."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cluster.protocol.errors import InvalidConfig

_ENDPOINT = re.compile(r"([A-Za-z0-9_]+)://(?:\[([0-9A-Fa-f:.%]+)\]|([0-9A-Za-z\-._]*)):(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address. The host is empty where it means all interfaces; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"PLAINTEXT://{host}:{self.port}"


def parse_endpoint(name: str, listeners: tuple[str, ...]) -> Endpoint:
    """The one address of the configuration `name`. Raises InvalidConfig."""
    if len(listeners) != 1:
        raise InvalidConfig(f"Invalid value {','.join(listeners)} for configuration {name}: one listener is supported")
    match = _ENDPOINT.fullmatch(listeners[0])
    if match is None or int(match[4]) > 65535:
        raise InvalidConfig(f"Invalid value {listeners[0]} for configuration {name}: write PLAINTEXT://host:port")
    if match[1].upper() != "PLAINTEXT":
        raise InvalidConfig(f"Invalid value {listeners[0]} for configuration {name}: {match[1]} is not supported")
    endpoint = Endpoint(match[2] or match[3], int(match[4]))
    if name == "advertised.listeners" and endpoint.host in ("0.0.0.0", "::"):
        raise InvalidConfig(f"{name} cannot be {endpoint.host}: clients need an address that they can reach")
    return endpoint
