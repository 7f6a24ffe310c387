"""Broker configurations of partition logs: most are the defaults of topic configurations."""

from __future__ import annotations

from typing import Final

from cluster.broker.configuration.definition import (
    BOOLEAN,
    DOUBLE,
    HIGH,
    INT,
    LIST,
    LONG,
    WITHOUT_EFFECT,
    BrokerDefinition,
    cluster_wide,
    read_only,
)
from cluster.log.config import TOPIC_CONFIGS
from cluster.log.definitions import AtLeast, ListOf

MAX_LONG: Final = (1 << 63) - 1
MAX_DOUBLE: Final = 1.7976931348623157e308

NOT_COMPACTED: Final = "Logs are not compacted yet: a compacted topic keeps all its records."

_SET_BY_A_COARSER_ONE = ("log.retention.ms", "log.roll.ms", "log.roll.jitter.ms", "log.flush.interval.ms")
"""Unset by default: then the configuration of the same meaning in hours, minutes or for the scheduler counts.

Their limits hold for the meaning, however it was set: see `broker.configuration.checks`.
"""


def _topic_defaults() -> tuple[BrokerDefinition, ...]:
    definitions = []
    for topic_config in TOPIC_CONFIGS.values():
        name = topic_config.broker_synonym
        if name is not None:
            coarser = name in _SET_BY_A_COARSER_ONE
            definitions.append(
                cluster_wide(
                    name,
                    topic_config.type,
                    None if coarser else topic_config.default,
                    None if coarser else topic_config.validator,
                    f"The default of topics' {topic_config.name}. {topic_config.documentation}",
                )
            )
    return tuple(definitions)


LOGS: Final[tuple[BrokerDefinition, ...]] = (
    *_topic_defaults(),
    read_only(
        "log.dirs",
        LIST,
        None,
        ListOf(may_be_empty=False),
        "The directory that holds the partition logs. One directory.",
        HIGH,
    ),
    read_only(
        "log.dir",
        LIST,
        None,
        ListOf(may_be_empty=False),
        "The directory that holds the partition logs, where log.dirs is not given.",
        HIGH,
    ),
    read_only(
        "log.retention.minutes",
        INT,
        None,
        None,
        "As log.retention.ms, in minutes; counts when that is not set.",
        HIGH,
    ),
    read_only(
        "log.retention.hours",
        INT,
        168,
        None,
        "As log.retention.ms, in hours; counts when neither that nor log.retention.minutes is set.",
        HIGH,
    ),
    read_only(
        "log.roll.hours",
        INT,
        168,
        AtLeast(1),
        "As log.roll.ms, in hours; counts when that is not set.",
        HIGH,
    ),
    read_only(
        "log.roll.jitter.hours",
        INT,
        0,
        AtLeast(0),
        "As log.roll.jitter.ms, in hours; counts when that is not set.",
        HIGH,
    ),
    read_only(
        "log.retention.check.interval.ms",
        LONG,
        300_000,
        AtLeast(1),
        "How often logs are looked through for segments that are past their retention.",
    ),
    read_only(
        "log.flush.scheduler.interval.ms",
        LONG,
        MAX_LONG,
        None,
        "The default of topics' flush.ms where log.flush.interval.ms is not set. Logs are looked through every second.",
        HIGH,
    ),
    read_only(
        "log.flush.offset.checkpoint.interval.ms",
        INT,
        60_000,
        AtLeast(0),
        "How often it is written down up to where logs are safely on the disk; recovery starts there.",
        HIGH,
    ),
    read_only(
        "log.flush.start.offset.checkpoint.interval.ms",
        INT,
        60_000,
        AtLeast(0),
        WITHOUT_EFFECT + "Start offsets are written down together with the recovery points.",
        HIGH,
    ),
    cluster_wide(
        "producer.id.expiration.ms",
        INT,
        86_400_000,
        AtLeast(1),
        "How long a partition remembers an idempotent producer that has stopped writing.",
    ),
    cluster_wide(
        "num.recovery.threads.per.data.dir",
        INT,
        2,
        AtLeast(1),
        WITHOUT_EFFECT + "Logs are opened by the broker's executor.",
        HIGH,
    ),
    read_only(
        "log.cleaner.enable",
        BOOLEAN,
        True,
        None,
        WITHOUT_EFFECT + NOT_COMPACTED,
    ),
    cluster_wide(
        "log.cleaner.backoff.ms",
        LONG,
        15_000,
        AtLeast(0),
        WITHOUT_EFFECT + NOT_COMPACTED,
    ),
    cluster_wide(
        "log.cleaner.threads",
        INT,
        1,
        AtLeast(0),
        WITHOUT_EFFECT + NOT_COMPACTED,
    ),
    cluster_wide(
        "log.cleaner.io.max.bytes.per.second",
        DOUBLE,
        MAX_DOUBLE,
        None,
        WITHOUT_EFFECT + NOT_COMPACTED,
    ),
    cluster_wide(
        "log.cleaner.io.buffer.size",
        INT,
        512 * 1024,
        AtLeast(0),
        WITHOUT_EFFECT + NOT_COMPACTED,
    ),
    cluster_wide(
        "log.cleaner.dedupe.buffer.size",
        LONG,
        128 * 1024 * 1024,
        None,
        WITHOUT_EFFECT + NOT_COMPACTED,
    ),
    cluster_wide(
        "log.cleaner.io.buffer.load.factor",
        DOUBLE,
        0.9,
        None,
        WITHOUT_EFFECT + NOT_COMPACTED,
    ),
)
