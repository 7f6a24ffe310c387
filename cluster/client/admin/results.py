"""How the answer for one item becomes nothing, a value or an error."""

from typing import TypeVar

from cluster.protocol.errors import ErrorCode, KafkaError, NotController, error_for

Key = TypeVar("Key")
Outcome = TypeVar("Outcome")


def refusal(error_code: int, message: str | None = None) -> KafkaError | None:
    """The error that a code stands for; None for NONE."""
    return None if error_code == ErrorCode.NONE else error_for(error_code, message or None)


def check(error_code: int, message: str | None = None) -> None:
    """Raises the KafkaError that a code stands for."""
    if error_code != ErrorCode.NONE:
        raise error_for(error_code, message or None)


def raise_if_moved(outcomes: dict[Key, Outcome]) -> dict[Key, Outcome]:
    """The outcomes, unless the broker was not the controller: then nothing was done, and NotController is raised."""
    for outcome in outcomes.values():
        if isinstance(outcome, NotController):
            raise outcome
    return outcomes
