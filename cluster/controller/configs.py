"""Decisions over configurations: what is set, and who may lead after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cluster.controller.changes import Change, ConfigChanged
from cluster.controller.elections import next_partition
from cluster.controller.partitions import changed
from cluster.controller.policy import ELECTORAL, Policy, terms
from cluster.controller.state import TOPIC, ClusterState, ConfigKey

Wanted = Mapping[ConfigKey, Mapping[str, str | None]]


def alter(state: ClusterState, policy: Policy, wanted: Wanted) -> list[Change]:
    """Set configurations (None: back to the default). They are valid: the caller has checked them."""
    changes: list[Change] = [
        ConfigChanged(resource_type=kind, resource_name=resource, name=name, value=value)
        for (kind, resource), entries in wanted.items()
        for name, value in entries.items()
    ]
    return changes + _settle(state.with_changes(changes), policy, _unsettled(state, wanted))


def _unsettled(state: ClusterState, wanted: Wanted) -> list[str]:
    """The topics whose elections go by another configuration now."""
    touched = [key for key, entries in wanted.items() if any(name in entries for name in ELECTORAL)]
    if any(kind != TOPIC for kind, _ in touched):
        return list(state.topics)
    return [name for _, name in touched if name in state.topics]


def _settle(state: ClusterState, policy: Policy, topics: Iterable[str]) -> list[Change]:
    """Replicas that lag may be eligible no more, and leaderless partitions may be led.

    In the same write as the configuration: a leader that counts by the new minimum must not meet old eligible replicas.
    """
    changes: list[Change] = []
    for name in topics:
        topic = state.topics[name]
        by = terms(state, policy, name)
        for index, partition in topic.partitions.items():
            following = next_partition(partition, by)
            if following is not None:
                changes.append(changed(topic.id, index, following))
    return changes
