"""The Celery application: each broker node is one of its workers, the console's long jobs run on another."""

import os

from celery import Celery
from celery.schedules import crontab

# The command line looks a command of remote control up before it sends it, so it must know ours as the workers do.
from cluster.worker import remote_control  # noqa: F401
from cluster.worker.beat import SCHEDULES, BeatThread
from cluster.worker.bootstep import BrokerNodeStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
# A worker serves no page: Django's checks would load every view into every broker.
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")

SAMPLE_EVERY_S = 2.0
SCHEDULE = {
    "samples": {
        "task": "odradek.ask_for_samples",
        "schedule": SAMPLE_EVERY_S,
        "args": (SAMPLE_EVERY_S,),
        "options": {"expires": SAMPLE_EVERY_S},
    },
    "old samples": {"task": "odradek.prune_samples", "schedule": crontab(minute="*/5")},
    "old sessions": {"task": "odradek.clear_sessions", "schedule": crontab(minute="17")},
}


def broker_url(redis_url: str) -> str:
    """Kombu's spelling of a Redis address: it calls a Unix socket `redis+socket://`, redis-py says `unix://`."""
    return redis_url.replace("unix://", "redis+socket://", 1) or "memory://"


app = Celery("odradek")
app.conf.update(
    broker_url=broker_url(os.environ.get("REDIS_URL", "")),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_ignore_result=True,
    task_default_queue="jobs",
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_redirect_stdouts=False,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    timezone="UTC",
    beat_schedule=SCHEDULE,
)
app.steps["worker"].update({BrokerNodeStep, BeatThread})
app.user_options["worker"].add(SCHEDULES)
app.autodiscover_tasks(["cluster"])
