"""The controller's view of the broker's configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cluster.broker.config import BrokerConfig


class BrokerPolicy:
    """Answers the controller from the configuration that is in effect now."""

    def __init__(self, config: Callable[[], BrokerConfig]) -> None:
        self._config = config

    @property
    def session_timeout_ms(self) -> int:
        """How long a broker may be silent."""
        return self._config().broker_session_timeout_ms

    @property
    def num_partitions(self) -> int:
        """Partitions of a topic that asks for the default."""
        return self._config().num_partitions

    @property
    def replication_factor(self) -> int:
        """Replicas of a topic that asks for the default."""
        return self._config().default_replication_factor

    @property
    def imbalance_check_ms(self) -> int | None:
        """How often leadership goes back to preferred leaders; None: never by itself."""
        config = self._config()
        return config.leader_imbalance_check_interval_seconds * 1000 if config.auto_leader_rebalance_enable else None

    def min_isr(self, overrides: Mapping[str, str]) -> int:
        """`min.insync.replicas` of a topic with these configurations."""
        return self._config().effective_min_insync_replicas(overrides)

    def unclean(self, overrides: Mapping[str, str]) -> bool:
        """`unclean.leader.election.enable` of a topic with these configurations."""
        return self._config().effective_unclean_leader_election(overrides)
