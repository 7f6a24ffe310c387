"""Configurations of a topic or a broker, with default, source and meaning."""

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.client.admin import Admin
from cluster.client.admin.config_entries import ConfigEntry, ConfigResource, ConfigSource, ConfigType
from cluster.protocol.errors import KafkaError

SOURCES = {
    ConfigSource.TOPIC: "this topic",
    ConfigSource.DYNAMIC_BROKER: "this broker, changed while it runs",
    ConfigSource.DYNAMIC_DEFAULT_BROKER: "all brokers, changed while they run",
    ConfigSource.STATIC_BROKER: "start of the broker",
    ConfigSource.DEFAULT: "default",
    ConfigSource.GROUP: "this group",
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
