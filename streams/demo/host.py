"""Readings of this machine: one keyed record for each core, disk, network interface and for the memory."""

from collections.abc import Iterator
from typing import Any

import psutil

Reading = tuple[str, dict[str, Any]]


def readings() -> Iterator[Reading]:
    """What the machine says now, as (key, figures). Counters are totals since it was started."""
    yield from _cores()
    yield "memory", _figures(psutil.virtual_memory(), "total", "available", "used", "percent")
    yield "swap", _figures(psutil.swap_memory(), "total", "used", "percent")
    yield "load", dict(zip(("1m", "5m", "15m"), psutil.getloadavg(), strict=True))
    for name, counters in _sorted(psutil.disk_io_counters(perdisk=True)):
        yield f"disk.{name}", _figures(counters, "read_bytes", "write_bytes", "read_count", "write_count")
    for name, counters in _sorted(psutil.net_io_counters(pernic=True)):
        yield f"network.{name}", _figures(counters, "bytes_recv", "bytes_sent", "packets_recv", "packets_sent")


def _cores() -> Iterator[Reading]:
    for number, times in enumerate(psutil.cpu_times_percent(percpu=True)):
        yield f"cpu.{number}", {**_figures(times, "user", "system", "idle"), "busy": round(100.0 - times.idle, 1)}


def _sorted(counters: dict[str, Any] | None) -> list[tuple[str, Any]]:
    return sorted((counters or {}).items())


def _figures(values: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(values, name) for name in names}
