"""How a process does that shows no life: does it hang, or does a busy machine not give it its turn?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WANTING = frozenset("RD")
"""States of a thread that wants a processor or waits for a disk (proc(5))."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look at a process. `cpu_s` is what it has used so far; it rests when no thread of it wants anything."""

    cpu_s: float
    rests: bool

    @classmethod
    def of(cls, pid: int) -> Vitals | None:
        """What is to be seen of a process; None when it is gone."""
        import psutil

        try:
            times = psutil.Process(pid).cpu_times()
            return cls(cpu_s=times.user + times.system, rests=WANTING.isdisjoint(_states(pid)))
        except (psutil.Error, OSError):
            return None

    def hangs(self, before: Vitals) -> bool:
        """True when it did nothing since the look `before` although nothing kept it from doing something."""
        return self.rests and before.rests and self.cpu_s == before.cpu_s


def _states(pid: int) -> list[str]:
    """The state of each thread; none where the system does not tell: then who is silent hangs."""
    stats = Path(f"/proc/{pid}/task").glob("*/stat")
    return [stat.read_text().rpartition(")")[2].split()[0] for stat in stats]
