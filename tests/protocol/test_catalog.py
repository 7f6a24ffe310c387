"""The table of APIs: exactly the ranges of Apache Kafka 4.3."""

from __future__ import annotations

from cluster.protocol.api import ApiKey
from cluster.protocol.catalog import API_SPECS, advertised_apis
from cluster.protocol.fields import message_info

KAFKA_4_3 = """
    0 Produce 3-13 v9
    1 Fetch 4-18 v12
    2 ListOffsets 1-11 v6
    3 Metadata 0-13 v9
    8 OffsetCommit 2-10 v8
    9 OffsetFetch 1-10 v6
    10 FindCoordinator 0-6 v3
    11 JoinGroup 0-9 v6
    12 Heartbeat 0-4 v4
    13 LeaveGroup 0-5 v4
    14 SyncGroup 0-5 v4
    15 DescribeGroups 0-6 v5
    16 ListGroups 0-5 v3
    18 ApiVersions 0-4 v3
    19 CreateTopics 2-7 v5
    20 DeleteTopics 1-6 v4
    21 DeleteRecords 0-2 v2
    22 InitProducerId 0-5 v2
    23 OffsetForLeaderEpoch 2-4 v4
    29 DescribeAcls 1-3 v2
    30 CreateAcls 1-3 v2
    31 DeleteAcls 1-3 v2
    32 DescribeConfigs 1-4 v4
    33 AlterConfigs 0-2 v2
    35 DescribeLogDirs 1-5 v2
    37 CreatePartitions 0-3 v2
    42 DeleteGroups 0-2 v2
    43 ElectLeaders 0-2 v2
    44 IncrementalAlterConfigs 0-1 v1
    47 OffsetDelete 0-0 -
    56 AlterPartition 2-3 v0
    58 Envelope 0-0 v0
    60 DescribeCluster 0-2 v0
    61 DescribeProducers 0-0 v0
    62 BrokerRegistration 0-4 v0
    63 BrokerHeartbeat 0-2 v0
    67 AllocateProducerIds 0-0 v0
    74 ListConfigResources 0-1 v0
    75 DescribeTopicPartitions 0-0 v0
"""
BETWEEN_BROKERS = {56, 58, 62, 63, 67}


def test_the_ranges_are_those_of_kafka() -> None:
    words = KAFKA_4_3.split()
    expected = list(zip(words[0::4], words[1::4], words[2::4], words[3::4], strict=True))
    assert [
        (
            str(spec.key.value),
            spec.name,
            f"{spec.min_version}-{spec.max_version}",
            "-" if spec.flexible_since is None else f"v{spec.flexible_since}",
        )
        for spec in API_SPECS.values()
    ] == expected


def test_request_and_response_have_the_same_versions() -> None:
    for spec in API_SPECS.values():
        assert message_info(spec.request) == message_info(spec.response)


def test_the_name_of_a_key_is_the_name_of_its_messages() -> None:
    for spec in API_SPECS.values():
        assert spec.key.name.replace("_", "") == spec.name.upper()
        assert spec.response.__name__ == f"{spec.name}Response"


def test_what_brokers_say_to_each_other_is_not_advertised() -> None:
    assert {spec.key for spec in API_SPECS.values() if not spec.advertised} == BETWEEN_BROKERS
    assert [spec.key for spec in advertised_apis()] == [key for key in API_SPECS if key not in BETWEEN_BROKERS]


def test_produce_is_advertised_from_zero_so_that_librdkafka_goes_on_compressing() -> None:
    for spec in API_SPECS.values():
        assert spec.advertised_min == (0 if spec.key is ApiKey.PRODUCE else spec.min_version)
