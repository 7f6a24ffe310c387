"""The periodic work: samples of each broker's counters, and the removal of what has grown old."""

import logging
from datetime import timedelta

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from cluster.models import BrokerNode, RateSample
from cluster.worker import door

logger = logging.getLogger(__name__)

SAMPLES_KEPT = timedelta(hours=1)
ANSWER_WITHIN_S = 1.0


@shared_task(name="odradek.ask_for_samples")  # type: ignore[untyped-decorator]
def ask_for_samples(within_s: float) -> None:
    """Ask every broker that runs for a sample. One that does not answer before the next question is left out."""
    running = BrokerNode.objects.filter(state="running").values_list("broker_id", flat=True)
    for broker_id in running:
        sample_counters.apply_async(queue=f"broker.{broker_id}", expires=within_s)


@shared_task(name="odradek.sample_counters")  # type: ignore[untyped-decorator]
def sample_counters() -> None:
    """Write down the counters of the broker in this process; they begin at zero with each start of the node."""
    try:
        figures = door.status(ANSWER_WITHIN_S)
    except (RuntimeError, TimeoutError) as error:
        logger.warning("No sample was taken: %s", str(error) or "the broker is busy")
        return
    RateSample.objects.create(
        broker_id=figures["broker_id"],
        at=timezone.now(),
        bytes_in=figures["bytes_in"],
        bytes_out=figures["bytes_out"],
        records_in=figures["records_in"],
        requests=figures["requests"],
    )


@shared_task(name="odradek.prune_samples")  # type: ignore[untyped-decorator]
def prune_samples() -> None:
    RateSample.objects.all().prune(SAMPLES_KEPT)


@shared_task(name="odradek.clear_sessions")  # type: ignore[untyped-decorator]
def clear_sessions() -> None:
    call_command("clearsessions")
