"""Celery's scheduler, which says once that it cannot send, and once that it can again."""

import logging
import time
from typing import Any

from celery.beat import Scheduler, SchedulingError
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


class Schedules(Scheduler):  # type: ignore[misc]
    """Sends the periodic tasks. What cannot be sent is left out: its next turn comes soon."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._left_out = 0
        self._failing_since = 0.0
        super().__init__(*args, **options)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send one task whose turn it is."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            if not isinstance(error.__context__, OperationalError | OSError):
                logger.exception("the periodic task %s cannot be sent", entry.name)
                return
            if not self._left_out:
                self._failing_since = time.monotonic()
                logger.warning("periodic tasks are left out, Redis cannot be reached: %s", error.__context__)
            self._left_out += 1
        else:
            if self._left_out:
                away_s, left_out = time.monotonic() - self._failing_since, self._left_out
                self._left_out = 0
                logger.info("periodic tasks are sent again; %d were left out in %.0f s", left_out, away_s)
