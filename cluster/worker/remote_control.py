"""What `celery -A cluster inspect` can ask of a broker's worker."""

from typing import Any

from celery.worker.control import inspect_command

from cluster.worker import door

ANSWER_WITHIN_S = 2.0


@inspect_command()  # type: ignore[untyped-decorator]
def broker_status(state: Any) -> dict[str, object]:
    """The broker's own figures: `celery -A cluster inspect broker_status`."""
    try:
        return door.status(ANSWER_WITHIN_S)
    except (RuntimeError, TimeoutError) as error:
        return {"error": str(error) or "the broker node did not answer"}
