"""The one time unit of tests that wait for real processes, stretched by ODRADEK_TEST_PATIENCE on slow machines."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = float(os.environ.get("ODRADEK_TEST_PATIENCE", "1"))
POLL_S = 0.02


def seconds(amount: float) -> float:
    return amount * PATIENCE


def until(condition: Callable[[], T | None], what: str, timeout: float = 30.0) -> T:
    """Ask until the answer is truthy and return it; TimeoutError names what never came."""
    deadline = time.monotonic() + seconds(timeout)
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds(timeout):.0f} s still not: {what}")
        time.sleep(POLL_S)
    return answer


async def eventually(condition: Callable[[], T | None], what: str, at_most_s: float = 10.0) -> T:
    """The same on a loop that has other work to do meanwhile."""
    deadline = time.monotonic() + seconds(at_most_s)
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds(at_most_s):.0f} s still not: {what}")
        await asyncio.sleep(0.001)
    return answer
