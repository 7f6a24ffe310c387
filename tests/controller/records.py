"""The records of a controlled cluster's partitions, as counts: who holds how many, and how many are acknowledged."""

from __future__ import annotations

from cluster.controller.changes import NO_LEADER
from cluster.controller.state import PartitionState
from tests.controller.cluster import ControlledCluster


class Records:
    """What the brokers' processes hold, whichever of them run.

    `held` is how many of a topic's records a replica has, `acknowledged` how many a producer with acks=all was told of.
    """

    def __init__(self, cluster: ControlledCluster, running: dict[int, bool]) -> None:
        self._cluster = cluster
        self._running = running
        self.held: dict[tuple[str, int], int] = {}
        self.acknowledged: dict[str, int] = {}
        self._led: dict[str, int] = {}

    def begin(self, name: str) -> None:
        """A topic is new, and empty."""
        self.held = {key: count for key, count in self.held.items() if key[0] != name}
        self.acknowledged[name] = self._led[name] = 0

    def forget(self, broker: int) -> None:
        """The disk of a broker is empty again."""
        self.held = {key: count for key, count in self.held.items() if key[1] != broker}

    def leads(self, name: str) -> PartitionState | None:
        """The partition, when its leader runs and is the one that the controller means."""
        state = self._cluster.state
        partition = state.partition(name, 0)
        if partition is None or partition.leader == NO_LEADER or not self._running[partition.leader]:
            return None
        known = state.brokers[partition.leader].epoch == self._cluster.brokers[partition.leader].epoch
        return partition if known else None

    def produce(self, name: str) -> None:
        """The leader appends; the record is acknowledged when an ISR that is large enough has it."""
        partition = self.leads(name)
        if partition is None:
            return
        self.held[name, partition.leader] = self.held.get((name, partition.leader), 0) + 1
        reached = [replica for replica in partition.isr if self._running[replica]]
        for replica in reached:
            self.held[name, replica] = self.held[name, partition.leader]
        minimum = min(self._minimum(name), len(partition.replicas))
        if len(reached) == len(partition.isr) >= minimum:
            self.acknowledged[name] = self.held[name, partition.leader]

    def _minimum(self, name: str) -> int:
        state = self._cluster.state
        return self._cluster.policy.min_isr({**state.broker_config(""), **state.topic_config(name)})

    def check_new_leader(self, name: str) -> None:
        """A leader has every acknowledged record when it begins. A process that is dead leads nobody."""
        partition = self.leads(name)
        if partition is None or partition.leader_epoch == self._led[name]:
            return
        self._led[name] = partition.leader_epoch
        held = self.held.get((name, partition.leader), 0)
        if partition.recovering:
            # An unclean election: all who certainly had everything are gone for good. What is left counts anew.
            self.acknowledged[name] = min(self.acknowledged[name], held)
        assert held >= self.acknowledged[name], f"{name}: leader {partition.leader} lacks acknowledged records"
        for replica in partition.isr:
            if self._running[replica]:
                self.held[name, replica] = held
