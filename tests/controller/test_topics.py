"""Topics that are made, deleted and grown, and wishes that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.controller.state import TOPIC
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreatableTopicResult,
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
    CreatePartitionsTopicResult,
    CreateTopicsRequest,
)
from tests.controller.cluster import ControlledCluster, three_brokers


def assignments(*replicas: tuple[int, ...]) -> list[CreatableReplicaAssignment]:
    return [
        CreatableReplicaAssignment(partition_index=index, broker_ids=list(ids)) for index, ids in enumerate(replicas)
    ]


async def create(cluster: ControlledCluster, name: str, validate_only: bool = False, **w: Any) -> CreatableTopicResult:
    topic = CreatableTopic(name=name, **{"num_partitions": -1, "replication_factor": -1, **w})
    request = CreateTopicsRequest(topics=[topic], validate_only=validate_only)
    return (await cluster.controller.create_topics(request)).topics[0]


async def grow(cluster: ControlledCluster, name: str, count: int, **w: Any) -> CreatePartitionsTopicResult:
    wish = CreatePartitionsTopic(name=name, count=count, **{"assignments": None, **w})
    return (await cluster.controller.create_partitions(CreatePartitionsRequest(topics=[wish]))).results[0]


async def test_a_topic_has_what_was_asked_for() -> None:
    cluster = await three_brokers()
    configs = [CreatableTopicConfig(name="retention.ms", value="5")]
    result = await create(cluster, "orders", num_partitions=4, replication_factor=2, configs=configs)
    assert (result.error_code, result.error_message) == (ErrorCode.NONE, None)
    assert (result.num_partitions, result.replication_factor) == (4, 2)
    topic = cluster.state.topics["orders"]
    assert cluster.state.topic_by_id(result.topic_id) is topic
    assert list(topic.partitions) == [0, 1, 2, 3]
    for partition in topic.partitions.values():
        assert partition.isr == partition.replicas
        assert partition.leader == partition.replicas[0]
        assert (partition.leader_epoch, partition.partition_epoch) == (0, 0)
    assert cluster.state.topic_config("orders") == {"retention.ms": "5"}


async def test_a_topic_that_asks_for_defaults_gets_the_policy_s() -> None:
    cluster = await three_brokers(num_partitions=2, replication_factor=3)
    result = await create(cluster, "orders")
    assert (result.num_partitions, result.replication_factor) == (2, 3)


async def test_a_fenced_replica_is_placed_but_not_in_sync() -> None:
    cluster = await three_brokers()
    await cluster.gone(2)
    await create(cluster, "orders", num_partitions=1, replication_factor=3)
    partition = cluster.partition("orders")
    assert sorted(partition.replicas) == [1, 2, 3]
    assert sorted(partition.isr) == [1, 3]


async def test_validation_alone_changes_nothing() -> None:
    cluster = await three_brokers()
    assert (await create(cluster, "orders", validate_only=True)).num_partitions == 1
    assert not cluster.state.topics


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"name": ""}, ErrorCode.INVALID_TOPIC_EXCEPTION),
        ({"name": ".."}, ErrorCode.INVALID_TOPIC_EXCEPTION),
        ({"name": "a b"}, ErrorCode.INVALID_TOPIC_EXCEPTION),
        ({"name": "x" * 250}, ErrorCode.INVALID_TOPIC_EXCEPTION),
        ({"name": "there.is"}, ErrorCode.TOPIC_ALREADY_EXISTS),
        ({"name": "there_is"}, ErrorCode.INVALID_TOPIC_EXCEPTION),
        ({"num_partitions": 0}, ErrorCode.INVALID_PARTITIONS),
        ({"num_partitions": -2}, ErrorCode.INVALID_PARTITIONS),
        ({"replication_factor": 0}, ErrorCode.INVALID_REPLICATION_FACTOR),
        ({"replication_factor": -2}, ErrorCode.INVALID_REPLICATION_FACTOR),
        ({"replication_factor": 4}, ErrorCode.INVALID_REPLICATION_FACTOR),
        ({"assignments": assignments((1,)), "num_partitions": 1}, ErrorCode.INVALID_REQUEST),
        ({"assignments": assignments((1,)), "replication_factor": 1}, ErrorCode.INVALID_REQUEST),
        ({"assignments": assignments(())}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        ({"assignments": assignments((1, 9))}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        ({"assignments": assignments((1, 1))}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        ({"assignments": assignments((1, 2), (1,))}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        ({"assignments": [assignments((1,))[0], assignments((2,))[0]]}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        ({"assignments": assignments((1,), (2,))[1:]}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
    ],
)
async def test_a_wish_that_cannot_be_has_kafka_s_code(wish: dict[str, Any], code: ErrorCode) -> None:
    cluster = await three_brokers()
    await cluster.topic("there.is", (1,))
    offset = cluster.state.offset
    result = await create(cluster, wish.pop("name", "orders"), **wish)
    assert ErrorCode(result.error_code) is code
    assert result.error_message
    assert cluster.state.offset == offset


async def test_names_collide_within_one_request_too() -> None:
    cluster = await three_brokers()
    wanted = [CreatableTopic(name=name, num_partitions=1, replication_factor=1) for name in ("a.b", "c", "a_b")]
    response = await cluster.controller.create_topics(CreateTopicsRequest(topics=wanted))
    assert [t.error_code for t in response.topics] == [0, 0, ErrorCode.INVALID_TOPIC_EXCEPTION]
    assert list(cluster.state.topics) == ["a.b", "c"]


async def test_nothing_is_placed_on_fenced_brokers_alone() -> None:
    cluster = await three_brokers()
    for broker in (1, 2, 3):
        await cluster.gone(broker)
    assert (await create(cluster, "orders")).error_code == ErrorCode.INVALID_REPLICATION_FACTOR
    manual = await create(cluster, "orders", assignments=assignments((1,)))
    assert manual.error_code == ErrorCode.INVALID_REPLICA_ASSIGNMENT


async def test_a_deleted_topic_takes_its_configuration_along_and_its_name_is_free() -> None:
    cluster = await three_brokers()
    first = await cluster.topic("orders", (1,), retention_ms="5")
    assert await cluster.controller.delete_topics([first]) == {first: ErrorCode.NONE}
    assert not cluster.state.topics
    assert (TOPIC, "orders") not in cluster.state.configs
    second = await cluster.topic("orders", (2,))
    assert second != first
    assert cluster.state.topic_name(first) is None
    assert await cluster.controller.delete_topics([first]) == {first: ErrorCode.UNKNOWN_TOPIC_ID}


async def test_a_topic_grows() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2))
    assert (await grow(cluster, "orders", 3)).error_code == ErrorCode.NONE
    assert [len(p.replicas) for p in cluster.state.topics["orders"].partitions.values()] == [2, 2, 2]
    by_hand = [CreatePartitionsAssignment(broker_ids=[3, 1])]
    assert (await grow(cluster, "orders", 4, assignments=by_hand)).error_code == ErrorCode.NONE
    assert cluster.partition("orders", 3).replicas == (3, 1)


@pytest.mark.parametrize(
    ("name", "count", "assigned", "code"),
    [
        ("none", 3, None, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ("orders", 1, None, ErrorCode.INVALID_PARTITIONS),
        ("orders", 0, None, ErrorCode.INVALID_PARTITIONS),
        ("orders", 2, [], ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        ("orders", 2, [[1, 2], [2, 1]], ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        ("orders", 2, [[1]], ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        ("orders", 2, [[1, 9]], ErrorCode.INVALID_REPLICA_ASSIGNMENT),
    ],
)
async def test_a_topic_does_not_grow_in_a_way_that_cannot_be(
    name: str, count: int, assigned: list[list[int]] | None, code: ErrorCode
) -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2))
    by_hand = None if assigned is None else [CreatePartitionsAssignment(broker_ids=ids) for ids in assigned]
    result = await grow(cluster, name, count, assignments=by_hand)
    assert ErrorCode(result.error_code) is code
    assert len(cluster.state.topics["orders"].partitions) == 1
