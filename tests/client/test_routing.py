"""Finding the right broker, and finding it again when it moved, died or does not answer."""

import random
import socket
from collections.abc import AsyncIterator

import pytest

from cluster.client.addresses import Endpoint, TopicPartition, bootstrap_servers
from cluster.client.admin import Admin
from cluster.client.admin.offsets import Instant, ListedOffset
from cluster.client.admin.topics import CreatedTopic, NewTopic
from cluster.client.connection import ConnectionLost, Patience
from cluster.client.retrying import RetryPolicy
from cluster.protocol.api import ApiKey
from cluster.protocol.errors import (
    CoordinatorNotAvailable,
    ErrorCode,
    LeaderNotAvailable,
    NetworkException,
    UnknownTopicOrPartition,
)
from cluster.protocol.messages.coordination import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse
from cluster.protocol.messages.groups import (
    DescribedGroup,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
    ListedGroup,
    ListGroupsRequest,
    ListGroupsResponse,
)
from cluster.protocol.messages.metadata import (
    MetadataRequest,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from cluster.protocol.messages.offsets import (
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from cluster.protocol.messages.topics import CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse
from tests.support.scripted_broker import ScriptedBroker

VERSIONS = {
    ApiKey.METADATA: (0, 12),
    ApiKey.API_VERSIONS: (0, 4),
    ApiKey.FIND_COORDINATOR: (0, 6),
    ApiKey.LIST_OFFSETS: (1, 7),
    ApiKey.CREATE_TOPICS: (2, 7),
    ApiKey.DESCRIBE_GROUPS: (0, 5),
    ApiKey.LIST_GROUPS: (0, 4),
}
PARTITION = TopicPartition("orders", 0)
PATIENCE = Patience(connect_ms=500, request_ms=100)
RETRY = RetryPolicy(total_ms=2000, first_pause_ms=1, longest_pause_ms=5)


class Pair:
    """Two scripted brokers; the first leads, coordinates and controls until a test says otherwise."""

    def __init__(self) -> None:
        self.brokers = {1: ScriptedBroker(versions=VERSIONS), 2: ScriptedBroker(versions=VERSIONS)}
        self.listed = [1, 2]
        self.leader = self.controller = self.coordinator = 1
        for broker in self.brokers.values():
            broker.answers[MetadataRequest] = self.metadata
            broker.answers[FindCoordinatorRequest] = self.find

    def metadata(self, request: MetadataRequest, version: int) -> MetadataResponse:
        brokers = [MetadataResponseBroker(node_id=n, host="127.0.0.1", port=self.brokers[n].port) for n in self.listed]
        topics = [self._topic(asked.name or "") for asked in request.topics or []]
        return MetadataResponse(brokers=brokers, controller_id=self.controller, cluster_id="c", topics=topics)

    def _topic(self, name: str) -> MetadataResponseTopic:
        if name != "orders":
            return MetadataResponseTopic(name=name, error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return MetadataResponseTopic(name=name, partitions=[MetadataResponsePartition(leader_id=self.leader)])

    def find(self, request: FindCoordinatorRequest, version: int) -> FindCoordinatorResponse:
        place = {"node_id": self.coordinator, "host": "127.0.0.1", "port": self.brokers[self.coordinator].port}
        if version < 4:
            return FindCoordinatorResponse(**place)
        return FindCoordinatorResponse(coordinators=[Coordinator(key=key, **place) for key in request.coordinator_keys])

    def admin(self, *bootstrap: int) -> Admin:
        servers = [Endpoint("127.0.0.1", port) for port in bootstrap or (self.brokers[1].port, self.brokers[2].port)]
        return Admin(servers, random.Random(3), "test", PATIENCE, RETRY)


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    made = Pair()
    async with made.brokers[1], made.brokers[2]:
        yield made


def offset_answer(error: ErrorCode = ErrorCode.NONE, offset: int = 7) -> ListOffsetsResponse:
    partition = ListOffsetsPartitionResponse(partition_index=0, error_code=error, offset=offset, leader_epoch=4)
    return ListOffsetsResponse(topics=[ListOffsetsTopicResponse(name="orders", partitions=[partition])])


LISTED = ListedOffset(offset=7, timestamp=-1, leader_epoch=4)


def described(request: DescribeGroupsRequest, version: int) -> DescribeGroupsResponse:
    return DescribeGroupsResponse(
        groups=[DescribedGroup(group_id=name, group_state="Empty") for name in request.groups]
    )


async def test_a_leader_that_moved_is_found_again(pair: Pair) -> None:
    def not_any_more(request: ListOffsetsRequest, version: int) -> ListOffsetsResponse:
        pair.leader = 2
        return offset_answer(ErrorCode.NOT_LEADER_OR_FOLLOWER)

    pair.brokers[1].answers[ListOffsetsRequest] = not_any_more
    pair.brokers[2].answers[ListOffsetsRequest] = lambda request, version: offset_answer()
    async with pair.admin() as admin:
        assert await admin.offsets.list({PARTITION: Instant.LATEST}) == {PARTITION: LISTED}
    assert len(pair.brokers[1].requests(ListOffsetsRequest)) == 1


async def test_a_leader_that_died_is_replaced_by_the_next(pair: Pair) -> None:
    def dies(request: ListOffsetsRequest, version: int) -> None:
        pair.leader, pair.listed = 2, [2]
        pair.brokers[1].hang_up()

    pair.brokers[1].answers[ListOffsetsRequest] = dies
    pair.brokers[2].answers[ListOffsetsRequest] = lambda request, version: offset_answer()
    async with pair.admin() as admin:
        assert await admin.offsets.list({PARTITION: Instant.LATEST}) == {PARTITION: LISTED}


async def test_a_leader_that_stays_silent_costs_only_its_own_partitions(pair: Pair) -> None:
    pair.brokers[1].answers[ListOffsetsRequest] = lambda request, version: None
    async with pair.admin() as admin:
        answers = await admin.offsets.list({PARTITION: Instant.LATEST, TopicPartition("other", 0): Instant.LATEST})
    assert isinstance(answers[PARTITION], NetworkException)
    assert isinstance(answers[TopicPartition("other", 0)], UnknownTopicOrPartition)


async def test_a_partition_without_a_leader_says_so(pair: Pair) -> None:
    pair.leader = -1
    async with pair.admin() as admin:
        answers = await admin.offsets.list({PARTITION: Instant.LATEST})
    assert isinstance(answers[PARTITION], LeaderNotAvailable)


async def test_a_controller_that_moved_is_found_again(pair: Pair) -> None:
    def created(error: ErrorCode) -> CreateTopicsResponse:
        return CreateTopicsResponse(topics=[CreatableTopicResult(name="new", error_code=error)])

    def not_any_more(request: CreateTopicsRequest, version: int) -> CreateTopicsResponse:
        pair.controller = 2
        return created(ErrorCode.NOT_CONTROLLER)

    pair.brokers[1].answers[CreateTopicsRequest] = not_any_more
    pair.brokers[2].answers[CreateTopicsRequest] = lambda request, version: created(ErrorCode.NONE)
    async with pair.admin() as admin:
        assert isinstance((await admin.topics.create([NewTopic(name="new")]))["new"], CreatedTopic)


async def test_a_coordinator_that_moved_is_found_again(pair: Pair) -> None:
    def not_any_more(request: DescribeGroupsRequest, version: int) -> DescribeGroupsResponse:
        pair.coordinator = 2
        moved = ErrorCode.NOT_COORDINATOR
        return DescribeGroupsResponse(
            groups=[DescribedGroup(group_id=name, error_code=moved) for name in request.groups]
        )

    pair.brokers[1].answers[DescribeGroupsRequest] = not_any_more
    pair.brokers[2].answers[DescribeGroupsRequest] = described
    async with pair.admin() as admin:
        answers = await admin.groups.describe(["a", "b"])
    assert {name: getattr(answer, "state", answer) for name, answer in answers.items()} == {"a": "Empty", "b": "Empty"}


async def test_coordinators_of_an_old_broker_are_found_one_by_one(pair: Pair) -> None:
    for broker in pair.brokers.values():
        broker.versions = {**VERSIONS, ApiKey.FIND_COORDINATOR: (0, 3)}
        broker.answers[DescribeGroupsRequest] = described
    async with pair.admin() as admin:
        assert set(await admin.groups.describe(["a", "b"])) == {"a", "b"}
    asked = [request for broker in pair.brokers.values() for request in broker.requests(FindCoordinatorRequest)]
    assert sorted(request.key for request in asked) == ["a", "b"]


async def test_a_coordinator_that_nobody_knows_is_an_error_of_its_group(pair: Pair) -> None:
    def unknown(request: FindCoordinatorRequest, version: int) -> FindCoordinatorResponse:
        error = ErrorCode.COORDINATOR_NOT_AVAILABLE
        return FindCoordinatorResponse(
            coordinators=[Coordinator(key=key, error_code=error) for key in request.coordinator_keys]
        )

    for broker in pair.brokers.values():
        broker.answers[FindCoordinatorRequest] = unknown
    async with pair.admin() as admin:
        assert isinstance((await admin.groups.describe(["a"]))["a"], CoordinatorNotAvailable)


async def test_groups_of_a_silent_broker_are_reported_as_missing(pair: Pair) -> None:
    listed = ListGroupsResponse(groups=[ListedGroup(group_id="here", protocol_type="consumer", group_state="Stable")])
    pair.brokers[1].answers[ListGroupsRequest] = lambda request, version: listed
    pair.brokers[2].answers[ListGroupsRequest] = lambda request, version: None
    async with pair.admin() as admin:
        groups = await admin.groups.all()
    assert [(group.group_id, group.coordinator) for group in groups.groups] == [("here", 1)]
    assert isinstance(groups.unavailable[2], NetworkException)


async def test_a_dead_bootstrap_server_is_passed_over(pair: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        dead = taken.getsockname()[1]
    async with pair.admin(dead, pair.brokers[2].port) as admin:
        assert (await admin.router.topology()).brokers == {
            number: Endpoint("127.0.0.1", broker.port) for number, broker in pair.brokers.items()
        }


async def test_nobody_there_is_said_within_the_time_given() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        dead = Endpoint("127.0.0.1", taken.getsockname()[1])
    retry = RetryPolicy(total_ms=50, first_pause_ms=5, longest_pause_ms=5)
    async with Admin([dead], random.Random(1), "test", PATIENCE, retry) as admin:
        with pytest.raises(ConnectionLost, match=f"{dead} cannot be reached"):
            await admin.topics.all()


async def test_a_broker_that_returns_is_connected_again(pair: Pair) -> None:
    pair.listed = [1]
    async with pair.admin(pair.brokers[1].port) as admin:
        assert (await admin.router.topology()).controller_id == 1
        await pair.brokers[1].stop()
        with pytest.raises(ConnectionLost):
            await admin.router.topology(fresh=True)
        await pair.brokers[1].start()
        assert (await admin.router.topology(fresh=True)).controller_id == 1
    assert pair.brokers[1].accepted == 2


async def test_all_requests_to_a_broker_share_one_connection(pair: Pair) -> None:
    pair.listed = [1]
    async with pair.admin(pair.brokers[1].port) as admin:
        for _ in range(5):
            await admin.router.topology(fresh=True)
    assert pair.brokers[1].accepted == 1


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("a:1", [("a", 1)]),
        ("a:1, b:2,a:1,", [("a", 1), ("b", 2)]),
        ("[::1]:9092", [("::1", 9092)]),
    ],
)
def test_bootstrap_servers_are_read_as_kafka_writes_them(text: str, servers: list[tuple[str, int]]) -> None:
    assert list(bootstrap_servers(text)) == [Endpoint(*server) for server in servers]
    assert bootstrap_servers(",".join(map(str, bootstrap_servers(text)))) == bootstrap_servers(text)


@pytest.mark.parametrize("text", ["a", ":9092", "a:", "a:b", "a:0", "a:70000"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        bootstrap_servers(text)
