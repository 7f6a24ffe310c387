"""The administration, tried on Apache Kafka itself and on one broker of ours: the same answers."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import confluent_kafka
import pytest

from cluster.client.addresses import TopicPartition, bootstrap_servers
from cluster.client.admin import Admin
from cluster.client.admin.config_entries import (
    Change,
    ConfigChange,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    ResourceType,
)
from cluster.client.admin.descriptions import Topic
from cluster.client.admin.groups import GroupDescription
from cluster.client.admin.offsets import CommittedOffset, Instant, ListedOffset
from cluster.client.admin.topics import CreatedTopic, NewTopic, TopicAdmin
from cluster.protocol.errors import (
    ElectionNotNeeded,
    GroupIdNotFound,
    InvalidConfig,
    InvalidReplicationFactor,
    KafkaError,
    NonEmptyGroup,
    TopicAlreadyExists,
    UnknownTopicOrPartition,
)
from tests.support.apache_cluster import apache_cluster
from tests.support.cluster import cluster
from tests.support.patience import seconds

T = TypeVar("T")

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


@dataclass(frozen=True, slots=True)
class Peer:
    """One broker with the id 1."""

    bootstrap: str
    port: int


@pytest.fixture(scope="module", params=["apache", "odradek"])
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "apache":
        with apache_cluster(folder) as kafka:
            yield Peer(kafka.bootstrap, kafka.port(1))
    else:
        with cluster(1, folder, "--set", "group.initial.rebalance.delay.ms=0") as ours:
            yield Peer(ours.bootstrap, ours.port(1))


@pytest.fixture
async def admin(peer: Peer) -> AsyncIterator[Admin]:
    async with Admin(bootstrap_servers(peer.bootstrap), random.Random(1)) as opened:
        yield opened


@pytest.fixture
async def topic(admin: Admin, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    name = f"topic-{abs(hash(request.node.nodeid))}"
    created = (await admin.topics.create([NewTopic(name=name, partitions=2, replication_factor=1)]))[name]
    assert isinstance(created, CreatedTopic)
    await described(admin, name, 2)
    yield name
    await admin.topics.delete([name])


async def settled(ask: Callable[[], Awaitable[T]], expected: Callable[[T], bool]) -> T:
    """Ask until the answer is as expected: a broker follows the controller a little later."""
    async with asyncio.timeout(seconds(10)):
        while not expected(answer := await ask()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return answer


async def described(admin: Admin, name: str, partitions: int) -> Topic:
    """The topic, once the broker that is asked knows so many partitions of it."""

    def complete(topics: dict[str, Topic | KafkaError]) -> bool:
        topic = topics[name]
        return isinstance(topic, Topic) and len(topic.partitions) == partitions

    topic = (await settled(lambda: admin.topics.describe([name]), complete))[name]
    assert isinstance(topic, Topic)
    return topic


def produce(peer: Peer, topic: str, partition: int, count: int) -> None:
    producer = confluent_kafka.Producer({"bootstrap.servers": peer.bootstrap})
    for number in range(count):
        producer.produce(topic, b"value-%d" % number, partition=partition, timestamp=1000 + number)
    assert producer.flush(30) == 0


def member(peer: Peer, topic: str, group: str) -> confluent_kafka.Consumer:
    """A consumer that has joined its group and read something."""
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": peer.bootstrap, "group.id": group, "auto.offset.reset": "earliest", "client.id": "tester"}
    )
    consumer.subscribe([topic])
    assert consumer.poll(30) is not None
    return consumer


async def test_the_cluster_is_described(admin: Admin, peer: Peer) -> None:
    cluster = await admin.cluster.describe()
    assert [(broker.id, broker.port, broker.fenced) for broker in cluster.brokers] == [(1, peer.port, False)]
    assert cluster.controller_id == 1
    assert len(cluster.cluster_id) == 22
    assert (await admin.cluster.served_apis(1))[18][1] >= 4


async def test_a_topic_is_created_described_grown_and_deleted(admin: Admin) -> None:
    wanted = NewTopic(name="orders", partitions=2, replication_factor=1, configs={"retention.ms": "1000"})
    created = (await admin.topics.create([wanted]))["orders"]
    assert isinstance(created, CreatedTopic)
    assert (created.partitions, created.replication_factor) == (2, 1)
    topic = await described(admin, "orders", 2)
    assert topic.id == created.id
    assert [(one.partition, one.leader, one.replicas, one.isr) for one in topic.partitions] == [
        (0, 1, (1,), (1,)),
        (1, 1, (1,), (1,)),
    ]
    assert (await admin.topics.add_partitions({"orders": 4})) == {"orders": None}
    await described(admin, "orders", 4)
    topic = next(one for one in await admin.topics.all() if one.name == "orders")
    assert [one.partition for one in topic.partitions] == [0, 1, 2, 3]
    assert await admin.topics.delete(["orders"]) == {"orders": None}
    gone = await settled(lambda: admin.topics.describe(["orders"]), lambda told: not isinstance(told["orders"], Topic))
    assert isinstance(gone["orders"], UnknownTopicOrPartition)


async def test_one_refused_topic_does_not_hinder_another(admin: Admin, topic: str) -> None:
    outcomes = await admin.topics.create(
        [NewTopic(name=topic), NewTopic(name="too-wide", replication_factor=3), NewTopic(name="fine")]
    )
    assert isinstance(outcomes[topic], TopicAlreadyExists)
    assert isinstance(outcomes["too-wide"], InvalidReplicationFactor)
    assert isinstance(outcomes["fine"], CreatedTopic)
    assert await admin.topics.delete(["fine"]) == {"fine": None}


async def test_validation_creates_nothing(admin: Admin) -> None:
    outcome = (await admin.topics.create([NewTopic(name="never", partitions=1)], validate_only=True))["never"]
    assert isinstance(outcome, CreatedTopic)
    assert "never" not in {one.name for one in await admin.topics.all()}


async def test_a_description_of_many_partitions_comes_in_pages(admin: Admin) -> None:
    names = [f"wide-{number}" for number in range(3)]
    await admin.topics.create([NewTopic(name=name, partitions=5, replication_factor=1) for name in names])
    for name in names:
        await described(admin, name, 5)
    topics = await TopicAdmin(admin.router, page_partitions=3).describe(names)
    assert list(topics) == names
    for topic in topics.values():
        assert isinstance(topic, Topic)
        assert [one.partition for one in topic.partitions] == list(range(5))
    await admin.topics.delete(names)


async def test_an_election_that_is_not_needed_says_so(admin: Admin, topic: str) -> None:
    outcome = await admin.topics.elect_leaders([TopicPartition(topic, 0)])
    assert isinstance(outcome[TopicPartition(topic, 0)], ElectionNotNeeded)


async def test_configurations_are_changed_and_told_with_their_source(admin: Admin, topic: str) -> None:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    changes = [ConfigChange(name="retention.ms", value="7000"), ConfigChange(name="cleanup.policy", value="compact")]
    assert await admin.configs.alter({resource: changes}) == {resource: None}
    appended = ConfigChange(name="cleanup.policy", value="delete", change=Change.APPEND)
    assert await admin.configs.alter({resource: [appended]}) == {resource: None}

    async def ask() -> dict[str, ConfigEntry]:
        entries = (await admin.configs.describe([resource], documentation=True))[resource]
        assert not isinstance(entries, KafkaError)
        return {entry.name: entry for entry in entries}

    told = await settled(ask, lambda entries: entries["cleanup.policy"].value == "compact,delete")
    assert (told["retention.ms"].value, told["retention.ms"].source) == ("7000", ConfigSource.TOPIC)
    assert told["cleanup.policy"].value == "compact,delete"
    assert told["segment.bytes"].source == ConfigSource.DEFAULT
    assert told["retention.ms"].documentation
    assert [synonym.name for synonym in told["segment.bytes"].synonyms] == ["log.segment.bytes"]


async def test_a_refused_configuration_says_why(admin: Admin, topic: str) -> None:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    refused = (await admin.configs.alter({resource: [ConfigChange(name="retention.ms", value="soon")]}))[resource]
    assert isinstance(refused, InvalidConfig)
    assert "retention.ms" in str(refused)


async def test_brokers_are_asked_for_their_own_configuration(admin: Admin) -> None:
    resource = ConfigResource(ResourceType.BROKER, "1")
    entries = (await admin.configs.describe([resource], names=["node.id", "log.dirs"]))[resource]
    assert not isinstance(entries, KafkaError)
    assert [(entry.name, entry.source) for entry in entries] == [
        ("log.dirs", ConfigSource.STATIC_BROKER),
        ("node.id", ConfigSource.STATIC_BROKER),
    ]
    listed = await admin.configs.resources([ResourceType.BROKER])
    assert resource in listed


async def test_offsets_are_listed_by_end_and_by_timestamp(admin: Admin, peer: Peer, topic: str) -> None:
    produce(peer, topic, 0, 10)
    first, second, unknown = TopicPartition(topic, 0), TopicPartition(topic, 1), TopicPartition(topic, 7)
    latest = await admin.offsets.list({first: Instant.LATEST, second: Instant.LATEST, unknown: Instant.LATEST})
    assert [latest[first], latest[second]] == [
        ListedOffset(offset=10, timestamp=-1, leader_epoch=0),
        ListedOffset(offset=0, timestamp=-1, leader_epoch=latest[second].leader_epoch),  # type: ignore[union-attr]
    ]
    assert isinstance(latest[unknown], UnknownTopicOrPartition)
    by_time = await admin.offsets.list({first: 1004})
    assert by_time[first] == ListedOffset(offset=4, timestamp=1004, leader_epoch=0)
    newest = await admin.offsets.list({first: Instant.MAX_TIMESTAMP})
    assert newest[first] == ListedOffset(offset=9, timestamp=1009, leader_epoch=0)


async def test_records_are_deleted_and_disks_described(admin: Admin, peer: Peer, topic: str) -> None:
    produce(peer, topic, 1, 10)
    partition = TopicPartition(topic, 1)
    assert await admin.storage.delete_records({partition: 6}) == {partition: 6}
    earliest = await admin.offsets.list({partition: Instant.EARLIEST})
    assert earliest[partition] == ListedOffset(offset=6, timestamp=-1, leader_epoch=0)
    directories = (await admin.storage.log_directories([partition]))[1]
    assert not isinstance(directories, KafkaError)
    assert directories[0].error is None
    assert directories[0].total_bytes > directories[0].usable_bytes > 0
    assert [(replica.partition, replica.size_bytes > 100) for replica in directories[0].replicas] == [(partition, True)]


async def test_producers_that_the_leader_remembers(admin: Admin, peer: Peer, topic: str) -> None:
    producer = confluent_kafka.Producer({"bootstrap.servers": peer.bootstrap, "enable.idempotence": True})
    for _ in range(3):
        producer.produce(topic, b"x", partition=0)
    assert producer.flush(30) == 0
    producers = (await admin.storage.producers([TopicPartition(topic, 0)]))[TopicPartition(topic, 0)]
    assert not isinstance(producers, KafkaError)
    assert [(one.epoch, one.last_sequence, one.transaction_start) for one in producers] == [(0, 2, -1)]


async def test_a_group_is_listed_described_reset_and_deleted(admin: Admin, peer: Peer, topic: str) -> None:
    produce(peer, topic, 0, 5)
    consumer = member(peer, topic, "readers")
    listed = await admin.groups.all()
    assert [(group.group_id, group.state, group.coordinator) for group in listed.groups] == [("readers", "Stable", 1)]
    group = (await admin.groups.describe(["readers"]))["readers"]
    assert isinstance(group, GroupDescription)
    assert (group.state, group.protocol_type, group.protocol) == ("Stable", "consumer", "range")
    (one,) = group.members
    assert (one.client_id, one.topics) == ("tester", (topic,))
    assert one.assignment == (TopicPartition(topic, 0), TopicPartition(topic, 1))
    assert isinstance((await admin.groups.delete(["readers"]))["readers"], NonEmptyGroup)
    consumer.close()
    partition = TopicPartition(topic, 0)
    assert await admin.offsets.commit("readers", {partition: CommittedOffset(offset=3, metadata="by hand")}) == {
        partition: None
    }
    committed = (await admin.offsets.committed(["readers", "strangers"]))["readers"]
    assert not isinstance(committed, KafkaError)
    assert committed[partition] == CommittedOffset(offset=3, metadata="by hand")
    assert await admin.offsets.delete("readers", [partition]) == {partition: None}
    assert await admin.groups.delete(["readers"]) == {"readers": None}
    assert isinstance((await admin.groups.delete(["readers"]))["readers"], GroupIdNotFound)


async def test_a_member_can_be_removed(admin: Admin, peer: Peer, topic: str) -> None:
    produce(peer, topic, 0, 1)
    consumer = member(peer, topic, "removed")
    group = (await admin.groups.describe(["removed"]))["removed"]
    assert isinstance(group, GroupDescription)
    member_id = group.members[0].member_id
    assert await admin.groups.remove_members("removed", [member_id], reason="test") == {member_id: None}
    consumer.close()


async def test_no_leader_is_asked_of_a_topic_that_does_not_exist(admin: Admin) -> None:
    partition = TopicPartition("nothing", 0)
    assert isinstance((await admin.offsets.list({partition: Instant.LATEST}))[partition], UnknownTopicOrPartition)
    assert "nothing" not in {topic.name for topic in await admin.topics.all()}
