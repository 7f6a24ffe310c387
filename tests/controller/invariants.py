"""What must hold of every record of the metadata log, and of every state that brokers can see (KAFKA.md §2)."""

from __future__ import annotations

from collections.abc import Sequence

from cluster.controller.changes import NO_LEADER, BrokerRegistered, PartitionChanged
from cluster.controller.policy import Policy, effective
from cluster.controller.state import ClusterState, Entry, PartitionState


def check_log(entries: Sequence[Entry], state: ClusterState | None = None) -> ClusterState:
    """Replay a log (behind a state), checking each record against its predecessor. Returns the state at its end."""
    state = state or ClusterState(cluster_id="a-cluster")
    epoch = state.controller.epoch if state.controller else 0
    for entry in entries:
        assert entry.offset == state.offset + 1, "offsets are dense"
        assert entry.controller_epoch >= epoch, "controller epochs never go back"
        epoch = entry.controller_epoch
        match entry.change:
            case PartitionChanged() as change:
                topic = state.topic_by_id(change.topic_id)
                assert topic is not None, "a change is of a topic that is there"
                _check_change(topic.partitions[change.index], change)
            case BrokerRegistered() as change:
                former = state.brokers.get(change.broker_id)
                assert former is None or entry.offset > former.epoch, "broker epochs grow"
        state = state.apply_all([entry])
    assert state.controller is None or state.controller.epoch == epoch
    return state


def _check_change(before: PartitionState, after: PartitionChanged) -> None:
    assert after.partition_epoch == before.partition_epoch + 1, "each change adds one to the partition epoch"
    moved = after.leader != before.leader
    assert after.leader_epoch == before.leader_epoch + moved, "each election adds one to the leader epoch"
    same = PartitionState(
        replicas=after.replicas,
        isr=after.isr,
        leader=after.leader,
        leader_epoch=before.leader_epoch,
        partition_epoch=before.partition_epoch,
        elr=after.elr,
        last_known_elr=after.last_known_elr,
        recovering=after.recovering,
    )
    assert same != before, "a change changes something"


def check_state(state: ClusterState, policy: Policy) -> None:
    """Check a state that a write has left."""
    for topic in state.topics.values():
        min_isr = policy.min_isr(effective(state, topic.name))
        unclean = policy.unclean(effective(state, topic.name))
        for index, partition in topic.partitions.items():
            try:
                _check_partition(state, partition, min(min_isr, len(partition.replicas)))
                if unclean:
                    assert partition.leader != NO_LEADER or not any(map(state.active, partition.replicas))
            except AssertionError as error:
                raise AssertionError(f"{topic.name}-{index}: {error.args[0]}: {partition}") from None


def _check_partition(state: ClusterState, partition: PartitionState, min_isr: int) -> None:
    isr, elr, leader = partition.isr, partition.elr, partition.leader
    assert all(map(state.active, isr)), "fenced or leaving brokers are not in sync"
    assert not [r for r in isr if r in elr], "ISR and ELR have nobody in common"
    assert all(r in partition.replicas for r in (*isr, *elr)), "ISR and ELR are replicas"
    assert len(dict.fromkeys(isr)) == len(isr), "nobody is in sync twice"
    assert not elr or len(isr) < min_isr, "a sufficient ISR leaves no ELR"
    assert leader == NO_LEADER or leader in isr, "the leader is in sync"
    assert leader != NO_LEADER or not isr, "an ISR has a leader"
    assert leader != NO_LEADER or not any(map(state.active, elr)), "an eligible replica that is there leads"
    assert leader == NO_LEADER or not partition.last_known_elr, "the last leader is remembered while there is none"
