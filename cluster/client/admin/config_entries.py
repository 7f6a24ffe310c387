"""A configuration as a broker tells it: value, source, type, synonyms."""

from dataclasses import dataclass
from enum import IntEnum

from cluster.client.admin.results import refusal
from cluster.protocol.errors import KafkaError
from cluster.protocol.messages.configs import DescribeConfigsResourceResult, DescribeConfigsResult


class ResourceType(IntEnum):
    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


class ConfigSource(IntEnum):
    UNKNOWN = 0
    TOPIC = 1
    DYNAMIC_BROKER = 2
    DYNAMIC_DEFAULT_BROKER = 3
    STATIC_BROKER = 4
    DEFAULT = 5
    DYNAMIC_BROKER_LOGGER = 6
    CLIENT_METRICS = 7
    GROUP = 8

    @classmethod
    def _missing_(cls, value: object) -> "ConfigSource":
        return cls.UNKNOWN


class ConfigType(IntEnum):
    UNKNOWN = 0
    BOOLEAN = 1
    STRING = 2
    INT = 3
    SHORT = 4
    LONG = 5
    DOUBLE = 6
    LIST = 7
    CLASS = 8
    PASSWORD = 9

    @classmethod
    def _missing_(cls, value: object) -> "ConfigType":
        return cls.UNKNOWN


class Change(IntEnum):
    """APPEND and SUBTRACT work on lists only."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


@dataclass(frozen=True, slots=True, order=True)
class ConfigResource:
    """The broker with the empty name stands for the default of all brokers."""

    type: ResourceType
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSynonym:
    name: str
    value: str | None
    source: ConfigSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigEntry:
    """`value` is None when it is unset or sensitive; `synonyms` stand in the order in which they are tried."""

    name: str
    value: str | None
    source: ConfigSource
    type: ConfigType
    read_only: bool
    sensitive: bool
    documentation: str | None
    synonyms: tuple[ConfigSynonym, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigChange:
    name: str
    value: str | None
    change: Change = Change.SET


def entries(told: DescribeConfigsResult) -> tuple[ConfigEntry, ...] | KafkaError:
    """The configurations of one resource by name, or why they are not told."""
    if (error := refusal(told.error_code, told.error_message)) is not None:
        return error
    return tuple(sorted((_entry(config) for config in told.configs), key=lambda entry: entry.name))


def _entry(told: DescribeConfigsResourceResult) -> ConfigEntry:
    return ConfigEntry(
        name=told.name,
        value=told.value,
        source=ConfigSource(told.config_source),
        type=ConfigType(told.config_type),
        read_only=told.read_only,
        sensitive=told.is_sensitive,
        documentation=told.documentation,
        synonyms=tuple(
            ConfigSynonym(name=synonym.name, value=synonym.value, source=ConfigSource(synonym.source))
            for synonym in told.synonyms
        ),
    )
