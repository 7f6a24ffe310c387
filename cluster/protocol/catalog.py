"""The one table of the APIs: which messages each has, in which versions, and what clients are told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from cluster.protocol.api import ApiKey
from cluster.protocol.fields import message_info
from cluster.protocol.messages.access import (
    CreateAclsRequest,
    CreateAclsResponse,
    DeleteAclsRequest,
    DeleteAclsResponse,
    DescribeAclsRequest,
    DescribeAclsResponse,
)
from cluster.protocol.messages.commits import (
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetDeleteRequest,
    OffsetDeleteResponse,
    OffsetFetchRequest,
    OffsetFetchResponse,
)
from cluster.protocol.messages.configs import (
    AlterConfigsRequest,
    AlterConfigsResponse,
    DescribeConfigsRequest,
    DescribeConfigsResponse,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)
from cluster.protocol.messages.coordination import FindCoordinatorRequest, FindCoordinatorResponse
from cluster.protocol.messages.fetch import FetchRequest, FetchResponse
from cluster.protocol.messages.groups import (
    DeleteGroupsRequest,
    DeleteGroupsResponse,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
    ListGroupsRequest,
    ListGroupsResponse,
)
from cluster.protocol.messages.handshake import ApiVersionsRequest, ApiVersionsResponse
from cluster.protocol.messages.membership import (
    HeartbeatRequest,
    HeartbeatResponse,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    SyncGroupRequest,
    SyncGroupResponse,
)
from cluster.protocol.messages.metadata import (
    DescribeClusterRequest,
    DescribeClusterResponse,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    MetadataRequest,
    MetadataResponse,
)
from cluster.protocol.messages.offsets import (
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
)
from cluster.protocol.messages.produce import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    InitProducerIdRequest,
    InitProducerIdResponse,
    ProduceRequest,
    ProduceResponse,
)
from cluster.protocol.messages.replication import (
    AllocateProducerIdsRequest,
    AllocateProducerIdsResponse,
    AlterPartitionRequest,
    AlterPartitionResponse,
    BrokerHeartbeatRequest,
    BrokerHeartbeatResponse,
    BrokerRegistrationRequest,
    BrokerRegistrationResponse,
    EnvelopeRequest,
    EnvelopeResponse,
)
from cluster.protocol.messages.storage import DescribeLogDirsRequest, DescribeLogDirsResponse
from cluster.protocol.messages.topics import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreateTopicsRequest,
    CreateTopicsResponse,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    ElectLeadersRequest,
    ElectLeadersResponse,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSpec:
    """One API. Versions from `min_version` to `max_version` are served; clients are told `advertised_min` to it."""

    key: ApiKey
    name: str
    request: type[Any]
    response: type[Any]
    min_version: int
    max_version: int
    flexible_since: int | None
    advertised_min: int
    advertised: bool


def _api(
    key: ApiKey,
    request: type[Any],
    response: type[Any],
    *,
    advertised_min: int | None = None,
    advertised: bool = True,
) -> ApiSpec:
    info = message_info(request)
    return ApiSpec(
        key=key,
        name=request.__name__.removesuffix("Request"),
        request=request,
        response=response,
        min_version=info.versions.first,
        max_version=info.versions.last,
        flexible_since=info.flexible_since,
        advertised_min=info.versions.first if advertised_min is None else advertised_min,
        advertised=advertised,
    )


# Produce is advertised from 0 on although 0 to 2 are refused: librdkafka stops compressing otherwise (KAFKA-18659).
# The keys between brokers are served but not advertised, as by Kafka's brokers.
_TABLE: Final = (
    _api(ApiKey.PRODUCE, ProduceRequest, ProduceResponse, advertised_min=0),
    _api(ApiKey.FETCH, FetchRequest, FetchResponse),
    _api(ApiKey.LIST_OFFSETS, ListOffsetsRequest, ListOffsetsResponse),
    _api(ApiKey.METADATA, MetadataRequest, MetadataResponse),
    _api(ApiKey.OFFSET_COMMIT, OffsetCommitRequest, OffsetCommitResponse),
    _api(ApiKey.OFFSET_FETCH, OffsetFetchRequest, OffsetFetchResponse),
    _api(ApiKey.FIND_COORDINATOR, FindCoordinatorRequest, FindCoordinatorResponse),
    _api(ApiKey.JOIN_GROUP, JoinGroupRequest, JoinGroupResponse),
    _api(ApiKey.HEARTBEAT, HeartbeatRequest, HeartbeatResponse),
    _api(ApiKey.LEAVE_GROUP, LeaveGroupRequest, LeaveGroupResponse),
    _api(ApiKey.SYNC_GROUP, SyncGroupRequest, SyncGroupResponse),
    _api(ApiKey.DESCRIBE_GROUPS, DescribeGroupsRequest, DescribeGroupsResponse),
    _api(ApiKey.LIST_GROUPS, ListGroupsRequest, ListGroupsResponse),
    _api(ApiKey.API_VERSIONS, ApiVersionsRequest, ApiVersionsResponse),
    _api(ApiKey.CREATE_TOPICS, CreateTopicsRequest, CreateTopicsResponse),
    _api(ApiKey.DELETE_TOPICS, DeleteTopicsRequest, DeleteTopicsResponse),
    _api(ApiKey.DELETE_RECORDS, DeleteRecordsRequest, DeleteRecordsResponse),
    _api(ApiKey.INIT_PRODUCER_ID, InitProducerIdRequest, InitProducerIdResponse),
    _api(ApiKey.OFFSET_FOR_LEADER_EPOCH, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse),
    _api(ApiKey.DESCRIBE_ACLS, DescribeAclsRequest, DescribeAclsResponse),
    _api(ApiKey.CREATE_ACLS, CreateAclsRequest, CreateAclsResponse),
    _api(ApiKey.DELETE_ACLS, DeleteAclsRequest, DeleteAclsResponse),
    _api(ApiKey.DESCRIBE_CONFIGS, DescribeConfigsRequest, DescribeConfigsResponse),
    _api(ApiKey.ALTER_CONFIGS, AlterConfigsRequest, AlterConfigsResponse),
    _api(ApiKey.DESCRIBE_LOG_DIRS, DescribeLogDirsRequest, DescribeLogDirsResponse),
    _api(ApiKey.CREATE_PARTITIONS, CreatePartitionsRequest, CreatePartitionsResponse),
    _api(ApiKey.DELETE_GROUPS, DeleteGroupsRequest, DeleteGroupsResponse),
    _api(ApiKey.ELECT_LEADERS, ElectLeadersRequest, ElectLeadersResponse),
    _api(ApiKey.INCREMENTAL_ALTER_CONFIGS, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse),
    _api(ApiKey.OFFSET_DELETE, OffsetDeleteRequest, OffsetDeleteResponse),
    _api(ApiKey.ALTER_PARTITION, AlterPartitionRequest, AlterPartitionResponse, advertised=False),
    _api(ApiKey.ENVELOPE, EnvelopeRequest, EnvelopeResponse, advertised=False),
    _api(ApiKey.DESCRIBE_CLUSTER, DescribeClusterRequest, DescribeClusterResponse),
    _api(ApiKey.DESCRIBE_PRODUCERS, DescribeProducersRequest, DescribeProducersResponse),
    _api(ApiKey.BROKER_REGISTRATION, BrokerRegistrationRequest, BrokerRegistrationResponse, advertised=False),
    _api(ApiKey.BROKER_HEARTBEAT, BrokerHeartbeatRequest, BrokerHeartbeatResponse, advertised=False),
    _api(ApiKey.ALLOCATE_PRODUCER_IDS, AllocateProducerIdsRequest, AllocateProducerIdsResponse, advertised=False),
    _api(ApiKey.LIST_CONFIG_RESOURCES, ListConfigResourcesRequest, ListConfigResourcesResponse),
    _api(ApiKey.DESCRIBE_TOPIC_PARTITIONS, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse),
)

API_SPECS: Final[Mapping[ApiKey, ApiSpec]] = MappingProxyType({spec.key: spec for spec in _TABLE})


@cache
def advertised_apis() -> tuple[ApiSpec, ...]:
    """What clients are told of, by key."""
    return tuple(spec for spec in _TABLE if spec.advertised)
