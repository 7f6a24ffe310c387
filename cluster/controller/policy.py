"""What the controller has to go by besides the cluster's state: the broker's configuration, seen through a port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cluster.controller.elections import Election, Terms
from cluster.controller.state import ClusterState

MIN_ISR, UNCLEAN = "min.insync.replicas", "unclean.leader.election.enable"
ELECTORAL = (MIN_ISR, UNCLEAN)
"""The configurations that elections go by; they have the same names for a topic and for all brokers."""
ALL_BROKERS = ""


class Policy(Protocol):
    """The configuration of the broker that is the controller, as it is now."""

    @property
    def session_timeout_ms(self) -> int:
        """How long a broker may be silent."""

    @property
    def num_partitions(self) -> int:
        """Partitions of a topic that asks for the default."""

    @property
    def replication_factor(self) -> int:
        """Replicas of a topic that asks for the default."""

    @property
    def imbalance_check_ms(self) -> int | None:
        """How often leadership goes back to preferred leaders; None: never by itself."""

    def min_isr(self, overrides: Mapping[str, str]) -> int:
        """`min.insync.replicas` of a topic with these configurations."""

    def unclean(self, overrides: Mapping[str, str]) -> bool:
        """`unclean.leader.election.enable` of a topic with these configurations."""


def effective(state: ClusterState, topic: str) -> Mapping[str, str]:
    """What an election goes by and the metadata log sets for this topic, or else for the whole cluster.

    From the log and not from the broker's configuration, which follows the log and so may be behind a decision.
    """
    cluster = state.broker_config(ALL_BROKERS)
    return {name: cluster[name] for name in ELECTORAL if name in cluster} | dict(state.topic_config(topic))


def terms(state: ClusterState, policy: Policy, topic: str, *, without: int | None = None) -> Terms:
    """The terms of an election in this topic; `without` is a broker that is just going."""
    overrides = effective(state, topic)
    return Terms(
        acceptable=lambda broker: broker != without and state.active(broker),
        min_isr=policy.min_isr(overrides),
        election=Election.UNCLEAN if policy.unclean(overrides) else Election.ONLINE,
    )
