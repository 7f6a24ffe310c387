"""What a broker configuration is beyond any configuration: whether and for whom it can change while brokers run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cluster.log.definitions import ConfigDefinition, ConfigType, ConfigValue, Importance, Validator

BOOLEAN, STRING, INT, SHORT, LONG, DOUBLE, LIST = (
    ConfigType.BOOLEAN,
    ConfigType.STRING,
    ConfigType.INT,
    ConfigType.SHORT,
    ConfigType.LONG,
    ConfigType.DOUBLE,
    ConfigType.LIST,
)
HIGH, MEDIUM, LOW = Importance.HIGH, Importance.MEDIUM, Importance.LOW

WITHOUT_EFFECT = "Accepted so that settings and tools made for Apache Kafka work; it changes nothing here. "


class UpdateMode(Enum):
    """Kafka's words for how a broker configuration changes (KIP-226)."""

    READ_ONLY = "read-only"
    PER_BROKER = "per-broker"
    CLUSTER_WIDE = "cluster-wide"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerDefinition(ConfigDefinition):
    """A broker configuration. CLUSTER_WIDE ones may be set for all brokers and for one."""

    update_mode: UpdateMode = UpdateMode.READ_ONLY


def read_only(
    name: str,
    kind: ConfigType,
    default: ConfigValue,
    validator: Validator | None,
    documentation: str,
    importance: Importance = MEDIUM,
) -> BrokerDefinition:
    """A configuration that a broker reads once, at its start."""
    return BrokerDefinition(
        name=name,
        type=kind,
        default=default,
        validator=validator,
        documentation=documentation,
        importance=importance,
    )


def cluster_wide(
    name: str,
    kind: ConfigType,
    default: ConfigValue,
    validator: Validator | None,
    documentation: str,
    importance: Importance = MEDIUM,
) -> BrokerDefinition:
    """A configuration that can change while brokers run, for all of them or for one."""
    return BrokerDefinition(
        name=name,
        type=kind,
        default=default,
        validator=validator,
        documentation=documentation,
        importance=importance,
        update_mode=UpdateMode.CLUSTER_WIDE,
    )
