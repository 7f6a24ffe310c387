"""Every broker configuration that this broker has, by name, and which of them mean the same."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

from cluster.broker.configuration.definition import BrokerDefinition
from cluster.broker.configuration.groups import GROUPS
from cluster.broker.configuration.logs import LOGS
from cluster.broker.configuration.network import NETWORK
from cluster.broker.configuration.replication import REPLICATION

BROKER_CONFIGS: Final[Mapping[str, BrokerDefinition]] = {
    definition.name: definition for definition in (*NETWORK, *REPLICATION, *LOGS, *GROUPS)
}

_SAME_MEANING = (
    ("log.roll.ms", "log.roll.hours"),
    ("log.roll.jitter.ms", "log.roll.jitter.hours"),
    ("log.retention.ms", "log.retention.minutes", "log.retention.hours"),
)
_FLUSH = ("log.flush.interval.ms", "log.flush.scheduler.interval.ms")

_PARTS_NOT_HERE: Final[Mapping[str, tuple[str, ...]]] = {
    "TLS": ("ssl.",),
    "SASL": ("sasl.", "connections.max.reauth."),
    "security protocols": ("security.", "principal.builder."),
    "named listeners": ("listener.", "inter.broker.", "early.start.listeners"),
    "authorization": ("authorizer.",),
    "delegation tokens": ("delegation.token.",),
    "the KRaft quorum (the metadata log lives in the database)": (
        "controller.quorum.",
        "controller.listener.",
        "socket.connection.setup.",
    ),
    "KRaft roles (every broker can be the controller)": ("process.roles",),
    "the KRaft log (the metadata log lives in the database)": ("metadata.",),
    "tiered storage": ("remote.", "follower.fetch.last.tiered."),
    "the choice of the closest replica for a consumer (followers are read by those who ask them)": (
        "replica.selector.",
    ),
    "several log directories": ("cordoned.log.dirs", "num.replica.alter.log.dirs.", "log.dir.failure."),
    "the consumer rebalance protocol": ("group.consumer.",),
    "share groups": ("group.share.", "share."),
    "streams groups": ("group.streams.",),
    "transactions": ("transaction", "add.partitions.to.txn."),
    "quotas": (
        "quota.",
        "client.quota.",
        "controller.quota.",
        "replication.quota.",
        "alter.log.dirs.replication.quota.",
    ),
    "Java metrics reporters": ("metric", "kafka.metrics."),
    "metrics of clients": ("telemetry.",),
    "Java configuration providers": ("config.providers",),
    "Java policies": ("create.topic.policy.", "alter.config.policy."),
    "threads and buffers of the Java coordinator": (
        "group.coordinator.append.",
        "group.coordinator.background.",
        "group.coordinator.cached.",
    ),
    "purgatories": ("fetch.purgatory.", "producer.purgatory.", "delete.records.purgatory."),
}
"""How the names begin of what only Apache Kafka has, by the part of it that they belong to."""


def broker_synonyms(name: str) -> tuple[str, ...]:
    """The configurations that mean the same as `name`, itself included, the one that counts most first."""
    if name == _FLUSH[0]:
        return _FLUSH
    return next((names for names in _SAME_MEANING if name in names), (name,))


def unknown_reason(name: str) -> str:
    """Why `name` is not in the table, as half a sentence for whoever set it."""
    for part, beginnings in _PARTS_NOT_HERE.items():
        if name.startswith(beginnings):
            return f"it belongs to a part of Apache Kafka that is not here: {part}"
    close = difflib.get_close_matches(name, BROKER_CONFIGS, n=1)
    return f"did you mean {close[0]}?" if close else "no broker configuration has this name"
