"""What the rows want of the parts, and the supervisor brought to follow it."""

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.supervisor.part import Part, State
from cluster.supervisor.supervisor import Supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What a row wants of one part. `restarts` and `kills` count the requests made so far."""

    part: str
    running: bool
    restarts: int = 0
    kills: int = 0


class Wishes:
    """Remembers which requests were seen, so that each is followed once; those of before the start not at all."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._seen: dict[str, Desired] = {}

    def follow(self, desired: Sequence[Desired]) -> None:
        """Bring each part nearer to what its row wants."""
        for wish in desired:
            before = self._seen.get(wish.part, wish)
            self._seen[wish.part] = wish
            part = self._supervisor.parts.get(wish.part)
            if part is None or self._supervisor.closing:
                continue
            self._want(part, wish.running)
            if wish.kills > before.kills:
                self._supervisor.kill(part)
            if wish.restarts > before.restarts:
                self._supervisor.restart(part)

    def _want(self, part: Part, running: bool) -> None:
        if part.wanted == running:
            return
        part.wanted = running
        if not running:
            self._supervisor.stop(part)
        elif part.state is State.STOPPED:
            self._supervisor.start(part)
