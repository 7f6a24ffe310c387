"""The table of Apache Kafka 4.3.1's topic configurations: names, types, defaults, limits, broker synonyms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cluster.log.definitions import (
    AtLeast,
    Between,
    BrokerSynonym,
    ConfigDefinition,
    ConfigType,
    ConfigValue,
    ListOf,
    OneOf,
    ThrottledReplicas,
    Validator,
)

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
MAX_LONG: Final = (1 << 63) - 1
INTERNAL_SEGMENT_BYTES: Final = "internal.segment.bytes"

BOOLEAN, STRING, INT, LONG, DOUBLE, LIST = (
    ConfigType.BOOLEAN,
    ConfigType.STRING,
    ConfigType.INT,
    ConfigType.LONG,
    ConfigType.DOUBLE,
    ConfigType.LIST,
)


def _config(
    name: str,
    kind: ConfigType,
    default: ConfigValue,
    validator: Validator | None,
    synonyms: str,
    documentation: str,
) -> ConfigDefinition:
    """One row of the table. `synonyms` are words; `/hours` and `/minutes` after one tell its unit."""
    units = {"": 1, "minutes": 60_000, "hours": HOUR_MS}
    broker_synonyms = tuple(
        BrokerSynonym(word, units[unit]) for word, _, unit in (entry.partition("/") for entry in synonyms.split())
    )
    return ConfigDefinition(
        name=name,
        type=kind,
        default=default,
        validator=validator,
        broker_synonyms=broker_synonyms,
        documentation=documentation,
        internal=name.startswith("internal."),
    )


_DEFINITIONS = (
    _config(
        "cleanup.policy",
        LIST,
        ("delete",),
        ListOf(("compact", "delete")),
        "log.cleanup.policy",
        "What becomes of old segments: `delete` drops them when they are past the retention time or size, "
        "`compact` keeps the last value of each key. Both may be given. With neither, everything is kept for "
        "ever.",
    ),
    _config(
        "compression.type",
        STRING,
        "producer",
        OneOf(("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer")),
        "compression.type",
        "How batches are compressed in the log. `producer` keeps what the producer sent; any other value makes "
        "the leader compress again where the producer chose differently.",
    ),
    _config(
        "compression.gzip.level",
        INT,
        -1,
        Between(1, 9, besides=-1),
        "compression.gzip.level",
        "The level used when compression.type is gzip. -1 is the library's own default.",
    ),
    _config(
        "compression.lz4.level",
        INT,
        9,
        Between(1, 17),
        "compression.lz4.level",
        "The level used when compression.type is lz4.",
    ),
    _config(
        "compression.zstd.level",
        INT,
        3,
        Between(-131072, 22),
        "compression.zstd.level",
        "The level used when compression.type is zstd.",
    ),
    _config(
        "delete.retention.ms",
        LONG,
        DAY_MS,
        AtLeast(0),
        "log.cleaner.delete.retention.ms",
        "How long a tombstone stays in a compacted topic after it could have been removed. A reader that starts "
        "at the beginning has this long to reach the end without missing a deletion.",
    ),
    _config(
        "file.delete.delay.ms",
        LONG,
        60_000,
        AtLeast(0),
        "log.segment.delete.delay.ms",
        "How long the files of a deleted segment stay on disk under another name, for readers that still use them.",
    ),
    _config(
        "flush.messages",
        LONG,
        MAX_LONG,
        AtLeast(1),
        "log.flush.interval.messages",
        "Synchronise the log with the disk after this many records. Replication is the usual answer to power "
        "cuts; set 1 to have each batch on the disk before it is acknowledged.",
    ),
    _config(
        "flush.ms",
        LONG,
        MAX_LONG,
        AtLeast(0),
        "log.flush.interval.ms log.flush.scheduler.interval.ms",
        "Synchronise the log with the disk when records have waited for this long, looked at every "
        "log.flush.scheduler.interval.ms.",
    ),
    _config(
        "follower.replication.throttled.replicas",
        LIST,
        (),
        ThrottledReplicas(),
        "",
        "Replicas that are throttled while they follow: partition:broker pairs, or * for all of the topic.",
    ),
    _config(
        "index.interval.bytes",
        INT,
        4096,
        AtLeast(0),
        "log.index.interval.bytes",
        "An index entry is written after this many bytes of log. Smaller finds a record faster and needs more room.",
    ),
    _config(
        "leader.replication.throttled.replicas",
        LIST,
        (),
        ThrottledReplicas(),
        "",
        "Replicas that are throttled while they lead: partition:broker pairs, or * for all of the topic.",
    ),
    _config(
        "local.retention.bytes",
        LONG,
        -2,
        AtLeast(-2),
        "log.local.retention.bytes",
        "With tiered storage: how many bytes of a partition stay on the local disk. -2 means as retention.bytes.",
    ),
    _config(
        "local.retention.ms",
        LONG,
        -2,
        AtLeast(-2),
        "log.local.retention.ms",
        "With tiered storage: how long segments stay on the local disk. -2 means as retention.ms.",
    ),
    _config(
        "max.compaction.lag.ms",
        LONG,
        MAX_LONG,
        AtLeast(1),
        "log.cleaner.max.compaction.lag.ms",
        "A record of a compacted topic waits at most this long for its compaction. It also bounds the age of the "
        "segment that is written to.",
    ),
    _config(
        "max.message.bytes",
        INT,
        1024 * 1024 + 12,
        AtLeast(0),
        "message.max.bytes",
        "The largest batch that is accepted, in bytes as it is stored (compressed, with its header).",
    ),
    _config(
        "message.timestamp.after.max.ms",
        LONG,
        HOUR_MS,
        AtLeast(0),
        "log.message.timestamp.after.max.ms",
        "How far a record's own timestamp may lie ahead of the broker's clock before the record is refused.",
    ),
    _config(
        "message.timestamp.before.max.ms",
        LONG,
        MAX_LONG,
        AtLeast(0),
        "log.message.timestamp.before.max.ms",
        "How far a record's own timestamp may lie behind the broker's clock before the record is refused.",
    ),
    _config(
        "message.timestamp.type",
        STRING,
        "CreateTime",
        OneOf(("CreateTime", "LogAppendTime")),
        "log.message.timestamp.type",
        "Whose clock stamps a record: the producer's (CreateTime), or the broker's at the append (LogAppendTime).",
    ),
    _config(
        "min.cleanable.dirty.ratio",
        DOUBLE,
        0.5,
        Between(0, 1),
        "log.cleaner.min.cleanable.ratio",
        "A log is compacted when at least this share of it has not been compacted yet.",
    ),
    _config(
        "min.compaction.lag.ms",
        LONG,
        0,
        AtLeast(0),
        "log.cleaner.min.compaction.lag.ms",
        "A record of a compacted topic stays untouched for at least this long.",
    ),
    _config(
        "min.insync.replicas",
        INT,
        1,
        AtLeast(1),
        "min.insync.replicas",
        "A write with acks=all is refused when fewer replicas than this are in sync, and no record is shown to "
        "consumers before it is on this many.",
    ),
    _config(
        "preallocate",
        BOOLEAN,
        False,
        None,
        "log.preallocate",
        "Reserve a segment's whole size on the disk when it is created.",
    ),
    _config(
        "remote.log.copy.disable",
        BOOLEAN,
        False,
        None,
        "",
        "With tiered storage: keep what was tiered readable and tier nothing more.",
    ),
    _config(
        "remote.log.delete.on.disable",
        BOOLEAN,
        False,
        None,
        "",
        "With tiered storage: delete what was tiered when tiering is switched off for the topic.",
    ),
    _config(
        "remote.storage.enable",
        BOOLEAN,
        False,
        None,
        "",
        "Tier the topic's old segments to remote storage.",
    ),
    _config(
        "retention.bytes",
        LONG,
        -1,
        None,
        "log.retention.bytes",
        "With cleanup.policy delete: a partition's oldest segments are dropped while the rest still holds this "
        "many bytes. -1 means no limit.",
    ),
    _config(
        "retention.ms",
        LONG,
        7 * DAY_MS,
        AtLeast(-1),
        "log.retention.ms log.retention.minutes/minutes log.retention.hours/hours",
        "With cleanup.policy delete: a segment is dropped when its newest record is older than this. -1 means no "
        "limit.",
    ),
    _config(
        "segment.bytes",
        INT,
        1024 * 1024 * 1024,
        AtLeast(1024 * 1024),
        "log.segment.bytes",
        "The size at which a new segment is begun. Retention and compaction work on whole segments.",
    ),
    _config(
        "segment.index.bytes",
        INT,
        10 * 1024 * 1024,
        AtLeast(4),
        "log.index.size.max.bytes",
        "The largest an index may grow; a full index begins a new segment.",
    ),
    _config(
        "segment.jitter.ms",
        LONG,
        0,
        AtLeast(0),
        "log.roll.jitter.ms log.roll.jitter.hours/hours",
        "Up to this much is taken at random off segment.ms, so that segments of many partitions are not all begun "
        "at once.",
    ),
    _config(
        "segment.ms",
        LONG,
        7 * DAY_MS,
        AtLeast(1),
        "log.roll.ms log.roll.hours/hours",
        "A new segment is begun when the oldest record of the current one is older than this, even if it is not full.",
    ),
    _config(
        "unclean.leader.election.enable",
        BOOLEAN,
        False,
        None,
        "unclean.leader.election.enable",
        "Let a replica that is not in sync lead when nobody else is left. Acknowledged records may be lost.",
    ),
    _config(
        INTERNAL_SEGMENT_BYTES,
        INT,
        None,
        None,
        "",
        "Overrides segment.bytes without its lower limit. For tests.",
    ),
)

TOPIC_CONFIGS: Final[Mapping[str, ConfigDefinition]] = {definition.name: definition for definition in _DEFINITIONS}
"""Every topic configuration by name, the internal one included."""
