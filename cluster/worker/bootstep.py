"""The step of a Celery worker's own blueprint that makes it a broker."""

import logging
import os
import sys
from typing import Any, NoReturn

from celery import bootsteps

from cluster.worker import door
from cluster.worker.exits import ExitStatus
from cluster.worker.notify import notify
from cluster.worker.thread import Node, NodeThread

logger = logging.getLogger(__name__)

# `up` promises that everything is gone within ten seconds; the rest of the worker needs a share of them.
CONTROLLED_SHUTDOWN_S = 7.0


class BrokerNodeStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Runs the node of broker ODRADEK_BROKER_ID; a worker without that variable does without this step.

    It belongs to the worker and not to its consumer: the consumer starts anew whenever Redis was away, and a broker
    has no need of Redis.
    """

    label = "Broker"
    conditional = True
    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        self.enabled = bool(os.environ.get("ODRADEK_BROKER_ID"))
        super().__init__(worker, **options)

    def create(self, worker: Any) -> NodeThread:
        thread = NodeThread(_build, on_ready=_announce, on_death=_die)
        door.open_to(thread)
        return thread

    def stop(self, worker: Any) -> None:
        notify(STOPPING=1)
        if not self.obj.stop(CONTROLLED_SHUTDOWN_S):
            logger.error("The node did not stop within %.0f s; its next start recovers", CONTROLLED_SHUTDOWN_S)

    def terminate(self, worker: Any) -> None:
        logger.warning("Cold shutdown: the node is left as it is; its next start recovers")


def _build() -> Node:
    # Here and not above: the Celery app imports this module before Django is set up.
    from cluster.worker.assembly import node_of

    return node_of(os.environ)


def _announce() -> None:
    notify(READY=1, STATUS="ready")


def _die(error: BaseException) -> NoReturn:
    """A dead node takes its process along, at once: the supervisor starts both again, and the node recovers."""
    from cluster.broker.refusal import DiskFailed, NodeRefused

    if isinstance(error, NodeRefused):
        logger.critical("%s", error)
        notify(STATUS=str(error))
        status = ExitStatus.REFUSED
    elif isinstance(error, DiskFailed):
        logger.critical("The broker goes down: %s", error)
        notify(STATUS=str(error))
        status = ExitStatus.CRASHED
    else:
        logger.critical("The broker node died", exc_info=error)
        notify(STATUS=f"{type(error).__name__}: {error}")
        status = ExitStatus.CRASHED
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
