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

_PARTS_NOT_HERE = {
    "ssl.": "TLS",
    "sasl.": "SASL",
    "connections.max.reauth.": "SASL",
    "security.": "security protocols",
    "principal.builder.": "security protocols",
    "listener.": "named listeners",
    "inter.broker.": "named listeners",
    "early.start.listeners": "named listeners",
    "authorizer.": "authorization",
    "delegation.token.": "delegation tokens",
    "controller.quorum.": "the KRaft quorum (the metadata log lives in the database)",
    "controller.listener.": "the KRaft quorum (the metadata log lives in the database)",
    "socket.connection.setup.": "the KRaft quorum (the metadata log lives in the database)",
    "process.roles": "KRaft roles (every broker can be the controller)",
    "metadata.": "the KRaft log (the metadata log lives in the database)",
    "remote.": "tiered storage",
    "follower.fetch.last.tiered.": "tiered storage",
    "replica.selector.": "the choice of the closest replica for a consumer (followers are read by those who ask them)",
    "cordoned.log.dirs": "several log directories",
    "num.replica.alter.log.dirs.": "several log directories",
    "log.dir.failure.": "several log directories",
    "group.consumer.": "the consumer rebalance protocol",
    "group.share.": "share groups",
    "share.": "share groups",
    "group.streams.": "streams groups",
    "transaction": "transactions",
    "add.partitions.to.txn.": "transactions",
    "quota.": "quotas",
    "client.quota.": "quotas",
    "controller.quota.": "quotas",
    "replication.quota.": "quotas",
    "alter.log.dirs.replication.quota.": "quotas",
    "metric": "Java metrics reporters",
    "kafka.metrics.": "Java metrics reporters",
    "telemetry.": "metrics of clients",
    "config.providers": "Java configuration providers",
    "create.topic.policy.": "Java policies",
    "alter.config.policy.": "Java policies",
    "group.coordinator.append.": "threads and buffers of the Java coordinator",
    "group.coordinator.background.": "threads and buffers of the Java coordinator",
    "group.coordinator.cached.": "threads and buffers of the Java coordinator",
    "fetch.purgatory.": "purgatories",
    "producer.purgatory.": "purgatories",
    "delete.records.purgatory.": "purgatories",
}


def broker_synonyms(name: str) -> tuple[str, ...]:
    """The configurations that mean the same as `name`, itself included, the one that counts most first."""
    if name == _FLUSH[0]:
        return _FLUSH
    return next((names for names in _SAME_MEANING if name in names), (name,))


def unknown_reason(name: str) -> str:
    """Why `name` is not in the table, as half a sentence for whoever set it."""
    for prefix, part in _PARTS_NOT_HERE.items():
        if name.startswith(prefix):
            return f"it belongs to a part of Apache Kafka that is not here: {part}"
    close = difflib.get_close_matches(name, BROKER_CONFIGS, n=1)
    return f"did you mean {close[0]}?" if close else "no broker configuration has this name"
