"""What the supervisor and its nursery say to each other: JSON, one message a line."""

import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """A group of imports that the nursery makes before it forks what needs them."""

    WORKER = "worker"
    WEB = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preload:
    """Import what the parts of this stage need."""

    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """Fork a part: run the recipe of that name with these arguments, output into `log`."""

    part: str
    recipe: str
    arguments: list[str] = field(default_factory=list)
    environment: Mapping[str, str] = field(default_factory=dict)
    log: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawned:
    part: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """`wait_status` as `waitpid` gave it."""

    part: str
    pid: int
    wait_status: int


Message = Preload | Spawn | Spawned | Exited
_KINDS = {kind.__name__: kind for kind in (Preload, Spawn, Spawned, Exited)}


class Wire:
    """One end of the socket. Owns the part of a line that has arrived so far."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self._rest = b""

    def send(self, message: Message) -> None:
        """Raises OSError when the other end is gone."""
        self.socket.sendall(json.dumps([type(message).__name__, asdict(message)]).encode() + b"\n")

    def receive(self) -> list[Message] | None:
        """The messages that one read completes; None when the other end is gone."""
        try:
            chunk = self.socket.recv(65536)
        except ConnectionError:
            return None
        if not chunk:
            return None
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [_message(line) for line in lines]


def _message(line: bytes) -> Message:
    kind, fields = json.loads(line)
    return _KINDS[kind](**fields)
