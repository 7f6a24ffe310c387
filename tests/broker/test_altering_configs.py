"""AlterConfigs and IncrementalAlterConfigs, with a real controller; answers as Kafka 4.3.1 gave."""

import logging
from typing import Any

import pytest

from cluster.broker.configuration.alterations import Operation
from cluster.broker.handlers import alterations as handlers
from cluster.broker.services import Services
from cluster.controller.state import BROKER, TOPIC, ClusterState
from cluster.protocol.api import ApiKey
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.configs import (
    AlterConfigsRequest,
    AlterConfigsRequestAlterableConfig,
    AlterConfigsRequestAlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsRequestAlterableConfig,
    IncrementalAlterConfigsRequestAlterConfigsResource,
)
from tests.broker.services import Here, a_state, asked, with_controller

SET, DELETE, APPEND, SUBTRACT = Operation
LOGGER, GROUP = 8, 32
ON_CONTROLLER = {
    ApiKey.ALTER_CONFIGS: handlers.alter_configs_on_controller,
    ApiKey.INCREMENTAL_ALTER_CONFIGS: handlers.incremental_alter_configs_on_controller,
}
Wish = tuple[int, str, list[tuple[str, int, str | None]]]


def running(state: ClusterState | None = None, **properties: str) -> tuple[Services, Here]:
    return with_controller(state or a_state({"t1": 1}), ON_CONTROLLER, **properties)


async def alter(services: Services, *wishes: Wish, validate_only: bool = False) -> list[Any]:
    resources = [
        IncrementalAlterConfigsRequestAlterConfigsResource(
            resource_type=kind,
            resource_name=name,
            configs=[
                IncrementalAlterConfigsRequestAlterableConfig(name=key, config_operation=operation, value=value)
                for key, operation, value in configs
            ],
        )
        for kind, name, configs in wishes
    ]
    request = IncrementalAlterConfigsRequest(resources=resources, validate_only=validate_only)
    response = await handlers.incremental_alter_configs(request, asked(ApiKey.INCREMENTAL_ALTER_CONFIGS, 1), services)
    return [(r.resource_type, r.resource_name, r.error_code, r.error_message) for r in response.responses]


async def replace_all(services: Services, kind: int, name: str, configs: dict[str, str | None]) -> list[Any]:
    resource = AlterConfigsRequestAlterConfigsResource(
        resource_type=kind,
        resource_name=name,
        configs=[AlterConfigsRequestAlterableConfig(name=key, value=value) for key, value in configs.items()],
    )
    request = AlterConfigsRequest(resources=[resource])
    response = await handlers.alter_configs(request, asked(ApiKey.ALTER_CONFIGS, 2), services)
    return [(r.resource_type, r.resource_name, r.error_code, r.error_message) for r in response.responses]


def configured(here: Here, kind: int, name: str) -> dict[str, str]:
    assert here.active is not None
    return dict(here.active.state.configs.get((kind, name), {}))


async def test_topics_and_brokers_are_altered_in_one_request() -> None:
    services, here = running()
    done = await alter(
        services,
        (TOPIC, "t1", [("cleanup.policy", APPEND, "compact"), ("retention.ms", SET, "60000")]),
        (BROKER, "1", [("log.retention.ms", SET, "3600000")]),
        (BROKER, "", [("log.retention.ms", SET, "7200000")]),
    )
    assert done == [(TOPIC, "t1", 0, None), (BROKER, "1", 0, None), (BROKER, "", 0, None)]
    assert configured(here, TOPIC, "t1") == {"cleanup.policy": "delete,compact", "retention.ms": "60000"}
    assert configured(here, BROKER, "1") == {"log.retention.ms": "3600000"}
    assert configured(here, BROKER, "") == {"log.retention.ms": "7200000"}
    await alter(services, (TOPIC, "t1", [("cleanup.policy", SUBTRACT, "delete"), ("retention.ms", DELETE, None)]))
    assert configured(here, TOPIC, "t1") == {"cleanup.policy": "compact"}


async def test_validation_writes_nothing() -> None:
    services, here = running()
    done = await alter(services, (TOPIC, "t1", [("retention.ms", SET, "5")]), validate_only=True)
    assert done == [(TOPIC, "t1", 0, None)]
    assert here.log.changes == []


async def test_what_does_not_change_is_not_written() -> None:
    services, here = running(a_state({"t1": 1}, configs={(TOPIC, "t1"): {"retention.ms": "5"}}))
    assert await alter(services, (TOPIC, "t1", [("retention.ms", SET, "5")])) == [(TOPIC, "t1", 0, None)]
    assert here.log.changes == []


@pytest.mark.parametrize(
    ("resource", "configs", "code", "message"),
    [
        ((TOPIC, "t1"), [("foo", SET, "1")], ErrorCode.INVALID_CONFIG, "Unknown topic config name: foo"),
        (
            (TOPIC, "t1"),
            [("retention.ms", SET, "-5")],
            ErrorCode.INVALID_CONFIG,
            "Invalid value -5 for configuration retention.ms: Value must be at least -1",
        ),
        (
            (TOPIC, "nope"),
            [("retention.ms", SET, "5")],
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
            "The topic 'nope' does not exist.",
        ),
        (
            (TOPIC, "a b"),
            [("retention.ms", SET, "5")],
            ErrorCode.INVALID_TOPIC_EXCEPTION,
            "Topic name is invalid: 'a b'",
        ),
        (
            (TOPIC, ""),
            [("retention.ms", SET, "5")],
            ErrorCode.INVALID_REQUEST,
            "Default topic resources are not allowed.",
        ),
        (
            (TOPIC, "t1"),
            [("retention.ms", SET, None)],
            ErrorCode.INVALID_REQUEST,
            "Null value not supported for : retention.ms",
        ),
        (
            (TOPIC, "t1"),
            [("retention.ms", APPEND, "5")],
            ErrorCode.INVALID_CONFIG,
            "Can't APPEND to key retention.ms because its type is not LIST.",
        ),
        (
            (TOPIC, "t1"),
            [("flush.ms", SET, "5"), ("flush.ms", SET, "6")],
            ErrorCode.INVALID_REQUEST,
            "Error due to duplicate config keys",
        ),
        (
            (BROKER, "1"),
            [("num.partitions", SET, "5"), ("node.id", SET, "4")],
            ErrorCode.INVALID_REQUEST,
            "Cannot update these configs dynamically: [node.id, num.partitions]",
        ),
        (
            (BROKER, "1"),
            [("log.retention.ms", SET, "x")],
            ErrorCode.INVALID_REQUEST,
            "Invalid value x for configuration log.retention.ms: Not a number of type LONG",
        ),
        (
            (BROKER, "2"),
            [("log.retention.ms", SET, "5")],
            ErrorCode.INVALID_REQUEST,
            "Unexpected broker id, expected 1, but received 2",
        ),
        ((BROKER, "zz"), [], ErrorCode.INVALID_REQUEST, "Node id must be an integer, but it is: zz"),
        (
            (BROKER, "1"),
            [("min.insync.replicas", SET, "1")],
            ErrorCode.INVALID_CONFIG,
            "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        ),
        ((BROKER, "1"), [("log.retention.ms", 9, "5")], ErrorCode.INVALID_REQUEST, "Unknown operations type 9"),
        ((LOGGER, "1"), [("nope.nope", SET, "INFO")], ErrorCode.INVALID_CONFIG, "Logger nope.nope does not exist!"),
        (
            (LOGGER, "1"),
            [("root", APPEND, "INFO")],
            ErrorCode.INVALID_REQUEST,
            "APPEND operation is not allowed for the",
        ),
        ((LOGGER, "7"), [], ErrorCode.INVALID_REQUEST, "Unexpected node id. Expected 1, but received 7"),
        ((GROUP, "g"), [], ErrorCode.INVALID_REQUEST, "Unknown resource type 32"),
        ((3, "x"), [], ErrorCode.INVALID_REQUEST, "Unknown resource type 3"),
    ],
)
async def test_an_alteration_that_cannot_be_is_refused(
    resource: tuple[int, str], configs: list[Any], code: ErrorCode, message: str
) -> None:
    services, here = running()
    ((kind, name, told_code, told_message),) = await alter(services, (*resource, configs))
    assert (kind, name, told_code) == (*resource, code)
    assert message in told_message
    assert here.log.changes == []


async def test_a_resource_that_is_named_twice_is_refused_and_the_others_are_altered() -> None:
    services, here = running(a_state({"t1": 1, "t2": 1}))
    change = [("retention.ms", SET, "5")]
    done = await alter(services, (TOPIC, "t1", change), (TOPIC, "t2", change), (TOPIC, "t1", change))
    twice = (TOPIC, "t1", ErrorCode.INVALID_REQUEST, "Each resource must appear at most once.")
    assert done == [twice, (TOPIC, "t2", 0, None), twice]
    assert configured(here, TOPIC, "t2") == {"retention.ms": "5"}
    assert configured(here, TOPIC, "t1") == {}


async def test_min_insync_replicas_of_all_brokers_can_be_set_but_not_removed() -> None:
    services, here = running()
    assert await alter(services, (BROKER, "", [("min.insync.replicas", SET, "2")])) == [(BROKER, "", 0, None)]
    assert configured(here, BROKER, "") == {"min.insync.replicas": "2"}
    assert await alter(services, (BROKER, "", [("min.insync.replicas", DELETE, None)])) == [
        (
            BROKER,
            "",
            ErrorCode.INVALID_CONFIG,
            "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
        )
    ]


async def test_the_older_api_replaces_all_that_was_set() -> None:
    services, here = running(a_state({"t1": 1}, configs={(TOPIC, "t1"): {"retention.ms": "5", "flush.ms": "6"}}))
    assert await replace_all(services, TOPIC, "t1", {"flush.ms": "7"}) == [(TOPIC, "t1", 0, None)]
    assert configured(here, TOPIC, "t1") == {"flush.ms": "7"}
    assert await replace_all(services, BROKER, "1", {"background.threads": "3"}) == [(BROKER, "1", 0, None)]
    assert configured(here, BROKER, "1") == {"background.threads": "3"}


async def test_the_older_api_refuses_what_the_newer_one_does() -> None:
    services, _ = running()
    refused = ErrorCode.INVALID_REQUEST
    assert await replace_all(services, TOPIC, "t1", {"flush.ms": None}) == [
        (TOPIC, "t1", refused, "Null value not supported for : flush.ms")
    ]
    assert await replace_all(services, LOGGER, "1", {"root": "INFO"}) == [
        (LOGGER, "1", refused, "Unknown resource type 8")
    ]


async def test_a_logger_of_this_broker_is_altered_here_and_at_once() -> None:
    services, here = running()
    logger = logging.getLogger("cluster.broker.another_logger_of_a_test")
    try:
        assert await alter(services, (LOGGER, "1", [(logger.name, SET, "ERROR")]), validate_only=True) == [
            (LOGGER, "1", 0, None)
        ]
        assert logger.level == logging.NOTSET
        await alter(services, (LOGGER, "1", [(logger.name, SET, "ERROR")]))
        assert logger.level == logging.ERROR
        await alter(services, (LOGGER, "1", [(logger.name, DELETE, None)]))
        assert logger.level == logging.NOTSET
    finally:
        logger.setLevel(logging.NOTSET)
    assert (here.forwarded, here.log.changes) == (0, [])


async def test_without_a_controller_every_resource_says_so() -> None:
    services, here = running(request_timeout_ms="40")
    here.active = None
    done = await alter(services, (TOPIC, "t1", [("flush.ms", SET, "5")]), (BROKER, "2", []))
    assert done == [
        (TOPIC, "t1", ErrorCode.REQUEST_TIMED_OUT, "the controller did not answer in time"),
        (BROKER, "2", ErrorCode.INVALID_REQUEST, "Unexpected broker id, expected 1, but received 2"),
    ]
