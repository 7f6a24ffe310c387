"""What has a configuration, and what its name may be."""

from __future__ import annotations

import re
from enum import IntEnum

from cluster.protocol.errors import InvalidRequest, InvalidTopicException

MAX_TOPIC_NAME = 249
_TOPIC_NAME = re.compile(r"[a-zA-Z0-9._-]+")


class ResourceType(IntEnum):
    """Kafka's numbers of the resources that have configurations."""

    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


def valid_topic(name: str) -> str:
    """The name itself. Raises InvalidTopicException when no topic can have it."""
    reason = _topic_problem(name)
    if reason is not None:
        raise InvalidTopicException(f"Topic name is invalid: {reason}")
    return name


def _topic_problem(name: str) -> str | None:
    if not name:
        return "the empty string is not allowed"
    if name in (".", ".."):
        return f"'{name}' is not allowed"
    if len(name) > MAX_TOPIC_NAME:
        return f"the length of '{name}' is longer than the max allowed length {MAX_TOPIC_NAME}"
    if _TOPIC_NAME.fullmatch(name) is None:
        return f"'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
    return None


def named_broker(name: str, what: str) -> int:
    """The broker id that `name` spells. Raises InvalidRequest."""
    try:
        return int(name)
    except ValueError:
        raise InvalidRequest(f"{what} must be an integer, but it is: {name}") from None
