"""Clusters as an observer may see them, made up for tests of what pages say of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cluster.client.addresses import TopicPartition
from cluster.client.admin.cluster import Broker
from cluster.client.admin.descriptions import PartitionDescription, Topic
from cluster.client.admin.groups import GroupMember
from cluster.protocol.primitives import ZERO_UUID
from dashboard.watch.nodes import Node
from dashboard.watch.observation import Group, Observation, Shape

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def partition(index: int, replicas: Sequence[int] = (1, 2, 3), **other: Any) -> PartitionDescription:
    """Led by its first replica and in sync on all, unless told otherwise."""
    fields: dict[str, Any] = {"leader": replicas[0], "leader_epoch": 0, "isr": tuple(replicas), "offline": ()}
    return PartitionDescription(partition=index, replicas=tuple(replicas), **{**fields, **other})


def topic(name: str, *partitions: PartitionDescription) -> Topic:
    made = partitions or tuple(partition(i, [(i + k) % 3 + 1 for k in range(3)]) for i in range(3))
    return Topic(name=name, id=ZERO_UUID, internal=name.startswith("__"), partitions=tuple(made))


def shape(*topics: Topic, brokers: Sequence[int] = (1, 2, 3), controller: int | None = 1) -> Shape:
    return Shape(
        cluster_id="test",
        controller_id=controller,
        brokers={n: Broker(id=n, host="127.0.0.1", port=9091 + n, rack=None, fenced=False) for n in brokers},
        topics={each.name: each for each in topics},
    )


def node(broker_id: int, **other: Any) -> Node:
    fields: dict[str, Any] = {
        "wanted": True,
        "state": "running",
        "pid": 4000 + broker_id,
        "restarts": 0,
        "started_at": NOON,
        "last_exit": "",
        "last_exit_detail": "",
        "last_exit_at": None,
    }
    return Node(broker_id=broker_id, **{**fields, **other})


def group(group_id: str, committed: Mapping[tuple[str, int], int], members: int = 1, **other: Any) -> Group:
    """A group whose partitions are dealt out to its members in turn."""
    keys = [TopicPartition(*key) for key in sorted(committed)]
    fields: dict[str, Any] = {
        "state": "Stable" if members else "Empty",
        "type": "classic",
        "protocol_type": "consumer",
        "protocol": "range",
        "coordinator": 1,
        "described": True,
        "members": tuple(
            GroupMember(
                member_id=f"member-{n}",
                instance_id=None,
                client_id=f"client-{n}",
                host="/127.0.0.1",
                topics=(),
                assignment=tuple(keys[n::members]),
            )
            for n in range(members)
        ),
    }
    return Group(group_id=group_id, committed=committed, **{**fields, **other})


def seen(of: Shape | None = None, **readings: Any) -> Observation:
    """An observation in which every reading was taken."""
    fields: dict[str, Any] = {"nodes": (), "seen_at": NOON, "sizes": {}, "groups": {}, "min_isr": {}}
    keys = of.partitions if of else {}
    fields |= {"starts": dict.fromkeys(keys, 0), "ends": dict.fromkeys(keys, 100)}
    return Observation(shape=of, **{**fields, **readings})
