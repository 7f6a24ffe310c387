"""Runs of the fuzzer: so many seconds, from a seed; what fails is stored, and can be tried again."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import uvloop

from tests.fuzz.live import Trouble, Victim, example, victim
from tests.fuzz.targets import TARGETS

LIVE = "broker"
FOUND = Path(__file__).parent / "found"
MEMORY_EVERY = 20
ROUND = 500
"""Examples that one broker sees before a new one takes its place."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An input, what it was given to, and what came of it."""

    target: str
    data: bytes
    problem: str

    def store(self, folder: Path) -> Path:
        """Keep it as a file that `--replay` and the tests read."""
        folder.mkdir(exist_ok=True)
        name = f"{self.target.replace(' ', '-')}-{hashlib.sha256(self.data).hexdigest()[:12]}.json"
        text = json.dumps({"target": self.target, "problem": self.problem[:500], "data": self.data.hex()}, indent=1)
        (folder / name).write_text(text + "\n")
        return folder / name

    @classmethod
    def load(cls, path: Path) -> Failure:
        """What `store` wrote."""
        stored = json.loads(path.read_text())
        return cls(stored["target"], bytes.fromhex(stored["data"]), stored["problem"])


@dataclass(slots=True)
class Run:
    """Counts examples and gathers failures until its time is over."""

    seed: str
    seconds: float
    on_failure: Callable[[Failure], None] = lambda _: None
    examples: int = 0
    failures: list[Failure] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> bool:
        return time.monotonic() - self._began >= self.seconds

    def fail(self, target: str, data: bytes, error: BaseException) -> None:
        failure = Failure(target, data, f"{type(error).__name__}: {error}")
        self.failures.append(failure)
        self.on_failure(failure)


def fuzz_codec(run: Run) -> None:
    """Every target in turn, an example each."""
    random = Random(run.seed)
    while not run.over:
        for target in TARGETS.values():
            data = target.example(random)
            run.examples += 1
            try:
                (target.check if run.examples % MEMORY_EVERY else target.check_memory)(data)
            except Exception as error:
                run.fail(target.name, data, error)


def fuzz_broker(run: Run) -> None:
    """A live broker, and a new one after each trouble and now and then."""
    random = Random(run.seed)
    while not run.over:
        _with_a_broker(lambda attacked: _attack(attacked, run, random))


def _with_a_broker(act: Callable[[Victim], Awaitable[None]]) -> None:
    async def main() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with victim(Path(folder)) as attacked:
                await act(attacked)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


async def _attack(attacked: Victim, run: Run, random: Random) -> None:
    for data in _examples(run, random):
        try:
            await attacked.attack(data)
        except Trouble as trouble:
            run.fail(LIVE, data, trouble)
            return


def _examples(run: Run, random: Random) -> Iterator[bytes]:
    for _ in range(ROUND):
        if run.over:
            return
        run.examples += 1
        yield example(random)


def replay(failure: Failure) -> None:
    """Try a stored input again. Raises what it still causes."""
    if failure.target != LIVE:
        TARGETS[failure.target].check_memory(failure.data)
        return

    _with_a_broker(lambda attacked: attacked.attack(failure.data))
