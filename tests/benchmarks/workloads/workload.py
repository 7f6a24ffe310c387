"""What a workload is, and what many of them print."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.clients.crew import Outcome
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.usage import Consumed

MILLION = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """`measure` takes a subject and the sizes.

    A `managed` one needs a cluster that was started here; a `disruptive` one leaves a Java cluster cold, and is
    measured after all others; `rounds` is how often at most.
    """

    name: str
    about: str
    measure: Callable[[Any, Sizes], Iterable[Figure]]
    managed: bool = False
    disruptive: bool = False
    rounds: int = 99


def cpu_figures(row: str, cluster: Consumed, clients: Sequence[Outcome], records: int) -> list[Figure]:
    """CPU seconds per million records: of the cluster's processes where they are known, and of the clients."""
    millions = records / MILLION
    figures = [Figure(f"{row}, client CPU", sum(client.cpu_s for client in clients) / millions, "s per million")]
    if cluster.cpu_s:
        figures.insert(0, Figure(f"{row}, CPU", cluster.cpu_s / millions, "s per million", Target.CPU))
    return figures
