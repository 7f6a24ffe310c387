"""How each part begins life in its own process, and what the nursery imports for it beforehand.

Each recipe does what a documented command does when the part is started alone; only the imports are done already.
"""

import importlib
import os
import signal
from collections.abc import Callable, Sequence

from cluster.supervisor.apps import set_up_all, set_up_brokers
from cluster.supervisor.nursery.wire import Stage
from cluster.worker.notify import notify

PRELOADED = {
    Stage.WORKER: (
        "uvloop",
        "kombu.transport.redis",
        "celery.apps.worker",
        "celery.beat",
        "celery.concurrency.thread",
        "celery.worker.autoscale",
        "celery.worker.components",
        "celery.worker.consumer",
        "celery.worker.strategy",
        "cluster.celery",
        "cluster.worker.assembly",
    ),
    Stage.WEB: ("uvicorn.protocols.http.httptools_impl", "dashboard.asgi", "dashboard.urls"),
}


def preload(stage: Stage) -> None:
    """Import what the parts of `stage` need."""
    if stage is Stage.WORKER:
        set_up_brokers()
    else:
        set_up_all()
    for name in PRELOADED[stage]:
        importlib.import_module(name)
    if stage is Stage.WORKER:
        from cluster.celery import app

        app.loader.import_default_modules()
        app.finalize(auto=True)


def run(recipe: str, arguments: Sequence[str]) -> int:
    """Be that part until it ends. Returns its exit status."""
    return RECIPES[recipe](arguments)


def program(arguments: Sequence[str]) -> int:
    """Become another program."""
    os.execv(arguments[0], list(arguments))


def worker(arguments: Sequence[str]) -> int:
    """Be a Celery worker, as `celery -A cluster worker` makes one of these options, but without its command line."""
    from celery.signals import worker_ready
    from celery.utils.nodenames import default_nodename, host_format

    from cluster.celery import app

    queue, name, concurrency, *flags = arguments
    if not os.environ.get("ODRADEK_BROKER_ID"):
        worker_ready.connect(lambda **_: notify(READY=1), weak=False)
    celery_worker = app.Worker(
        hostname=host_format(default_nodename(f"{name}@%h")),
        pool_cls="threads",
        queues=queue,
        concurrency=int(concurrency),
        loglevel="INFO",
        schedules="schedules" in flags,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    celery_worker.start()
    return int(celery_worker.exitcode or 0)


def web(arguments: Sequence[str]) -> int:
    """Be the web server: `uvicorn dashboard.asgi:application --host HOST --port PORT`."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, *rest: object, **more: object) -> None:
            await super().startup(*rest, **more)  # type: ignore[arg-type]
            if self.started:
                notify(READY=1)

    host, port = arguments
    # uvicorn sends itself the signal that stopped it once more when it is done.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    config = uvicorn.Config(
        "dashboard.asgi:application",
        host=host,
        port=int(port),
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
    )
    server = Server(config)
    server.run()
    return 0 if server.started else 1


def command(arguments: Sequence[str]) -> int:
    """Be one of the management commands: `manage.py ARGUMENTS`."""
    from django.core.management import call_command

    call_command(*arguments)
    return 0


RECIPES: dict[str, Callable[[Sequence[str]], int]] = {
    "program": program,
    "worker": worker,
    "web": web,
    "command": command,
}
