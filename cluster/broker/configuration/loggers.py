"""The broker's loggers as configurations (KIP-412): their levels by Kafka's names, changed in this process only."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from cluster.protocol.errors import InvalidConfig

ROOT: Final = "root"
_OURS: Final = "cluster"

LEVELS: Final[Mapping[str, int]] = {
    "FATAL": logging.CRITICAL,
    "ERROR": logging.ERROR,
    "WARN": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": logging.DEBUG - 5,
}


def logger_levels() -> dict[str, str]:
    """The root logger and the cluster's own, by name -> level in effect."""
    known = logging.root.manager.loggerDict
    names = [name for name in known if name == _OURS or name.startswith(f"{_OURS}.")]
    return {name: _level_name(_logger(name).getEffectiveLevel()) for name in [ROOT, *sorted(names)]}


def check_logger_level(name: str, level: str | None) -> None:
    """Raise InvalidConfig when there is no such logger or level. No level means: as the logger above has it."""
    if name != ROOT and name not in logging.root.manager.loggerDict:
        raise InvalidConfig(f"Logger {name} does not exist!")
    if level is None:
        if name == ROOT:
            raise InvalidConfig(f"Removing the log level of the {ROOT} logger is not allowed")
    elif level not in LEVELS:
        allowed = ", ".join(LEVELS)
        raise InvalidConfig(f"Cannot set the log level of {name} to {level}: the levels are {allowed}")


def set_logger_level(name: str, level: str | None) -> None:
    """Set the level of one logger, or take it away."""
    _logger(name).setLevel(logging.NOTSET if level is None else LEVELS[level])


def _logger(name: str) -> logging.Logger:
    return logging.getLogger() if name == ROOT else logging.getLogger(name)


def _level_name(level: int) -> str:
    return next((name for name, value in LEVELS.items() if level >= value), "TRACE")
