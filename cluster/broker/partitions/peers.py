"""The other brokers, as the leader of a partition has to know them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from cluster.controller.state import BrokerState, ClusterState


class Peers:
    """Who is registered, who takes part, who may be in sync; and the clock by which followers lag.

    Belongs to the node's loop.
    """

    def __init__(self, broker_id: int, max_lag_ms: float) -> None:
        self.broker_id = broker_id
        self.max_lag_ms = max_lag_ms
        self._loop = asyncio.get_running_loop()
        self._brokers: Mapping[int, BrokerState] = {}
        self.eligible: Mapping[int, int] = {}
        """Ids of the brokers that may be in sync (unfenced, not on their way out) -> their epochs."""

    def follow(self, state: ClusterState) -> None:
        """Take over what the metadata log says."""
        self._brokers = state.brokers
        self.eligible = {
            broker.id: broker.epoch
            for broker in state.brokers.values()
            if not broker.fenced and not broker.in_controlled_shutdown
        }

    def now_ms(self) -> float:
        """The loop's time."""
        return self._loop.time() * 1000

    def alive(self, broker_id: int) -> bool:
        """True when this broker takes part in the cluster."""
        broker = self._brokers.get(broker_id)
        return broker is not None and not broker.fenced

    def superseded(self, broker_id: int, broker_epoch: int) -> bool:
        """True when a newer incarnation of the broker has registered (-1: the epoch is not known)."""
        broker = self._brokers.get(broker_id)
        return broker is not None and broker_epoch != -1 and broker.epoch > broker_epoch
