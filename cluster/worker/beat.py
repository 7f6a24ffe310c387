"""The schedule of periodic tasks, as a thread of the worker that runs the console's jobs."""

from typing import Any

from celery import bootsteps
from click import Option

SCHEDULES = Option(
    ("--schedules",), is_flag=True, default=False, help="Also send the periodic tasks. Exactly one worker should."
)


class BeatThread(bootsteps.StartStopStep):  # type: ignore[misc]
    """Celery's own `-B` starts a process, which a killed worker would leave behind; a thread dies with its worker.

    The schedule is kept in memory: no entry is rarer than some minutes, so nothing is lost by beginning anew.
    """

    label = "Schedules"
    conditional = True

    def __init__(self, worker: Any, schedules: bool = False, **options: Any) -> None:
        self.enabled = schedules
        super().__init__(worker, **options)

    def create(self, worker: Any) -> Any:
        from celery.beat import EmbeddedService

        return EmbeddedService(
            worker.app, max_interval=1, thread=True, scheduler_cls="cluster.worker.schedules:Schedules"
        )

    def stop(self, worker: Any) -> None:
        # Its thread may sleep for a second more; it sends nothing after this and dies with the process.
        self.obj.service.stop(wait=False)
