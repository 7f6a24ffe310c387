"""What is measured, in the order in which it is measured."""

from tests.benchmarks.workloads import (
    consume,
    failover,
    groups,
    java_tools,
    latency,
    memory,
    partitions,
    produce,
    start,
    together,
)
from tests.benchmarks.workloads.workload import Workload

WORKLOADS: tuple[Workload, ...] = (
    *produce.WORKLOADS,
    *consume.WORKLOADS,
    *latency.WORKLOADS,
    *together.WORKLOADS,
    *partitions.WORKLOADS,
    *groups.WORKLOADS,
    *java_tools.WORKLOADS,
    *memory.WORKLOADS,
    *start.WORKLOADS,
    *failover.WORKLOADS,
)
