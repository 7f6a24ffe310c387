"""Any commands in any order: the invariants of KAFKA.md §2 hold after each, and no acknowledged record is lost.

Broker 1 has a disk that forgets on every unclean stop (of such brokers as many as min.insync.replicas - 1 are survived,
KIP-966); the others keep what they were given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cluster.controller import commits
from cluster.controller.state import BROKER, TOPIC, ClusterState
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.topics import ElectLeadersRequest
from tests.controller.cluster import SESSION_MS, ControlledCluster
from tests.controller.invariants import check_log, check_state
from tests.controller.records import Records
from tests.support.metadata_store import Fault

BROKERS = (1, 2, 3)
FORGETFUL = 1
ASSIGNMENTS = {"three": (1, 2, 3), "two": (2, 1)}

brokers = st.sampled_from(BROKERS)
topics = st.sampled_from(sorted(ASSIGNMENTS))


class Processes(RuleBasedStateMachine):
    """A controller, and its brokers' processes that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.cluster = ControlledCluster()
        self.running: dict[int, bool] = dict.fromkeys(BROKERS, False)
        self.records = Records(self.cluster, self.running)
        self.replayed: ClusterState | None = None
        self.pause, commits.RETRY_S = commits.RETRY_S, 0

    def teardown(self) -> None:
        commits.RETRY_S = self.pause
        self.loop.close()

    def run(self, command: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(command)

    @initialize()
    def begin(self) -> None:
        self.run(self.cluster.elect())
        self.run(self.cluster.start(*BROKERS))
        self.running.update(dict.fromkeys(BROKERS, True))
        for name in ASSIGNMENTS:
            self._create(name)

    @rule(broker=brokers)
    def kill(self, broker: int) -> None:
        if self.running[broker]:
            self._die(broker)
            self.run(self.cluster.gone(broker))

    def _die(self, broker: int) -> None:
        self.running[broker] = False
        if broker == FORGETFUL:
            self.records.forget(broker)

    @rule(broker=brokers)
    def kill_unnoticed(self, broker: int) -> None:
        if self.running[broker]:
            self._die(broker)

    @rule(broker=brokers, heard_of=st.booleans())
    def restart_after_a_kill(self, broker: int, heard_of: bool) -> None:
        if not self.running[broker]:
            self.run(self.cluster.register(self.cluster.process(broker)))
            self.running[broker] = True
            if heard_of:
                self._beat(broker)

    @rule(broker=brokers)
    def stop_in_order_and_start(self, broker: int) -> None:
        if not self.running[broker] or self._state().brokers[broker].epoch != self.cluster.brokers[broker].epoch:
            return
        for _ in range(3):
            for other in BROKERS:
                if self.running[other] and other != broker:
                    self._beat(other)
            if self.run(self.cluster.heartbeat(broker, want_shut_down=True)).should_shut_down:
                epoch = self.cluster.brokers[broker].epoch
                self.run(self.cluster.register(self.cluster.process(broker), previous_epoch=epoch))
                return

    @rule(broker=brokers)
    def heartbeat(self, broker: int) -> None:
        if self.running[broker]:
            self._beat(broker)

    def _beat(self, broker: int) -> None:
        self.run(self.cluster.heartbeat(broker))

    @rule()
    def a_session_s_time_passes(self) -> None:
        self.cluster.now_ms += SESSION_MS - 1
        for broker in BROKERS:
            if self.running[broker]:
                self._beat(broker)
        self.cluster.now_ms += 1
        self.run(self.cluster.controller.tick(self.cluster.now_ms))

    @rule()
    def another_controller_takes_over(self) -> None:
        self.run(self.cluster.elect(self.cluster.controller.epoch % 4 + 1))

    @rule(fault=st.sampled_from(list(Fault)))
    def the_next_write_meets(self, fault: Fault) -> None:
        self.cluster.store.faults.append(fault)

    def _create(self, name: str) -> None:
        self.run(self.cluster.topic(name, ASSIGNMENTS[name]))
        self.records.begin(name)

    def _state(self) -> ClusterState:
        return self.cluster.state


class Commands(Processes):
    """Topics, configurations and records besides, and what must hold."""

    @rule(name=topics)
    def delete_and_create(self, name: str) -> None:
        if any(map(self._state().active, ASSIGNMENTS[name])):
            self.run(self.cluster.controller.delete_topics([self._state().topics[name].id]))
            self._create(name)

    @rule(name=topics, value=st.sampled_from(["1", "2", "3", None]))
    def another_minimum_for_a_topic(self, name: str, value: str | None) -> None:
        self.run(self.cluster.controller.alter_configs({(TOPIC, name): {"min.insync.replicas": value}}))

    @rule(value=st.sampled_from(["1", "2", "3"]))
    def another_minimum_for_all(self, value: str) -> None:
        self.run(self.cluster.controller.alter_configs({(BROKER, ""): {"min.insync.replicas": value}}))

    @rule()
    def produce(self) -> None:
        for name in ASSIGNMENTS:
            self.records.produce(name)

    @rule(name=topics)
    def catch_up_and_join(self, name: str) -> None:
        """All that run come into the ISR, one after the other, and a record follows."""
        for replica in ASSIGNMENTS[name]:
            partition = self.records.leads(name)
            if partition is not None and replica not in partition.isr and self.running[replica]:
                self.records.held[name, replica] = self.records.held.get((name, partition.leader), 0)
                answer = self.run(self.cluster.propose(name, (*partition.isr, replica)))
                assert answer.error_code in (ErrorCode.NONE, ErrorCode.INELIGIBLE_REPLICA)
        self.records.produce(name)

    @rule(name=topics, replica=brokers)
    def fall_behind(self, name: str, replica: int) -> None:
        partition = self.records.leads(name)
        if partition is not None and replica in partition.isr and replica != partition.leader:
            isr = tuple(r for r in partition.isr if r != replica)
            answer = self.run(self.cluster.propose(name, isr))
            assert answer.error_code in (ErrorCode.NONE, ErrorCode.INELIGIBLE_REPLICA)
            self.records.produce(name)

    @rule()
    def elect_preferred_leaders(self) -> None:
        self.run(self.cluster.controller.elect_leaders(ElectLeadersRequest(topic_partitions=None)))

    @precondition(lambda self: hasattr(self.cluster, "controller"))
    @invariant()
    def the_state_is_one_that_may_be(self) -> None:
        check_state(self._state(), self.cluster.policy)
        behind = 0 if self.replayed is None else self.replayed.offset + 1
        self.replayed = check_log(self.cluster.store.entries[behind:], self.replayed)
        assert self.replayed == self._state(), "what is decided is what is written"

    @precondition(lambda self: hasattr(self.cluster, "controller"))
    @invariant()
    def a_leader_has_every_acknowledged_record(self) -> None:
        for name in self._state().topics:
            self.records.check_new_leader(name)


TestCommands = Commands.TestCase
TestCommands.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
