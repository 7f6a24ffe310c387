"""CreateTopics, DeleteTopics, CreatePartitions and ElectLeaders, with a real controller, as Kafka 4.3.1 answers."""

from dataclasses import replace
from typing import Any

import pytest

from cluster.broker.handlers import topics as handlers
from cluster.broker.services import Services
from cluster.controller.state import ClusterState
from cluster.protocol.api import ApiKey
from cluster.protocol.errors import BrokerNotAvailable, ErrorCode, NotController
from cluster.protocol.messages.topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreatableTopicResult,
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
    CreateTopicsRequest,
    DeleteTopicsRequest,
    DeleteTopicState,
    ElectLeadersRequest,
    TopicPartitions,
)
from cluster.protocol.primitives import ZERO_UUID, Uuid
from tests.broker.services import Here, a_state, asked, with_controller

ON_CONTROLLER = {
    ApiKey.CREATE_TOPICS: handlers.create_topics_on_controller,
    ApiKey.DELETE_TOPICS: handlers.delete_topics_on_controller,
    ApiKey.CREATE_PARTITIONS: handlers.create_partitions_on_controller,
    ApiKey.ELECT_LEADERS: handlers.elect_leaders_on_controller,
}


def running(state: ClusterState | None = None, **properties: str) -> tuple[Services, Here]:
    return with_controller(state or a_state({"t1": 3}), ON_CONTROLLER, **properties)


def wish(
    name: str,
    partitions: int = 1,
    factor: int = 1,
    *,
    assigned: dict[int, list[int]] | None = None,
    configs: dict[str, str | None] | None = None,
) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=factor,
        assignments=[
            CreatableReplicaAssignment(partition_index=index, broker_ids=brokers)
            for index, brokers in (assigned or {}).items()
        ],
        configs=[CreatableTopicConfig(name=key, value=value) for key, value in (configs or {}).items()],
    )


async def create(
    services: Services, *wishes: CreatableTopic, validate_only: bool = False
) -> list[CreatableTopicResult]:
    request = CreateTopicsRequest(topics=list(wishes), validate_only=validate_only)
    response = await handlers.create_topics(request, asked(ApiKey.CREATE_TOPICS, 7), services)
    return response.topics


async def test_a_topic_is_created_with_its_configuration() -> None:
    services, here = running()
    (result,) = await create(services, wish("orders", 3, 2, configs={"retention.ms": " 5 "}))
    assert (result.error_code, result.error_message, result.num_partitions, result.replication_factor) == (
        0,
        None,
        3,
        2,
    )
    assert here.active is not None
    made = here.active.state.topics["orders"]
    assert (result.topic_id, len(made.partitions)) == (made.id, 3)
    assert here.active.state.topic_config("orders") == {"retention.ms": " 5 "}
    assert result.configs is not None
    told = {c.name: (c.value, c.config_source, c.read_only) for c in result.configs}
    assert len(told) == 33
    assert told["retention.ms"] == (" 5 ", 1, False)
    assert told["cleanup.policy"] == ("delete", 5, False)


async def test_defaults_are_those_of_the_controllers_broker() -> None:
    services, _ = running(num_partitions="4", default_replication_factor="3")
    (result,) = await create(services, wish("orders", -1, -1))
    assert (result.error_code, result.num_partitions, result.replication_factor) == (0, 4, 3)


async def test_validation_writes_nothing() -> None:
    services, here = running()
    (result,) = await create(services, wish("orders"), validate_only=True)
    assert (result.error_code, result.num_partitions) == (0, 1)
    assert here.log.changes == []


async def test_replicas_can_be_assigned_by_hand() -> None:
    services, here = running()
    (result,) = await create(services, wish("orders", -1, -1, assigned={1: [3, 1], 0: [2, 3]}))
    assert (result.error_code, result.num_partitions, result.replication_factor) == (0, 2, 2)
    assert here.active is not None
    partitions = here.active.state.topics["orders"].partitions
    assert (partitions[0].replicas, partitions[1].replicas) == ((2, 3), (3, 1))


@pytest.mark.parametrize(
    ("topic", "code", "message"),
    [
        (wish("t1"), ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 't1' already exists."),
        (wish("t1", configs={"foo": "1"}), ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 't1' already exists."),
        (wish(""), ErrorCode.INVALID_TOPIC_EXCEPTION, "Topic name is invalid: the empty string is not allowed"),
        (wish("."), ErrorCode.INVALID_TOPIC_EXCEPTION, "Topic name is invalid: '.' is not allowed"),
        (wish("a b"), ErrorCode.INVALID_TOPIC_EXCEPTION, "Topic name is invalid: 'a b' contains one or more char"),
        (wish("n", 1, 4), ErrorCode.INVALID_REPLICATION_FACTOR, "The target replication factor of 4 cannot be reached"),
        (wish("n", 1, 0), ErrorCode.INVALID_REPLICATION_FACTOR, "Replication factor must be larger than 0, or -1"),
        (
            wish("n", 0, 1),
            ErrorCode.INVALID_PARTITIONS,
            "Number of partitions was set to an invalid non-positive value",
        ),
        (wish("n", 10_001), ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request."),
        (
            wish("__cluster_metadata"),
            ErrorCode.INVALID_REQUEST,
            "Creation of internal topic __cluster_metadata is proh",
        ),
        (wish("n", -1, 1, assigned={0: [1]}), ErrorCode.INVALID_REQUEST, "replication factor was not set to -1"),
        (wish("n", 1, -1, assigned={0: [1]}), ErrorCode.INVALID_REQUEST, "numPartitions was not set to -1"),
        (wish("n", -1, -1, assigned={0: [9]}), ErrorCode.INVALID_REPLICA_ASSIGNMENT, "includes broker 9, but no such"),
        (wish("n", -1, -1, assigned={0: [1], 2: [1]}), ErrorCode.INVALID_REPLICA_ASSIGNMENT, "consecutive 0-based"),
        (
            wish("n", configs={"retention.ms": None}),
            ErrorCode.INVALID_CONFIG,
            "Null value not supported for topic conf",
        ),
        (wish("n", configs={"foo": "1"}), ErrorCode.INVALID_CONFIG, "Unknown topic config name: foo"),
        (wish("n", configs={"retention.ms": "x"}), ErrorCode.INVALID_CONFIG, "Not a number of type LONG"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_a_topic_that_cannot_be_is_refused(topic: CreatableTopic, code: ErrorCode, message: str) -> None:
    services, here = running()
    (result,) = await create(services, topic)
    assert (result.error_code, result.topic_id, result.num_partitions) == (code, ZERO_UUID, -1)
    assert message in (result.error_message or "")
    assert here.log.changes == []


async def test_a_refused_topic_does_not_hold_up_the_others() -> None:
    services, _ = running()
    results = await create(services, wish("n1"), wish("n2"), wish("n1"), wish("t1"))
    assert [(r.name, r.error_code, r.error_message) for r in results] == [
        ("n1", ErrorCode.INVALID_REQUEST, "Duplicate topic name."),
        ("n2", ErrorCode.NONE, None),
        ("t1", ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 't1' already exists."),
    ]


async def test_names_that_metrics_could_not_tell_apart_are_refused() -> None:
    services, _ = running(a_state({"a.b": 1}))
    (result,) = await create(services, wish("a_b"))
    assert result.error_message == "Topic 'a_b' collides with existing topic: a.b"


async def test_the_request_waits_for_a_controller() -> None:
    services, here = running()
    here.refusals = [NotController("not yet"), BrokerNotAvailable("no road")]
    (result,) = await create(services, wish("orders"))
    assert (result.error_code, here.forwarded) == (ErrorCode.NONE, 3)


async def test_a_controller_that_was_deposed_meanwhile_does_not_answer_the_client() -> None:
    services, here = running(request_timeout_ms="40")
    here.active = None
    (result,) = await create(services, wish("orders"))
    assert (result.error_code, result.error_message) == (
        ErrorCode.REQUEST_TIMED_OUT,
        "the controller did not answer in time",
    )


async def delete(services: Services, *wanted: tuple[str | None, Uuid], version: int = 6) -> list[Any]:
    topics = [DeleteTopicState(name=name, topic_id=topic_id) for name, topic_id in wanted]
    names = [name for name, _ in wanted if name is not None]
    request = DeleteTopicsRequest(topics=topics) if version >= 6 else DeleteTopicsRequest(topic_names=names)
    response = await handlers.delete_topics(request, asked(ApiKey.DELETE_TOPICS, version), services)
    return [(r.name, r.topic_id, r.error_code, r.error_message) for r in response.responses]


async def test_topics_are_deleted_by_name_and_by_id() -> None:
    state = a_state({"t1": 1, "t2": 1})
    first, second = state.topics["t1"].id, state.topics["t2"].id
    services, here = running(state)
    assert await delete(services, ("t1", ZERO_UUID), (None, second)) == [
        ("t2", second, 0, None),
        ("t1", first, 0, None),
    ]
    assert here.active is not None
    assert not here.active.state.topics


async def test_older_clients_delete_by_name() -> None:
    services, here = running()
    (result,) = await delete(services, ("t1", ZERO_UUID), version=5)
    assert result[::2] == ("t1", ErrorCode.NONE)
    assert here.active is not None
    assert not here.active.state.topics


STRANGER = Uuid(bytes(15) + b"\x05")


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        (
            [("zz", ZERO_UUID)],
            ("zz", ZERO_UUID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "This server does not host this topic-partition."),
        ),
        (
            [(None, STRANGER)],
            (None, STRANGER, ErrorCode.UNKNOWN_TOPIC_ID, "This server does not host this topic ID."),
        ),
        (
            [(None, ZERO_UUID)],
            (None, ZERO_UUID, ErrorCode.INVALID_REQUEST, "Neither topic name nor id were specified."),
        ),
        (
            [("t1", STRANGER)],
            ("t1", STRANGER, ErrorCode.INVALID_REQUEST, "You may not specify both topic name and topic id."),
        ),
        ([("t1", ZERO_UUID)] * 2, ("t1", ZERO_UUID, ErrorCode.INVALID_REQUEST, "Duplicate topic name.")),
        ([(None, STRANGER)] * 2, (None, STRANGER, ErrorCode.INVALID_REQUEST, "Duplicate topic id.")),
    ],
)
async def test_a_deletion_that_cannot_be_is_refused(wanted: Any, answer: Any) -> None:
    services, here = running()
    assert await delete(services, *wanted) == [answer]
    assert here.log.changes == []


async def test_a_topic_that_is_named_both_ways_stays() -> None:
    state = a_state({"t1": 1})
    topic_id = state.topics["t1"].id
    services, here = running(state)
    message = "The provided topic name maps to an ID that was already supplied."
    assert await delete(services, ("t1", ZERO_UUID), (None, topic_id)) == [
        ("t1", topic_id, ErrorCode.INVALID_REQUEST, message)
    ]
    assert here.log.changes == []


@pytest.mark.parametrize(("version", "code"), [(6, ErrorCode.TOPIC_DELETION_DISABLED), (2, ErrorCode.INVALID_REQUEST)])
async def test_deletion_can_be_forbidden(version: int, code: ErrorCode) -> None:
    services, here = running(delete_topic_enable="false")
    (result,) = await delete(services, ("t1", ZERO_UUID), version=version)
    assert (result[0], result[2]) == ("t1", code)
    assert here.log.changes == []


async def add(
    services: Services, *wanted: tuple[str, int, list[list[int]] | None], validate_only: bool = False
) -> list[Any]:
    topics = [
        CreatePartitionsTopic(
            name=name,
            count=count,
            assignments=None if rows is None else [CreatePartitionsAssignment(broker_ids=row) for row in rows],
        )
        for name, count, rows in wanted
    ]
    request = CreatePartitionsRequest(topics=topics, validate_only=validate_only)
    response = await handlers.create_partitions(request, asked(ApiKey.CREATE_PARTITIONS, 3), services)
    return [(r.name, r.error_code, r.error_message) for r in response.results]


async def test_a_topic_gets_more_partitions() -> None:
    services, here = running()
    assert await add(services, ("t1", 4, [[2, 3]])) == [("t1", 0, None)]
    assert await add(services, ("t1", 6, None), validate_only=True) == [("t1", 0, None)]
    assert here.active is not None
    partitions = here.active.state.topics["t1"].partitions
    assert (len(partitions), partitions[3].replicas) == (4, (2, 3))


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        ([("t1", 3, None)], ("t1", ErrorCode.INVALID_PARTITIONS, "Topic already has 3 partition(s).")),
        (
            [("t1", 2, None)],
            (
                "t1",
                ErrorCode.INVALID_PARTITIONS,
                "The topic t1 currently has 3 partition(s); 2 would not be an increase.",
            ),
        ),
        ([("zz", 2, None)], ("zz", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, None)),
        ([("t1", 5, None), ("t1", 6, None)], ("t1", ErrorCode.INVALID_REQUEST, "Duplicate topic name.")),
        (
            [("t1", 5, [[1, 2]])],
            (
                "t1",
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.",
            ),
        ),
    ],
)
async def test_partitions_that_cannot_be_are_refused(wanted: Any, answer: Any) -> None:
    services, here = running()
    assert await add(services, *wanted) == [answer]
    assert here.log.changes == []


def led_by(leader: int, *, isr: tuple[int, ...] = (1, 2)) -> ClusterState:
    state = a_state({"t1": 1})
    topic = state.topics["t1"]
    moved = {0: replace(topic.partitions[0], leader=leader, isr=isr)}
    return replace(state, topics={"t1": replace(topic, partitions=moved)})


async def elect(services: Services, kind: int, topics: dict[str, list[int]] | None, version: int = 2) -> Any:
    wanted = None if topics is None else [TopicPartitions(topic=t, partitions=p) for t, p in topics.items()]
    request = ElectLeadersRequest(election_type=kind, topic_partitions=wanted)
    response = await handlers.elect_leaders(request, asked(ApiKey.ELECT_LEADERS, version), services)
    results = [
        (topic.topic, r.partition_id, r.error_code, r.error_message)
        for topic in response.replica_election_results
        for r in topic.partition_result
    ]
    return response.error_code, results


async def test_the_preferred_leader_is_elected() -> None:
    services, here = running(led_by(2))
    assert await elect(services, handlers.PREFERRED, {"t1": [0]}) == (0, [("t1", 0, 0, None)])
    assert here.active is not None
    assert here.active.state.topics["t1"].partitions[0].leader == 1


async def test_an_unclean_election_takes_whoever_is_there() -> None:
    services, here = running(led_by(-1, isr=()))
    assert await elect(services, handlers.UNCLEAN, {"t1": [0]}) == (0, [("t1", 0, 0, None)])
    assert here.active is not None
    assert here.active.state.topics["t1"].partitions[0].leader == 1


async def test_elections_that_are_not_needed_or_not_possible_say_why() -> None:
    services, _ = running(led_by(1))
    not_needed = (ErrorCode.ELECTION_NOT_NEEDED, "The partition has the leader that is wanted.")
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert await elect(services, handlers.PREFERRED, {"t1": [0, 9], "zz": [0]}) == (
        0,
        [
            ("t1", 0, *not_needed),
            ("t1", 9, unknown, "No such partition as t1-9"),
            ("zz", 0, unknown, "No such topic as zz"),
        ],
    )
    assert await elect(services, handlers.PREFERRED, None) == (0, [])


async def test_a_kind_of_election_that_nobody_knows_is_refused_everywhere() -> None:
    services, _ = running()
    refused = ErrorCode.INVALID_REQUEST
    assert await elect(services, 7, {"t1": [0]}) == (refused, [("t1", 0, refused, "Unknown election type 7")])
    assert await elect(services, 7, None) == (refused, [])


async def test_a_preferred_leader_that_is_out_of_sync_is_not_elected() -> None:
    services, _ = running(led_by(2, isr=(2,)))
    _, results = await elect(services, handlers.PREFERRED, {"t1": [0]})
    assert results == [("t1", 0, ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, "The preferred leader is not in sync.")]
