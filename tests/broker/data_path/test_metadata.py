"""Metadata, DescribeTopicPartitions and producer ids, asked of brokers that run."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cluster.broker.handlers import metadata
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.metadata import (
    DescribeClusterRequest,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsRequestCursor,
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    TopicRequest,
)
from cluster.protocol.messages.produce import InitProducerIdRequest
from cluster.protocol.messages.topics import CreatableTopic, CreateTopicsRequest
from cluster.protocol.primitives import ZERO_UUID, Uuid
from tests.broker.data_path.requests import TOPIC, create, error, put
from tests.support.nodes import FAST, Nodes, brokers

SESSION_S = int(FAST["broker.session.timeout.ms"]) / 1000


async def ask(nodes: Nodes, broker: int, *names: str, version: int = 12, auto: bool = False) -> MetadataResponse:
    topics = [MetadataRequestTopic(name=name) for name in names]
    request = MetadataRequest(topics=topics if names else None, allow_auto_topic_creation=auto)
    response: MetadataResponse = await nodes.ask(broker, request, version)
    return response


def errors(response: MetadataResponse) -> dict[str | None, ErrorCode]:
    return {topic.name: error(topic) for topic in response.topics}


async def test_brokers_controller_and_partitions(three: Nodes) -> None:
    topic_id = await create(three, 1, 2, partitions=2)
    response = await ask(three, 3, TOPIC)
    assert sorted((b.node_id, b.host, b.port) for b in response.brokers) == [
        (i, "127.0.0.1", three.port(i)) for i in (1, 2, 3)
    ]
    assert (response.cluster_id, response.controller_id) == ("a-cluster", three.controller())
    (topic,) = response.topics
    assert (topic.name, topic.topic_id, topic.is_internal) == (TOPIC, topic_id, False)
    for index, partition in enumerate(topic.partitions):
        assert (partition.partition_index, partition.leader_id, partition.leader_epoch) == (index, 1, 0)
        assert (partition.replica_nodes, partition.isr_nodes) == ([1, 2], [1, 2])


@pytest.mark.parametrize("asked", [1, 2, 3])
async def test_what_was_made_is_known_to_every_broker_at_once(three: Nodes, asked: int) -> None:
    for number in range(10):
        name = f"topic-{number}"
        wanted = CreatableTopic(name=name, num_partitions=1, replication_factor=3)
        (made,) = (await three.ask(asked, CreateTopicsRequest(topics=[wanted], timeout_ms=5_000))).topics
        assert error(made) is ErrorCode.NONE
        assert [name in three.state(broker).topics for broker in (1, 2, 3)] == [True] * 3


async def test_all_topics(one: Nodes) -> None:
    await create(one, 1, topic="a")
    await create(one, 1, topic="b")
    every = {"a": ErrorCode.NONE, "b": ErrorCode.NONE}
    assert errors(await ask(one, 1)) == every
    assert errors(await one.ask(1, MetadataRequest(topics=[]), 0)) == every
    assert errors(await one.ask(1, MetadataRequest(topics=[]), 1)) == {}


async def test_by_id(one: Nodes) -> None:
    topic_id = await create(one, 1)
    for asked, name, code in ((topic_id, TOPIC, ErrorCode.NONE), (Uuid(b"x" * 16), None, ErrorCode.UNKNOWN_TOPIC_ID)):
        request = MetadataRequest(topics=[MetadataRequestTopic(name=None, topic_id=asked)])
        (topic,) = (await one.ask(1, request, 12)).topics
        assert (topic.name, topic.topic_id, error(topic)) == (name, asked, code)


async def test_unknown_topics_and_names_that_cannot_be(one: Nodes) -> None:
    response = await ask(one, 1, "nothing", "no spaces", auto=True)
    assert errors(response) == {
        "nothing": ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        "no spaces": ErrorCode.INVALID_TOPIC_EXCEPTION,
    }


@pytest.mark.parametrize("asked", [1, 2])
async def test_topics_are_made_when_broker_and_client_want_it(tmp_path: Path, asked: int) -> None:
    async with brokers(tmp_path, 1, 2, auto_create_topics_enable="true", num_partitions="3") as nodes:
        unknown = {"a": ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}
        assert errors(await ask(nodes, asked, "a")) == unknown
        assert "a" not in nodes.state(asked).topics
        assert errors(await ask(nodes, asked, "a", auto=True)) == unknown
        response = await ask(nodes, asked, "a")
        assert errors(response) == {"a": ErrorCode.NONE}
        assert len(response.topics[0].partitions) == 3


async def test_metadata_waits_for_the_election_that_follows_a_death(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"broker 2 follows")
    await three.crash(1)
    response = await ask(three, 2, TOPIC)
    (partition,) = response.topics[0].partitions
    assert (partition.leader_id, partition.leader_epoch, partition.offline_replicas) == (2, 1, [1])


async def named(nodes: Nodes, broker: int) -> list[int]:
    return sorted(each.node_id for each in (await ask(nodes, broker)).brokers)


async def test_a_broker_that_crashed_is_named_until_its_session_would_have_ended(three: Nodes) -> None:
    await create(three, 1, 2, 3)
    await three.crash(1)
    await three.until(lambda: three.state(2).brokers[1].fenced, "broker 1 is fenced")
    assert await named(three, 2) == [1, 2, 3]
    await asyncio.sleep(SESSION_S)
    assert await named(three, 2) == [2, 3]


async def test_a_broker_that_stopped_in_good_order_is_named_no_more(three: Nodes) -> None:
    await create(three, 1, 2, 3)
    await three.stop(1)
    await three.until(lambda: three.state(2).brokers[1].fenced, "broker 1 is fenced")
    assert await named(three, 2) == [2, 3]


@pytest.mark.parametrize("question", [MetadataRequest(topics=[]), DescribeClusterRequest()], ids=type)
async def test_nobody_is_told_of_a_cluster_without_brokers(one: Nodes, question: Any) -> None:
    await one.stop(1)
    one.store.hold = asyncio.get_running_loop().create_future()
    starting = asyncio.ensure_future(one.start(1))
    client = await one.until_it_listens(1)
    asked = asyncio.ensure_future(client.send(question))
    await asyncio.sleep(0.2)
    assert not asked.done()
    one.store.hold.set_result(None)
    await starting
    assert len((await asked).brokers) == 1
    client.close()


async def test_a_cluster_that_stays_without_brokers_is_told_of(one: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "FIRST_BROKER_S", 0.1)
    await one.stop(1)
    one.store.hold = asyncio.get_running_loop().create_future()
    starting = asyncio.ensure_future(one.start(1))
    client = await one.until_it_listens(1)
    assert (await client.send(MetadataRequest(topics=[]))).brokers == []
    client.close()
    one.store.hold.set_result(None)
    await starting


async def test_a_partition_without_a_leader(three: Nodes) -> None:
    await create(three, 1)
    await three.crash(1)
    await three.until(lambda: all(three.state(i).partition(TOPIC, 0).leader == -1 for i in (2, 3)), "nobody leads")
    (partition,) = (await ask(three, 2, TOPIC)).topics[0].partitions
    assert (error(partition), partition.leader_id) == (ErrorCode.LEADER_NOT_AVAILABLE, -1)


# -- DescribeTopicPartitions


async def describe(nodes: Nodes, *names: str, limit: int = 2000, cursor: tuple[str, int] | None = None) -> Any:
    at = DescribeTopicPartitionsRequestCursor(topic_name=cursor[0], partition_index=cursor[1]) if cursor else None
    topics = [TopicRequest(name=name) for name in names]
    request = DescribeTopicPartitionsRequest(topics=topics, response_partition_limit=limit, cursor=at)
    return await nodes.ask(1, request)


def described(response: Any) -> list[tuple[str, list[int]]]:
    return [(topic.name, [p.partition_index for p in topic.partitions]) for topic in response.topics]


async def test_pages_of_partitions_in_order_of_topic_names(one: Nodes) -> None:
    for name, partitions in (("c", 1), ("a", 3), ("b", 2)):
        await create(one, 1, topic=name, partitions=partitions)
    pages, cursor = [], None
    while True:
        response = await describe(one, limit=2, cursor=cursor)
        pages.append(described(response))
        if response.next_cursor is None:
            break
        cursor = response.next_cursor.topic_name, response.next_cursor.partition_index
    assert pages == [[("a", [0, 1])], [("a", [2]), ("b", [0])], [("b", [1]), ("c", [0])]]


async def test_named_topics_and_those_that_there_are_not(one: Nodes) -> None:
    await create(one, 1, topic="b")
    response = await describe(one, "b", "a", "no spaces")
    assert [(topic.name, error(topic)) for topic in response.topics] == [
        ("a", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ("b", ErrorCode.NONE),
        ("no spaces", ErrorCode.INVALID_TOPIC_EXCEPTION),
    ]
    assert response.topics[0].topic_id == ZERO_UUID


async def test_eligible_leaders_are_told(three: Nodes) -> None:
    await create(three, 2, 3, min_insync_replicas="2")
    await three.crash(2)
    await three.until(lambda: three.state(1).partition(TOPIC, 0).leader == 3, "3 leads")
    (partition,) = (await describe(three, TOPIC)).topics[0].partitions
    assert (partition.isr_nodes, partition.eligible_leader_replicas, partition.offline_replicas) == ([3], [2], [2])


# -- producer ids


async def producer_id(nodes: Nodes, broker: int) -> tuple[ErrorCode, int]:
    answer = await nodes.ask(broker, InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1000))
    return error(answer), answer.producer_id


async def test_producer_ids_are_given_once_by_all_brokers_before_and_after_restarts(three: Nodes) -> None:
    given = []
    for _ in range(3):
        for broker in (1, 2, 3):
            answers = await asyncio.gather(*(producer_id(three, broker) for _ in range(5)))
            assert {code for code, _ in answers} == {ErrorCode.NONE}
            given += [number for _, number in answers]
        controller = three.controller()
        assert controller is not None
        await three.crash(controller)
        await three.until(lambda: three.controller(), "another is the controller")
        await three.start(controller)
    assert len(given) == len(set(given)) == 45


async def test_a_block_that_is_used_up_is_followed_by_another(three: Nodes) -> None:
    first = (await producer_id(three, 1))[1]
    ids = three[1].parts.services.producer_ids
    ids._next = ids._end - 1
    last, following = (await producer_id(three, 1))[1], (await producer_id(three, 1))[1]
    assert last < first + 1000 <= following


async def test_without_a_controller_a_producer_is_to_ask_again(three: Nodes) -> None:
    controller = three.controller()
    assert controller is not None
    other = next(i for i in (1, 2, 3) if i != controller)
    three.store.available = False
    await three.crash(controller)
    assert (await producer_id(three, other))[0] == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    three.store.available = True
    await three.until(lambda: three.controller(), "another is the controller")
    await three.until(lambda: three.state(other).controller.id == three.controller(), "the broker knows")
    assert (await producer_id(three, other))[0] == ErrorCode.NONE


async def test_transactional_producers_are_refused_for_good(one: Nodes) -> None:
    answer = await one.ask(1, InitProducerIdRequest(transactional_id="t", transaction_timeout_ms=1000))
    assert error(answer) == ErrorCode.INVALID_REQUEST
