"""Shows whoever started this process that the node's loop still turns: systemd's watchdog, which `up` has as well."""

import asyncio
import os

from cluster.worker.notify import notify

BEATS = 4
"""How often within the manager's patience: one that is late, or is lost, does no harm."""


async def beat() -> None:
    """Show life for ever; without WATCHDOG_USEC (the manager's patience in microseconds, or 0) nobody looks."""
    patience_us = os.environ.get("WATCHDOG_USEC", "")
    patience_s = int(patience_us) / 1e6 if patience_us.isdecimal() else 0.0
    while patience_s > 0:
        notify(WATCHDOG=1)
        await asyncio.sleep(patience_s / BEATS)
