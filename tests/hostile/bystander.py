"""A client that goes about its business in a process of its own, and how long each of its requests takes.

As a program: `python -m tests.hostile.bystander PORT TOPIC` prints a line for each request: when it ended, how long it
took, in seconds of the system's monotonic clock.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from cluster.client.connection import Connection
from tests.broker.data_path.requests import batch, fetch, fetched, position, produce, produced, values_in
from tests.support.patience import until
from tests.up.running import PROJECT, environment

PAUSE_S = 0.004


class Bystander:
    """Produces one record and fetches it again, some dozens of times a second, until the block ends."""

    def __init__(self, port: int, topic: str) -> None:
        self._command = [sys.executable, "-m", "tests.hostile.bystander", str(port), topic]
        self._took: list[tuple[float, float]] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, text=True, stderr=subprocess.PIPE
        )
        threading.Thread(target=self._read, daemon=True).start()
        until(lambda: len(self._took) > 20, "the bystander is at work")
        return self

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            ended, took = line.split()
            self._took.append((float(ended), float(took)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.terminate()
        _, said = self._process.communicate()
        if kind is None:
            assert "Traceback" not in said, said

    def latencies(self, since: float, until_: float = float("inf")) -> Sequence[float]:
        """How long requests took that ended in this span, in seconds; what is still unanswered counts as well."""
        assert self._process.poll() is None, "the bystander was served no more"
        waits = time.monotonic() - self._took[-1][0] if until_ == float("inf") else 0.0
        return [took for ended, took in self._took if since <= ended <= until_] + [waits] * (waits > 1.0)

    def watch(self, seconds: float) -> Sequence[float]:
        """The latencies of the next seconds."""
        began = time.monotonic()
        until(lambda: time.monotonic() > began + seconds, "time passes")
        return self.latencies(began)


def p99(latencies: Sequence[float]) -> float:
    return statistics.quantiles(latencies, n=100)[98]


async def _work(port: int, topic: str) -> None:
    connection = await Connection.open("127.0.0.1", port, "bystander")
    while True:
        began = time.monotonic()
        answer = produced(await connection.send(produce(topic=topic, records=batch(b"a-value"), acks=1), 12))
        assert answer.error_code == 0, answer
        data = fetched(await connection.send(fetch(position(answer.base_offset), topic=topic), 12))
        assert values_in(data)[0] == b"a-value", data
        ended = time.monotonic()
        print(ended, ended - began, flush=True)
        await asyncio.sleep(PAUSE_S)


if __name__ == "__main__":
    asyncio.run(_work(int(sys.argv[1]), sys.argv[2]))
