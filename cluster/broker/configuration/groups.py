"""Broker configurations of the group coordinator and its offsets topic."""

from __future__ import annotations

from typing import Final

from cluster.broker.configuration.definition import (
    HIGH,
    INT,
    LIST,
    LONG,
    SHORT,
    WITHOUT_EFFECT,
    BrokerDefinition,
    read_only,
)
from cluster.log.definitions import AtLeast, Between, ListOf

GROUPS: Final[tuple[BrokerDefinition, ...]] = (
    read_only(
        "group.coordinator.rebalance.protocols",
        LIST,
        ("classic",),
        ListOf(("classic",), may_be_empty=False),
        "The rebalance protocols that groups may use.",
    ),
    read_only(
        "group.min.session.timeout.ms",
        INT,
        6000,
        None,
        "The shortest session timeout that a member may ask for.",
    ),
    read_only(
        "group.max.session.timeout.ms",
        INT,
        1_800_000,
        None,
        "The longest session timeout that a member may ask for.",
    ),
    read_only(
        "group.initial.rebalance.delay.ms",
        INT,
        3000,
        None,
        "How long the first rebalance of an empty group waits for more members. Each newcomer prolongs it, up to the "
        "rebalance timeout.",
    ),
    read_only(
        "group.max.size",
        INT,
        (1 << 31) - 1,
        AtLeast(1),
        "How many members a group may have.",
    ),
    read_only(
        "offset.metadata.max.bytes",
        INT,
        4096,
        None,
        "The longest text that may be committed with an offset.",
        HIGH,
    ),
    read_only(
        "offsets.commit.timeout.ms",
        INT,
        5000,
        AtLeast(1),
        "How long a commit may wait until all in-sync replicas of its offsets partition have it.",
        HIGH,
    ),
    read_only(
        "offsets.retention.minutes",
        INT,
        10_080,
        AtLeast(1),
        "Committed offsets are forgotten when their group has been empty for this long; without a group, when they "
        "are this old.",
        HIGH,
    ),
    read_only(
        "offsets.retention.check.interval.ms",
        LONG,
        600_000,
        AtLeast(1),
        "How often expired offsets are looked for.",
        HIGH,
    ),
    read_only(
        "offsets.topic.num.partitions",
        INT,
        50,
        AtLeast(1),
        "How many partitions __consumer_offsets is created with. Must never change: groups are found by it.",
        HIGH,
    ),
    read_only(
        "offsets.topic.replication.factor",
        SHORT,
        3,
        AtLeast(1),
        "How many replicas __consumer_offsets is created with. It is not created before as many brokers are there.",
        HIGH,
    ),
    read_only(
        "offsets.topic.segment.bytes",
        INT,
        100 * 1024 * 1024,
        AtLeast(1),
        "The segment size of __consumer_offsets: a small one is compacted early and loaded fast.",
        HIGH,
    ),
    read_only(
        "offsets.topic.compression.codec",
        INT,
        0,
        Between(0, 4),
        WITHOUT_EFFECT + "The coordinator writes uncompressed batches.",
        HIGH,
    ),
    read_only(
        "offsets.load.buffer.size",
        INT,
        5 * 1024 * 1024,
        AtLeast(1),
        WITHOUT_EFFECT + "A coordinator reads a mebibyte at a time when it takes a partition over.",
        HIGH,
    ),
    read_only(
        "group.coordinator.threads",
        INT,
        4,
        AtLeast(1),
        WITHOUT_EFFECT + "Groups live in the broker's event loop.",
        HIGH,
    ),
)
