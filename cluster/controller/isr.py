"""Decisions over the sets of in-sync replicas that leaders propose (AlterPartition, KIP-497)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cluster.controller.changes import Change
from cluster.controller.elections import Election, next_partition
from cluster.controller.membership import check_epoch
from cluster.controller.partitions import changed
from cluster.controller.policy import Policy, terms
from cluster.controller.state import ClusterState, PartitionState, TopicState
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.replication import (
    AlterPartitionRequest,
    AlterPartitionRequestPartitionData,
    AlterPartitionResponse,
    AlterPartitionResponsePartitionData,
    AlterPartitionResponseTopicData,
    BrokerState,
)

UNREGISTERED = -2


def alter(
    state: ClusterState, policy: Policy, request: AlterPartitionRequest
) -> tuple[list[Change], AlterPartitionResponse]:
    """Judge a leader's proposals, each on its own. Raises StaleBrokerEpoch, BrokerIdNotRegistered."""
    check_epoch(state, request.broker_id, request.broker_epoch)
    changes: list[Change] = []
    response = AlterPartitionResponse()
    for asked in request.topics:
        answers = AlterPartitionResponseTopicData(topic_id=asked.topic_id)
        response.topics.append(answers)
        topic = state.topic_by_id(asked.topic_id)
        for data in asked.partitions:
            answer = AlterPartitionResponsePartitionData(partition_index=data.partition_index)
            answers.partitions.append(answer)
            if topic is None:
                answer.error_code = ErrorCode.UNKNOWN_TOPIC_ID
                continue
            following = _judge(state, policy, request.broker_id, topic, data, answer)
            if following is not None:
                changes.append(changed(topic.id, data.partition_index, following))
    return changes, response


def _judge(
    state: ClusterState,
    policy: Policy,
    broker_id: int,
    topic: TopicState,
    asked: AlterPartitionRequestPartitionData,
    answer: AlterPartitionResponsePartitionData,
) -> PartitionState | None:
    """Fill the answer. Returns the next state of the partition, None when it stays as it is."""
    partition = topic.partitions.get(asked.partition_index)
    answer.error_code = _objection(state, broker_id, partition, asked)
    if answer.error_code != ErrorCode.NONE or partition is None:
        return None
    by = replace(terms(state, policy, topic.name), election=Election.ONLINE)
    isr = tuple(member.broker_id for member in _members(asked))
    result = next_partition(partition, by, isr=isr, recovering=bool(asked.leader_recovery_state)) or partition
    answer.leader_id, answer.leader_epoch = result.leader, result.leader_epoch
    answer.isr, answer.partition_epoch = list(result.isr), result.partition_epoch
    answer.leader_recovery_state = int(result.recovering)
    return None if result is partition else result


def _members(asked: AlterPartitionRequestPartitionData) -> Sequence[BrokerState]:
    """The proposed ISR; before version 3 without broker epochs."""
    return asked.new_isr_with_epochs or [BrokerState(broker_id=replica) for replica in asked.new_isr]


def _objection(
    state: ClusterState, broker_id: int, partition: PartitionState | None, asked: AlterPartitionRequestPartitionData
) -> ErrorCode:
    if partition is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if asked.leader_epoch > partition.leader_epoch or asked.partition_epoch > partition.partition_epoch:
        # The leader knows more than we do: we are not the controller any more.
        return ErrorCode.NOT_CONTROLLER
    if asked.leader_epoch < partition.leader_epoch:
        return ErrorCode.FENCED_LEADER_EPOCH
    if broker_id != partition.leader:
        return ErrorCode.INVALID_REQUEST
    if asked.partition_epoch < partition.partition_epoch:
        return ErrorCode.INVALID_UPDATE_VERSION
    return _objection_to_isr(state, partition, asked)


def _objection_to_isr(
    state: ClusterState, partition: PartitionState, asked: AlterPartitionRequestPartitionData
) -> ErrorCode:
    members = _members(asked)
    isr = [member.broker_id for member in members]
    known = all(replica in partition.replicas for replica in isr)
    if not isr or not known or len(dict.fromkeys(isr)) < len(isr) or partition.leader not in isr:
        return ErrorCode.INVALID_REQUEST
    if asked.leader_recovery_state and (len(isr) > 1 or not partition.recovering):
        return ErrorCode.INVALID_REQUEST
    for member in members:
        # A stale epoch means that the leader saw an earlier incarnation (KIP-903).
        stale = member.broker_epoch != -1 and member.broker_epoch != _epoch(state, member.broker_id)
        if not state.active(member.broker_id) or stale:
            return ErrorCode.INELIGIBLE_REPLICA
    return ErrorCode.NONE


def _epoch(state: ClusterState, broker_id: int) -> int:
    broker = state.brokers.get(broker_id)
    return UNREGISTERED if broker is None else broker.epoch
