"""Checks of a broker's configuration that one definition alone cannot make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster.broker.configuration.definition import UpdateMode
from cluster.broker.configuration.table import BROKER_CONFIGS
from cluster.log.config import ConfigValue
from cluster.protocol.errors import InvalidConfig, InvalidRequest


def is_usable(name: str, text: str) -> bool:
    """Whether a broker takes this over while it runs. Names that it does not define are kept, to be shown."""
    definition = BROKER_CONFIGS.get(name)
    if definition is None:
        return True
    try:
        definition.parse(text)
    except InvalidConfig:
        return False
    return definition.update_mode is not UpdateMode.READ_ONLY


def check_dynamic(texts: Mapping[str, str], *, one_broker: bool) -> None:
    """Raise InvalidRequest when these cannot be set while brokers run, for one broker or for all."""
    modes = {name: BROKER_CONFIGS[name].update_mode for name in sorted(texts) if name in BROKER_CONFIGS}
    fixed = [name for name, mode in modes.items() if mode is UpdateMode.READ_ONLY]
    if fixed:
        raise InvalidRequest(f"Cannot update these configs dynamically: [{', '.join(fixed)}]")
    for name in modes:
        try:
            BROKER_CONFIGS[name].parse(texts[name])
        except InvalidConfig as error:
            raise InvalidRequest(error.message) from error
    own = [name for name, mode in modes.items() if mode is UpdateMode.PER_BROKER]
    if own and not one_broker:
        raise InvalidRequest(
            f"Cannot update these configs at default cluster level, broker id must be specified: [{', '.join(own)}]"
        )


def check_values(values: Mapping[str, ConfigValue]) -> None:
    """Raise InvalidConfig when the values do not go together."""
    problem = _identity_problem(values) or _network_problem(values) or _log_problem(values) or _timing_problem(values)
    if problem is not None:
        raise InvalidConfig(problem)


def _identity_problem(values: Mapping[str, Any]) -> str | None:
    if values["node.id"] is None:
        return "Missing required configuration node.id"
    if values["broker.id"] not in (-1, values["node.id"]):
        return "You must set node.id to the same value as broker.id"
    if not values["log.dirs"]:
        return "Missing required configuration log.dirs: name the directory for partition logs"
    if len(values["log.dirs"]) != 1:
        return f"Invalid value {','.join(values['log.dirs'])} for configuration log.dirs: one directory is supported"
    return None


def _network_problem(values: Mapping[str, Any]) -> str | None:
    if values["max.connections.per.ip"] == 0 and not values["max.connections.per.ip.overrides"]:
        return "max.connections.per.ip can be 0 only with max.connections.per.ip.overrides"
    queued, largest = values["queued.max.request.bytes"], values["socket.request.max.bytes"]
    if 0 < queued < largest:
        return f"queued.max.request.bytes ({queued}) must not be less than socket.request.max.bytes ({largest})"
    return None


def _log_problem(values: Mapping[str, Any]) -> str | None:
    if _first(values, "log.roll.ms", "log.roll.hours") < 1:
        return "log.roll.ms must be at least 1"
    if _first(values, "log.roll.jitter.ms", "log.roll.jitter.hours") < 0:
        return "log.roll.jitter.ms must be at least 0"
    if _first(values, "log.retention.ms", "log.retention.minutes", "log.retention.hours") == 0:
        return "log.retention.ms must be unlimited (-1) or at least 1"
    return None


def _timing_problem(values: Mapping[str, Any]) -> str | None:
    wait = values["replica.fetch.wait.max.ms"]
    for limit in ("replica.socket.timeout.ms", "replica.lag.time.max.ms"):
        if wait > values[limit]:
            return f"replica.fetch.wait.max.ms ({wait}) must not be greater than {limit} ({values[limit]})"
    heartbeat, session = values["broker.heartbeat.interval.ms"], values["broker.session.timeout.ms"]
    if heartbeat * 2 > session:
        return (
            f"broker.heartbeat.interval.ms ({heartbeat}) must not be greater than half of "
            f"broker.session.timeout.ms ({session})"
        )
    return None


def _first(values: Mapping[str, Any], *names: str) -> int:
    return next(int(values[name]) for name in names if values[name] is not None)
