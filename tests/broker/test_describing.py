"""DescribeConfigs, ListConfigResources, DescribeCluster, DescribeLogDirs and ACLs, as Kafka 4.3.1 answered the same."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cluster.broker.handlers.access import create_acls, delete_acls, describe_acls
from cluster.broker.handlers.cluster import describe_cluster
from cluster.broker.handlers.configs import describe_configs, list_config_resources
from cluster.broker.handlers.storage import describe_log_dirs
from cluster.broker.services import Services
from cluster.controller.state import BROKER, TOPIC
from cluster.protocol.api import ApiKey
from cluster.protocol.errors import ErrorCode, ProtocolViolation
from cluster.protocol.messages.access import (
    AclCreation,
    CreateAclsRequest,
    DeleteAclsFilter,
    DeleteAclsRequest,
    DescribeAclsRequest,
)
from cluster.protocol.messages.configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResult,
    ListConfigResourcesRequest,
)
from cluster.protocol.messages.metadata import DescribeClusterRequest
from cluster.protocol.messages.storage import DescribableLogDirTopic, DescribeLogDirsRequest
from tests.broker.services import CLUSTER_ID, Hosted, a_state, asked, services_with

LOGGER, METRICS, GROUP = 8, 16, 32
ANY_RULE = {"resource_type_filter": 1, "pattern_type_filter": 1, "operation": 1, "permission_type": 1}
MADE_OF = {"resource_type_filter": "resource_type", "pattern_type_filter": "resource_pattern_type"}
RULE = AclCreation(resource_type=2, resource_name="orders", operation=3, permission_type=3)


async def describe(
    services: Services, resource_type: int, name: str, *keys: str, synonyms: bool = True
) -> DescribeConfigsResult:
    resource = DescribeConfigsResource(
        resource_type=resource_type, resource_name=name, configuration_keys=list(keys) or None
    )
    request = DescribeConfigsRequest(resources=[resource], include_synonyms=synonyms, include_documentation=True)
    response = await describe_configs(request, asked(ApiKey.DESCRIBE_CONFIGS, 4), services)
    (result,) = response.results
    return result


async def test_a_topic_is_described_with_its_overrides() -> None:
    services = services_with(a_state({"orders": 1}, configs={(TOPIC, "orders"): {"retention.ms": "60000"}}))
    result = await describe(services, TOPIC, "orders")
    assert (result.error_code, result.error_message, result.resource_name) == (ErrorCode.NONE, "", "orders")
    assert len(result.configs) == 33
    (retention,) = [c for c in result.configs if c.name == "retention.ms"]
    assert (retention.value, retention.config_source, retention.config_type) == ("60000", 1, 5)
    assert retention.documentation
    assert [(s.name, s.value, s.source) for s in retention.synonyms] == [("retention.ms", "60000", 1)]


async def test_only_what_was_asked_for_is_told() -> None:
    result = await describe(services_with(a_state({"orders": 1})), TOPIC, "orders", "flush.ms", "no.such")
    assert [c.name for c in result.configs] == ["flush.ms"]


async def test_synonyms_are_left_out_unless_asked_for() -> None:
    result = await describe(services_with(a_state()), BROKER, "1", synonyms=False)
    assert not any(config.synonyms for config in result.configs)


async def test_a_broker_describes_itself_and_what_holds_for_all() -> None:
    services = services_with(a_state(configs={(BROKER, ""): {"log.retention.ms": "5000"}}))
    own = {c.name: c for c in (await describe(services, BROKER, "1")).configs}
    assert (own["node.id"].value, own["node.id"].read_only) == ("1", True)
    assert (own["log.retention.ms"].value, own["log.retention.ms"].config_source) == ("5000", 3)
    everywhere = (await describe(services, BROKER, "")).configs
    assert [(c.name, c.value, c.config_source) for c in everywhere] == [("log.retention.ms", "5000", 3)]


async def test_loggers_are_described_by_their_levels() -> None:
    result = await describe(services_with(a_state()), LOGGER, "1", "root")
    assert [(c.name, c.config_source, c.read_only, c.config_type) for c in result.configs] == [("root", 6, False, 0)]


@pytest.mark.parametrize(
    ("resource_type", "name", "code", "message"),
    [
        (TOPIC, "nope", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ""),
        (TOPIC, "", ErrorCode.INVALID_TOPIC_EXCEPTION, "Topic name is invalid: the empty string is not allowed"),
        (BROKER, "2", ErrorCode.INVALID_REQUEST, "Unexpected broker id, expected 1 or empty string, but received 2"),
        (BROKER, "x", ErrorCode.INVALID_REQUEST, "Broker id must be an integer, but it is: x"),
        (LOGGER, "", ErrorCode.INVALID_REQUEST, "Broker id must not be empty"),
        (LOGGER, "9", ErrorCode.INVALID_REQUEST, "Unexpected broker id, expected 1 but received 9"),
        (GROUP, "g", ErrorCode.INVALID_REQUEST, "Unsupported resource type: 32"),
        (3, "x", ErrorCode.INVALID_REQUEST, "Unsupported resource type: 3"),
    ],
)
async def test_a_resource_that_is_not_here_is_refused(
    resource_type: int, name: str, code: ErrorCode, message: str
) -> None:
    result = await describe(services_with(a_state()), resource_type, name)
    assert (result.error_code, result.error_message, result.configs) == (code, message, [])


async def test_resources_with_configurations_are_listed_by_type() -> None:
    services = services_with(a_state({"orders": 1}, brokers=2))

    async def listed(version: int, *types: int) -> Any:
        request = ListConfigResourcesRequest(resource_types=list(types))
        response = await list_config_resources(request, asked(ApiKey.LIST_CONFIG_RESOURCES, version), services)
        return response.error_code, [(r.resource_type, r.resource_name) for r in response.config_resources]

    brokers = [(BROKER, "1"), (BROKER, "2")]
    assert await listed(1, BROKER) == (0, brokers)
    assert await listed(1) == (0, [(LOGGER, "1"), (LOGGER, "2"), *brokers, (TOPIC, "orders")])
    assert await listed(1, GROUP, METRICS) == (0, [])
    assert await listed(1, TOPIC, 3) == (ErrorCode.UNSUPPORTED_VERSION, [])
    assert await listed(0) == (0, [])


async def test_the_cluster_is_described_with_its_controller() -> None:
    services = services_with(a_state(brokers=2))
    request = DescribeClusterRequest(include_cluster_authorized_operations=True)
    response = await describe_cluster(request, asked(ApiKey.DESCRIBE_CLUSTER, 2), services)
    assert (response.error_code, response.error_message, response.cluster_id) == (0, None, CLUSTER_ID)
    assert (response.controller_id, response.cluster_authorized_operations) == (1, 8096)
    assert [(b.broker_id, b.host, b.port, b.is_fenced) for b in response.brokers] == [
        (1, "127.0.0.1", 9091, False),
        (2, "127.0.0.1", 9092, False),
    ]


@pytest.mark.parametrize(
    ("version", "endpoint_type", "code"),
    [
        (2, 2, ErrorCode.MISMATCHED_ENDPOINT_TYPE),
        (2, 9, ErrorCode.UNSUPPORTED_ENDPOINT_TYPE),
        (0, 9, ErrorCode.INVALID_REQUEST),
    ],
)
async def test_controllers_have_no_address_of_their_own(version: int, endpoint_type: int, code: ErrorCode) -> None:
    request = DescribeClusterRequest(endpoint_type=endpoint_type)
    response = await describe_cluster(request, asked(ApiKey.DESCRIBE_CLUSTER, version), services_with(a_state()))
    assert (response.error_code, response.cluster_id, response.brokers) == (code, "", [])


@dataclass
class Log:
    size_bytes: int = 100
    high_watermark: int = 7
    log_end_offset: int = 5


@dataclass
class Replica:
    topic: str
    index: int
    log: Log = field(default_factory=Log)

    @property
    def key(self) -> tuple[str, int]:
        return self.topic, self.index


@dataclass
class Volume:
    broken: bool = False

    def space(self, path: str) -> tuple[int, int]:
        if self.broken:
            raise OSError(5, "a disk that is no more", path)
        return 1000, 400


@dataclass
class Directory:
    files: Volume
    path: str = "/data"


def hosting(*, broken: bool = False) -> Services:
    partitions = [Replica("b", 1), Replica("a", 0), Replica("b", 0)]
    return services_with(a_state(), replicas=Hosted(Directory(Volume(broken)), partitions))


async def log_dirs(services: Services, topics: dict[str, list[int]] | None) -> Any:
    wanted = None if topics is None else [DescribableLogDirTopic(topic=t, partitions=p) for t, p in topics.items()]
    request = DescribeLogDirsRequest(topics=wanted)
    response = await describe_log_dirs(request, asked(ApiKey.DESCRIBE_LOG_DIRS, 4), services)
    (result,) = response.results
    return result


async def test_the_log_directory_is_described_with_all_that_lies_in_it() -> None:
    result = await log_dirs(hosting(), None)
    assert (result.error_code, result.log_dir, result.total_bytes, result.usable_bytes) == (0, "/data", 1000, 400)
    assert [(t.name, [p.partition_index for p in t.partitions]) for t in result.topics] == [("a", [0]), ("b", [0, 1])]
    (partition,) = result.topics[0].partitions
    assert (partition.partition_size, partition.offset_lag, partition.is_future_key) == (100, 2, False)


async def test_partitions_that_are_not_here_are_left_out() -> None:
    result = await log_dirs(hosting(), {"b": [1, 8], "zz": [0]})
    assert [(t.name, [p.partition_index for p in t.partitions]) for t in result.topics] == [("b", [1])]
    assert (await log_dirs(hosting(), {})).topics == []


async def test_a_broken_disk_is_an_error_of_its_directory() -> None:
    result = await log_dirs(hosting(broken=True), None)
    assert (result.error_code, result.topics, result.total_bytes) == (ErrorCode.KAFKA_STORAGE_ERROR, [], -1)


def test_who_asks_for_rules_of_access_hears_that_there_is_no_authorizer() -> None:
    services, disabled = services_with(a_state()), ErrorCode.SECURITY_DISABLED
    described = describe_acls(DescribeAclsRequest(**ANY_RULE), asked(ApiKey.DESCRIBE_ACLS, 3), services)
    assert (described.error_code, described.resources) == (disabled, [])
    made = create_acls(CreateAclsRequest(creations=[RULE] * 2), asked(ApiKey.CREATE_ACLS, 3), services)
    assert [one.error_code for one in made.results] == [disabled, disabled]
    gone = delete_acls(
        DeleteAclsRequest(filters=[DeleteAclsFilter(**ANY_RULE)] * 3), asked(ApiKey.DELETE_ACLS, 3), services
    )
    assert [(one.error_code, one.matching_acls) for one in gone.filter_results] == [(disabled, [])] * 3


@pytest.mark.parametrize("left_out", ANY_RULE)
def test_a_rule_of_an_unknown_kind_is_no_request(left_out: str) -> None:
    services, wanted = services_with(a_state()), ANY_RULE | {left_out: 0}
    made = replace(RULE, **{MADE_OF.get(left_out, left_out): 0})
    with pytest.raises(ProtocolViolation):
        describe_acls(DescribeAclsRequest(**wanted), asked(ApiKey.DESCRIBE_ACLS, 3), services)
    with pytest.raises(ProtocolViolation):
        create_acls(CreateAclsRequest(creations=[RULE, made]), asked(ApiKey.CREATE_ACLS, 3), services)
    with pytest.raises(ProtocolViolation):
        delete_acls(DeleteAclsRequest(filters=[DeleteAclsFilter(**wanted)]), asked(ApiKey.DELETE_ACLS, 3), services)
