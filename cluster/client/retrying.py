"""Trying again: what may pass by itself, and how long to wait between attempts."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import ErrorCode, KafkaError, RequestTimedOut

T = TypeVar("T")

PASSING = frozenset(
    {
        ErrorCode.BROKER_NOT_AVAILABLE,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.FENCED_LEADER_EPOCH,
        ErrorCode.KAFKA_STORAGE_ERROR,
        ErrorCode.LEADER_NOT_AVAILABLE,
        ErrorCode.NETWORK_EXCEPTION,
        ErrorCode.NOT_CONTROLLER,
        ErrorCode.NOT_COORDINATOR,
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.OFFSET_NOT_AVAILABLE,
        ErrorCode.REPLICA_NOT_AVAILABLE,
        ErrorCode.REQUEST_TIMED_OUT,
        ErrorCode.THROTTLING_QUOTA_EXCEEDED,
        ErrorCode.UNKNOWN_LEADER_EPOCH,
    }
)
"""Codes that another broker, or the same one a little later, may not answer. Narrower than Kafka's retriable codes:
a console must say at once that a topic does not exist."""


def is_passing(error: BaseException) -> bool:
    return isinstance(error, ConnectionLost) or (isinstance(error, KafkaError) and error.code in PASSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long an operation is tried, in milliseconds, and how the pauses between attempts grow."""

    total_ms: int = 15_000
    first_pause_ms: int = 50
    longest_pause_ms: int = 1_000

    def pause_s(self, attempt: int, rng: random.Random) -> float:
        """The pause after attempt 0, 1, …: doubling, bounded, with a fifth of jitter either way."""
        pause_ms = min(self.first_pause_ms << min(attempt, 16), self.longest_pause_ms)
        return pause_ms / 1000 * rng.uniform(0.8, 1.2)


async def retrying(
    operation: Callable[[], Awaitable[T]], policy: RetryPolicy, rng: random.Random, before_again: Callable[[], None]
) -> T:
    """Run an operation until it succeeds, fails for good, or its time is over. Raises the last error."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + policy.total_ms / 1000
    attempt = 0
    failure: ConnectionLost | KafkaError = RequestTimedOut(f"no answer within {policy.total_ms} ms")
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                return await operation()
        except TimeoutError as error:
            raise failure from error
        except (ConnectionLost, KafkaError) as error:
            failure = error
            pause_s = policy.pause_s(attempt, rng)
            if not is_passing(error) or loop.time() + pause_s >= deadline:
                raise
        before_again()
        attempt += 1
        await asyncio.sleep(pause_s)
