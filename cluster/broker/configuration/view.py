"""Configurations as DescribeConfigs shows them: value in effect, source, and the synonyms behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from cluster.broker.config import BrokerConfig
from cluster.broker.configuration.definition import UpdateMode
from cluster.broker.configuration.table import BROKER_CONFIGS, broker_synonyms
from cluster.log.config import TOPIC_CONFIGS, ConfigDefinition, ConfigType


class ConfigSource(IntEnum):
    """Where a value comes from, by Kafka's numbers."""

    UNKNOWN = 0
    TOPIC = 1
    DYNAMIC_BROKER = 2
    DYNAMIC_DEFAULT_BROKER = 3
    STATIC_BROKER = 4
    DEFAULT = 5
    DYNAMIC_BROKER_LOGGER = 6


@dataclass(frozen=True, slots=True)
class Synonym:
    """One place where a value is set, under the name that it has there."""

    name: str
    value: str | None
    source: ConfigSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigEntry:
    """One configuration of a resource. `type` is Kafka's number, 0 for a name that this broker does not define."""

    name: str
    value: str | None
    synonyms: tuple[Synonym, ...]
    read_only: bool = False
    sensitive: bool = False
    type: int = 0
    documentation: str | None = None
    without_synonyms: ConfigSource = ConfigSource.DEFAULT

    @property
    def source(self) -> ConfigSource:
        """That of the synonym that counts."""
        return self.synonyms[0].source if self.synonyms else self.without_synonyms


def topic_entries(config: BrokerConfig, overrides: Mapping[str, str]) -> Iterator[ConfigEntry]:
    """What holds for a topic with these overrides, by name."""
    defaults = config.topic_defaults
    for name, definition in sorted(TOPIC_CONFIGS.items()):
        if definition.internal and name not in overrides:
            continue
        text = overrides.get(name, defaults.get(name))
        value = definition.format(definition.default if text is None else definition.parse(text))
        inherited = _broker_synonyms_of(config, definition.broker_synonym)
        own = (Synonym(name, value, ConfigSource.TOPIC),) if name in overrides else ()
        yield _entry(definition, value, (*own, *inherited))


def broker_entries(config: BrokerConfig) -> Iterator[ConfigEntry]:
    """What holds for the broker itself, by name."""
    for name, definition in sorted(BROKER_CONFIGS.items()):
        value = definition.format(config.values[name])
        read_only = definition.update_mode is UpdateMode.READ_ONLY
        yield _entry(definition, value, _synonyms(config, name), read_only=read_only)
    yield from _undefined(config, [*config.dynamic, *config.dynamic_default])


def cluster_default_entries(config: BrokerConfig) -> Iterator[ConfigEntry]:
    """What was set for all brokers while they run, by name."""
    for name, text in sorted(config.dynamic_default.items()):
        definition = BROKER_CONFIGS.get(name)
        if definition is not None:
            synonym = Synonym(name, text, ConfigSource.DYNAMIC_DEFAULT_BROKER)
            yield _entry(definition, text, (synonym,))
    yield from _undefined(config, config.dynamic_default)


def _entry(
    definition: ConfigDefinition, value: str | None, synonyms: tuple[Synonym, ...], *, read_only: bool = False
) -> ConfigEntry:
    return ConfigEntry(
        name=definition.name,
        value=value,
        synonyms=synonyms,
        read_only=read_only,
        sensitive=definition.type is ConfigType.PASSWORD,
        type=definition.type.value,
        documentation=definition.documentation,
    )


def _undefined(config: BrokerConfig, names: Iterable[str]) -> Iterator[ConfigEntry]:
    """Names that no definition knows: they may be secrets, so that their values are not shown."""
    for name in sorted(dict.fromkeys(names)):
        if name not in BROKER_CONFIGS:
            hidden = tuple(Synonym(s.name, None, s.source) for s in _synonyms(config, name))
            yield ConfigEntry(name=name, value=None, synonyms=hidden, read_only=True, sensitive=True)


def _broker_synonyms_of(config: BrokerConfig, name: str | None) -> tuple[Synonym, ...]:
    return () if name is None else _synonyms(config, name)


def _synonyms(config: BrokerConfig, name: str) -> tuple[Synonym, ...]:
    """Everything that is set for `name` or means the same, what counts most first, beginning with `name` itself.

    A configuration that is only set under another name shows no synonyms: so it is with Kafka.
    """
    found = [
        Synonym(synonym, texts[synonym], source)
        for texts, source in (
            (config.dynamic, ConfigSource.DYNAMIC_BROKER),
            (config.dynamic_default, ConfigSource.DYNAMIC_DEFAULT_BROKER),
            (config.static, ConfigSource.STATIC_BROKER),
            (_DEFAULTS, ConfigSource.DEFAULT),
        )
        for synonym in broker_synonyms(name)
        if synonym in texts
    ]
    first = next((index for index, synonym in enumerate(found) if synonym.name == name), len(found))
    return tuple(found[first:])


_DEFAULTS: Mapping[str, str] = {
    name: text
    for name, definition in BROKER_CONFIGS.items()
    if (text := definition.format(definition.default)) is not None
}
