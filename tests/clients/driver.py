"""One running driver program: a call is a line to it, its answer a line from it."""

import base64
import json
import os
import queue
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.clients.libraries import Library
from tests.support.patience import seconds

Part = tuple[str, int]


class ClientError(Exception):
    """What the library raised; `code` is Kafka's where the library tells it."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(f"{told['name']}: {told['message']} (code {told['code']})")
        self.name: str = told["name"]
        self.code: int | None = told["code"]


class Read(NamedTuple):
    """A record as the library read it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    timestamp: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record to send; without a partition the library's own partitioner chooses."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None
    timestamp: int | None = None

    def packed(self) -> dict[str, Any]:
        headers = [[name, _pack(value)] for name, value in self.headers]
        return {
            "k": _pack(self.key),
            "v": _pack(self.value),
            "h": headers,
            "p": self.partition,
            "ts": self.timestamp,
        }


def _pack(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _unpack(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


class Driver:
    """A library in a process of its own. One call at a time; what it does in the background goes on meanwhile."""

    def __init__(self, library: Library, bootstrap: str, stderr_path: Path) -> None:
        self.library = library
        self._stderr = stderr_path
        with stderr_path.open("wb") as stderr:
            self.process = subprocess.Popen(
                library.program.command(bootstrap),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, **library.program.environment()},
            )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def call(self, name: str, /, at_most_s: float = 90, **arguments: Any) -> Any:
        """What the library returned. ClientError when it raised, AssertionError when it ended or never answered."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"call": name, **arguments}) + "\n")
        self.process.stdin.flush()
        try:
            line = self._answers.get(timeout=seconds(at_most_s))
        except queue.Empty:
            line = ""
        if not line:
            self.kill()
            raise AssertionError(f"{self.library.name} never answered {name}:\n{self.said()}")
        reply = json.loads(line)
        if "error" in reply:
            raise ClientError(reply["error"])
        return reply["ok"]

    def said(self) -> str:
        return self._stderr.read_text(errors="replace")[-3000:]

    def kill(self) -> None:
        """kill -9: neither the library nor the process says goodbye."""
        self.process.kill()
        self.process.wait()

    # -- the calls that need more than their arguments

    def produce(self, topic: str, records: Sequence[Record], **settings: Any) -> list[Any]:
        """For each record [partition, offset] (-1 where the library does not tell) or what it said against it."""
        packed = [record.packed() for record in records]
        answers: list[Any] = self.call("produce", topic=topic, records=packed, settings=settings)
        return answers

    def open(self, name: str, topics: Sequence[str] = (), pattern: str | None = None, **settings: Any) -> None:
        self.call("open", name=name, topics=list(topics), pattern=pattern, settings=settings)

    def poll(self, name: str, timeout_ms: int = 1000, most: int = 10_000) -> list[Read]:
        return [_shown(record) for record in self.call("poll", name=name, timeout_ms=timeout_ms, most=most)]

    def assignment(self, name: str) -> set[Part]:
        return {(topic, partition) for topic, partition in self.call("assignment", name=name)}

    def close(self, name: str) -> None:
        self.call("close", name=name)


def _shown(record: list[Any]) -> Read:
    topic, partition, offset, key, value, headers, timestamp = record
    unpacked = [(name, _unpack(data)) for name, data in headers]
    return Read(topic, partition, offset, _unpack(key), _unpack(value), unpacked, timestamp)
