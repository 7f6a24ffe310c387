"""What one partition log makes of its topic configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from cluster.log.definitions import (
    AtLeast,
    Between,
    BrokerSynonym,
    ConfigDefinition,
    ConfigType,
    ConfigValue,
    Importance,
    ListOf,
    OneOf,
    Validator,
    defaults_from_broker,
)
from cluster.log.topic_configs import INTERNAL_SEGMENT_BYTES, TOPIC_CONFIGS
from cluster.protocol.errors import InvalidConfig

__all__ = [
    "TOPIC_CONFIGS",
    "AtLeast",
    "Between",
    "BrokerSynonym",
    "ConfigDefinition",
    "ConfigType",
    "ConfigValue",
    "Importance",
    "ListOf",
    "LogConfig",
    "OneOf",
    "Validator",
    "defaults_from_broker",
    "validate_topic_configs",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """The configuration in effect for one log: a field for each topic configuration, dots as underscores."""

    cleanup_policy: tuple[str, ...]
    compression_type: str
    compression_gzip_level: int
    compression_lz4_level: int
    compression_zstd_level: int
    delete_retention_ms: int
    file_delete_delay_ms: int
    flush_messages: int
    flush_ms: int
    follower_replication_throttled_replicas: tuple[str, ...]
    index_interval_bytes: int
    leader_replication_throttled_replicas: tuple[str, ...]
    local_retention_bytes: int
    local_retention_ms: int
    max_compaction_lag_ms: int
    max_message_bytes: int
    message_timestamp_after_max_ms: int
    message_timestamp_before_max_ms: int
    message_timestamp_type: str
    min_cleanable_dirty_ratio: float
    min_compaction_lag_ms: int
    min_insync_replicas: int
    preallocate: bool
    remote_log_copy_disable: bool
    remote_log_delete_on_disable: bool
    remote_storage_enable: bool
    retention_bytes: int
    retention_ms: int
    segment_bytes: int
    segment_index_bytes: int
    segment_jitter_ms: int
    segment_ms: int
    unclean_leader_election_enable: bool

    @classmethod
    def of(cls, overrides: Mapping[str, str] | None = None, defaults: Mapping[str, str] | None = None) -> LogConfig:
        """From texts by topic configuration name: `overrides` of the topic over `defaults` of the broker.

        Raises InvalidConfig for a value that is not allowed. Unknown names are left alone: a newer broker wrote them.
        """
        texts = {**(defaults or {}), **(overrides or {})}
        values: dict[str, Any] = {
            name: definition.parse(texts[name]) if name in texts else definition.default
            for name, definition in TOPIC_CONFIGS.items()
        }
        internal_segment_bytes = values.pop(INTERNAL_SEGMENT_BYTES)
        if internal_segment_bytes is not None:
            values["segment.bytes"] = internal_segment_bytes
        return cls(**{name.replace(".", "_"): value for name, value in values.items()})

    @property
    def compact(self) -> bool:
        """Whether the log keeps the last value of each key."""
        return "compact" in self.cleanup_policy

    @property
    def delete(self) -> bool:
        """Whether old segments are dropped by time and size."""
        return "delete" in self.cleanup_policy

    @property
    def max_segment_ms(self) -> int:
        """The age at which a new segment is begun: a compacted log must begin one early enough to be compacted."""
        return min(self.max_compaction_lag_ms, self.segment_ms) if self.compact else self.segment_ms

    def compression_level(self, codec: str) -> int | None:
        """The level configured for a codec's name, None for a codec without levels."""
        match codec:
            case "gzip":
                return self.compression_gzip_level
            case "lz4":
                return self.compression_lz4_level
            case "zstd":
                return self.compression_zstd_level
            case _:
                return None


def validate_topic_configs(overrides: Mapping[str, str], defaults: Mapping[str, str] | None = None) -> None:
    """Raise InvalidConfig when a topic could not be created with, or altered to, these overrides."""
    for name in overrides:
        if name not in TOPIC_CONFIGS:
            raise InvalidConfig(f"Unknown topic config name: {name}")
    config = LogConfig.of(overrides, defaults)
    if config.min_compaction_lag_ms > config.max_compaction_lag_ms:
        raise InvalidConfig(
            f"conflict topic config setting min.compaction.lag.ms ({config.min_compaction_lag_ms})"
            f" > max.compaction.lag.ms ({config.max_compaction_lag_ms})"
        )
    if config.remote_storage_enable:
        raise InvalidConfig("Tiered Storage functionality is disabled in the broker.")


assert {field.name for field in fields(LogConfig)} == {
    name.replace(".", "_") for name in TOPIC_CONFIGS if name != INTERNAL_SEGMENT_BYTES
}, "LogConfig and TOPIC_CONFIGS name the same configurations"
