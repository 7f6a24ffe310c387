"""A cluster state as JSON and back: what a snapshot row holds."""

from __future__ import annotations

from typing import Any

from cluster.controller.state import BrokerState, ClusterState, ControllerState, PartitionState, TopicState
from cluster.protocol.primitives import Uuid, uuid_from_text, uuid_to_text


def to_json(state: ClusterState) -> dict[str, Any]:
    """The state in the types of JSON."""
    controller = state.controller
    return {
        "offset": state.offset,
        "controller": controller and [controller.id, controller.epoch, controller.host, controller.port],
        "brokers": [_broker(broker) for broker in state.brokers.values()],
        "topics": [_topic(topic) for topic in state.topics.values()],
        "configs": [[kind, name, dict(texts)] for (kind, name), texts in state.configs.items()],
        "next_producer_id": state.next_producer_id,
    }


def _broker(broker: BrokerState) -> dict[str, Any]:
    return {
        "id": broker.id,
        "epoch": broker.epoch,
        "incarnation": uuid_to_text(broker.incarnation),
        "host": broker.host,
        "port": broker.port,
        "rack": broker.rack,
        "log_dirs": [uuid_to_text(one) for one in broker.log_dirs],
        "fenced": broker.fenced,
        "in_controlled_shutdown": broker.in_controlled_shutdown,
    }


def _topic(topic: TopicState) -> dict[str, Any]:
    return {
        "name": topic.name,
        "id": uuid_to_text(topic.id),
        "partitions": [[index, *_partition(partition)] for index, partition in topic.partitions.items()],
    }


def _partition(p: PartitionState) -> list[Any]:
    lists = [list(p.replicas), list(p.isr), list(p.elr), list(p.last_known_elr)]
    return [p.leader, p.leader_epoch, p.partition_epoch, *lists, p.recovering]


def from_json(cluster_id: str, data: dict[str, Any]) -> ClusterState:
    """The state that `to_json` wrote."""
    topics = {topic["name"]: _read_topic(topic) for topic in data["topics"]}
    controller = data["controller"]
    return ClusterState(
        cluster_id=cluster_id,
        offset=data["offset"],
        controller=controller
        and ControllerState(id=controller[0], epoch=controller[1], host=controller[2], port=controller[3]),
        brokers={broker["id"]: _read_broker(broker) for broker in data["brokers"]},
        topics=topics,
        names={topic.id: topic.name for topic in topics.values()},
        configs={(kind, name): texts for kind, name, texts in data["configs"]},
        next_producer_id=data["next_producer_id"],
    )


def _read_broker(data: dict[str, Any]) -> BrokerState:
    uuids: dict[str, Any] = {
        "incarnation": uuid_from_text(data["incarnation"]),
        "log_dirs": tuple(uuid_from_text(one) for one in data["log_dirs"]),
    }
    return BrokerState(**{**data, **uuids})


def _read_topic(data: dict[str, Any]) -> TopicState:
    partitions = {row[0]: _read_partition(row[1:]) for row in data["partitions"]}
    return TopicState(name=data["name"], id=Uuid(uuid_from_text(data["id"])), partitions=partitions)


def _read_partition(row: list[Any]) -> PartitionState:
    leader, leader_epoch, partition_epoch, replicas, isr, elr, last_known_elr, recovering = row
    return PartitionState(
        leader=leader,
        leader_epoch=leader_epoch,
        partition_epoch=partition_epoch,
        replicas=tuple(replicas),
        isr=tuple(isr),
        elr=tuple(elr),
        last_known_elr=tuple(last_known_elr),
        recovering=recovering,
    )
