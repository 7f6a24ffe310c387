"""How much of everything a run measures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Records are counted over all clients. `data_mb` is the log that is there at a restart, one replica of it."""

    small_records: int = 1_500_000
    large_records: int = 300_000
    latency_s: float = 6.0
    together_records: int = 600_000
    partitions: int = 1000
    groups: int = 200
    groups_s: float = 15.0
    data_mb: int = 1000
    java_records: int = 1_000_000
    java_pings: int = 10_000
    """So many that the slowest hundredth is more than the client's own warming up."""
    least_warm_s: float = 150.0
    most_warm_s: float = 240.0
    keeps_memory: bool = True
    """Whether the memory of a virtual machine is kept from its host, which takes some seconds."""


FULL = Sizes()
QUICK = Sizes(
    small_records=50_000,
    large_records=10_000,
    latency_s=1.5,
    together_records=20_000,
    partitions=60,
    groups=10,
    groups_s=2.0,
    data_mb=20,
    java_records=10_000,
    java_pings=100,
    least_warm_s=2.0,
    most_warm_s=8.0,
    keeps_memory=False,
)
