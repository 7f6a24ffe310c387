"""Configurations of a topic or a broker, with default, source and meaning; what a new topic gets unasked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cluster.client.admin import Admin
from cluster.client.admin.config_entries import ConfigEntry, ConfigResource, ConfigSource, ConfigType, ResourceType
from cluster.protocol.errors import KafkaError

SOURCES = {
    ConfigSource.TOPIC: "this topic",
    ConfigSource.DYNAMIC_BROKER: "this broker, changed while it runs",
    ConfigSource.DYNAMIC_DEFAULT_BROKER: "all brokers, changed while they run",
    ConfigSource.STATIC_BROKER: "start of the broker",
    ConfigSource.DEFAULT: "default",
    ConfigSource.GROUP: "this group",
}
# What a broker calls the defaults of a topic's configurations, and how many of the topic's unit are in one of its own:
# the first that is set counts, as in Kafka (LogConfig, ServerTopicConfigSynonyms).
PARTITIONS, REPLICATION_FACTOR, MIN_ISR = "num.partitions", "default.replication.factor", "min.insync.replicas"
HOUR_MS, MINUTE_MS = 3_600_000, 60_000
DEFAULTS_OF: Mapping[str, tuple[tuple[str, int], ...]] = {
    "cleanup.policy": (("log.cleanup.policy", 1),),
    "retention.ms": (("log.retention.ms", 1), ("log.retention.minutes", MINUTE_MS), ("log.retention.hours", HOUR_MS)),
    "retention.bytes": (("log.retention.bytes", 1),),
    "segment.ms": (("log.roll.ms", 1), ("log.roll.hours", HOUR_MS)),
    "segment.bytes": (("log.segment.bytes", 1),),
    "max.message.bytes": (("message.max.bytes", 1),),
    "compression.type": (("compression.type", 1),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigLine:
    """`fallback` is what holds without the value, None when nothing does; `fallback_name` if that has another name."""

    name: str
    value: str | None
    sensitive: bool
    read_only: bool
    source: str
    own: bool
    fallback: str | None
    fallback_name: str
    type: str
    documentation: str


async def config_lines(admin: Admin, resource: ConfigResource) -> tuple[ConfigLine, ...]:
    """All configurations by name. Raises KafkaError, ConnectionLost."""
    told = (await admin.configs.describe([resource], documentation=True))[resource]
    if isinstance(told, KafkaError):
        raise told
    own = {ConfigSource.TOPIC, ConfigSource.DYNAMIC_BROKER, ConfigSource.GROUP}
    return tuple(_line(entry, entry.source in own) for entry in told)


def _line(entry: ConfigEntry, own: bool) -> ConfigLine:
    behind = [each for each in entry.synonyms[1 if own else -1 :] if each.value is not None]
    return ConfigLine(
        name=entry.name,
        value=entry.value,
        sensitive=entry.sensitive,
        read_only=entry.read_only,
        source=SOURCES.get(entry.source, "unknown"),
        own=own,
        fallback=behind[0].value if behind else None,
        # Kafka's defaults may stand under another name in another unit, such as log.retention.hours for retention.ms.
        fallback_name=behind[0].name if behind and behind[0].name not in (entry.name, f"log.{entry.name}") else "",
        type="" if entry.type is ConfigType.UNKNOWN else entry.type.name.lower(),
        documentation=entry.documentation or "",
    )


def matching(lines: Sequence[ConfigLine], words: str, changed_only: bool) -> tuple[ConfigLine, ...]:
    """Lines whose name contains the words; where wanted only those that differ from the default."""
    return tuple(
        line
        for line in lines
        if words.casefold() in line.name and (not changed_only or line.source != SOURCES[ConfigSource.DEFAULT])
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicDefaults:
    """What a topic gets that asks for nothing; None or left out is what no broker has told. `configs`: name, value."""

    partitions: str | None = None
    replication_factor: str | None = None
    min_isr: str | None = None
    configs: tuple[tuple[str, str], ...] = ()


async def topic_defaults(admin: Admin, broker_id: int) -> TopicDefaults:
    """As that broker has them. Raises KafkaError, ConnectionLost."""
    resource = ConfigResource(ResourceType.BROKER, str(broker_id))
    names = [name for synonyms in DEFAULTS_OF.values() for name, _ in synonyms]
    told = (await admin.configs.describe([resource], [PARTITIONS, REPLICATION_FACTOR, MIN_ISR, *names]))[resource]
    if isinstance(told, KafkaError):
        raise told
    values = {entry.name: entry.value for entry in told if entry.value is not None}
    held = ((name, _default(values, synonyms)) for name, synonyms in DEFAULTS_OF.items())
    return TopicDefaults(
        partitions=values.get(PARTITIONS),
        replication_factor=values.get(REPLICATION_FACTOR),
        min_isr=values.get(MIN_ISR),
        configs=tuple((name, value) for name, value in held if value is not None),
    )


def _default(values: Mapping[str, str], synonyms: Sequence[tuple[str, int]]) -> str | None:
    name, factor = next(((name, factor) for name, factor in synonyms if name in values), ("", 1))
    value = values.get(name)
    if value is None or factor == 1 or not value.lstrip("-").isdecimal():
        return value
    return "-1" if int(value) < 0 else str(int(value) * factor)
