"""Encoding and decoding: what each version carries, defaults, tagged fields, records by reference."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.messages.commits import OffsetFetchRequest, OffsetFetchRequestGroup
from cluster.protocol.messages.coordinator_records import (
    GroupMetadataKey,
    GroupMetadataValue,
    MemberMetadata,
    OffsetCommitKey,
    OffsetCommitValue,
)
from cluster.protocol.messages.fetch import (
    EpochEndOffset,
    FetchableTopicResponse,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
    SnapshotId,
)
from cluster.protocol.messages.handshake import ApiVersionsRequest
from cluster.protocol.messages.metadata import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsRequestCursor,
    MetadataRequest,
    MetadataRequestTopic,
)
from cluster.protocol.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from cluster.protocol.messages.replication import BrokerHeartbeatRequest
from cluster.protocol.primitives import ZERO_UUID, Uuid
from cluster.protocol.schema import UnsupportedFieldVersion, decode, decode_prefix, encode, encode_bytes
from tests.protocol.samples import every_message, sample

MESSAGES = list(every_message())


def produce_request(records: object) -> ProduceRequest:
    data = PartitionProduceData(index=1, records=records)
    return ProduceRequest(acks=-1, timeout_ms=1500, topic_data=[TopicProduceData(name="t", partition_data=[data])])


def records_of(request: ProduceRequest) -> object:
    return request.topic_data[0].partition_data[0].records


@given(index=st.integers(0, len(MESSAGES) - 1), random=st.randoms(use_true_random=False))
def test_every_message_comes_back_as_it_was(index: int, random: Random) -> None:
    _, cls, version = MESSAGES[index]
    message = sample(cls, version, random, (0, 1, 5, 127, 200))
    assert decode(cls, version, bytearray(encode_bytes(message, version))) == message


def test_a_classic_request_is_laid_out_as_kafka_documents_it() -> None:
    topics = [MetadataRequestTopic(name="logs")]
    encoded = encode_bytes(MetadataRequest(topics=topics, allow_auto_topic_creation=False), 4)
    assert encoded == bytes.fromhex("00000001 0004 6c6f6773 00")


def test_a_flexible_request_is_laid_out_as_kafka_documents_it() -> None:
    request = ApiVersionsRequest(client_software_name="odradek", client_software_version="1")
    assert encode_bytes(request, 3) == b"\x08odradek\x021\x00"
    assert encode_bytes(request, 2) == b""


def test_null_and_empty_are_distinct() -> None:
    assert encode_bytes(MetadataRequest(topics=None), 1) == b"\xff\xff\xff\xff"
    assert encode_bytes(MetadataRequest(topics=[]), 1) == b"\x00\x00\x00\x00"
    assert decode(MetadataRequest, 1, b"\xff\xff\xff\xff").topics is None
    assert decode(MetadataRequest, 1, b"\x00\x00\x00\x00").topics == []


def test_a_nullable_struct_is_marked() -> None:
    cursor = DescribeTopicPartitionsRequestCursor(topic_name="t", partition_index=7)
    for expected in (None, cursor):
        request = DescribeTopicPartitionsRequest(response_partition_limit=1, cursor=expected)
        encoded = encode_bytes(request, 0)
        assert encoded[5] == (255 if expected is None else 1)
        assert decode(DescribeTopicPartitionsRequest, 0, encoded) == request


def test_lists_are_not_shared_between_messages() -> None:
    ProduceResponse().responses.append(TopicProduceResponse())
    assert ProduceResponse().responses == []
    encoded = encode_bytes(FetchResponse(), 12)
    decode(FetchResponse, 12, encoded).node_endpoints.append(NodeEndpoint())
    assert decode(FetchResponse, 12, encoded).node_endpoints == []


def test_fields_that_a_version_lacks_have_their_defaults_after_decoding() -> None:
    partition = FetchPartition(partition=3, fetch_offset=8, log_start_offset=4, current_leader_epoch=9)
    request = FetchRequest(topics=[FetchTopic(topic="t", partitions=[partition])])
    decoded = decode(FetchRequest, 4, encode_bytes(request, 4)).topics[0].partitions[0]
    assert decoded == FetchPartition(partition=3, fetch_offset=8)
    assert (decoded.log_start_offset, decoded.current_leader_epoch, decoded.replica_directory_id) == (-1, -1, ZERO_UUID)


def test_a_set_field_that_must_not_be_lost_cannot_be_encoded_in_a_version_without_it() -> None:
    with pytest.raises(UnsupportedFieldVersion, match="groups"):
        encode(OffsetFetchRequest(groups=[OffsetFetchRequestGroup()]), 7)
    topic = FetchTopic(topic="t", partitions=[FetchPartition(last_fetched_epoch=1)])
    with pytest.raises(UnsupportedFieldVersion, match="last_fetched_epoch"):
        encode(FetchRequest(topics=[topic]), 11)


def test_a_response_leaves_out_what_its_version_has_no_place_for() -> None:
    data = PartitionData(partition_index=1, preferred_read_replica=7, records=b"")
    response = FetchResponse(session_id=5, responses=[FetchableTopicResponse(topic="t", partitions=[data])])
    decoded = decode(FetchResponse, 4, encode_bytes(response, 4))
    assert decoded.session_id == 0
    assert decoded.responses[0].partitions[0] == PartitionData(partition_index=1, last_stable_offset=-1, records=b"")


def test_versions_that_do_not_exist_and_values_that_do_not_fit_are_refused() -> None:
    for version in (2, 14, -1):
        with pytest.raises(ValueError, match="no version"):
            encode(ProduceRequest(), version)
        with pytest.raises(ValueError, match="no version"):
            decode(ProduceRequest, version, b"")
    with pytest.raises(ValueError, match="cannot hold"):
        encode(ProduceRequest(acks=1 << 15), 3)
    with pytest.raises(ValueError, match="cannot hold"):
        encode(ProduceRequest(topic_data=[TopicProduceData(name="x" * 40_000)]), 3)
    with pytest.raises(ValueError, match="cannot hold"):
        encode(MetadataRequest(topics=None), 0)


def test_a_prefix_is_decoded_from_an_offset_on_and_says_where_it_ends() -> None:
    encoded = encode_bytes(OffsetCommitKey(group="g", topic="t", partition=4), 0)
    key, end = decode_prefix(OffsetCommitKey, 0, b"\0\1" + encoded + b"rest", 2)
    assert (key, end) == (OffsetCommitKey(group="g", topic="t", partition=4), 2 + len(encoded))


class TestRecords:
    def test_records_are_encoded_by_reference(self) -> None:
        records = bytes(1000)
        assert any(buffer is records for buffer in encode(produce_request(records), 9))

    def test_records_in_several_buffers_are_not_joined(self) -> None:
        parts = [b"a" * 300, bytearray(b"b" * 20), memoryview(b"c" * 4)]
        buffers = encode(produce_request(parts), 9)
        assert all(any(buffer is part for buffer in buffers) for part in parts)
        assert b"".join(buffers) == encode_bytes(produce_request(b"".join(parts)), 9)

    def test_records_are_decoded_as_a_view_through_which_the_frame_can_be_patched(self) -> None:
        frame = bytearray(encode_bytes(produce_request(b"abcd"), 9))
        records = records_of(decode(ProduceRequest, 9, frame))
        assert isinstance(records, memoryview)
        records[0] = ord("X")
        assert b"Xbcd" in frame

    def test_records_are_a_view_also_of_immutable_frames(self) -> None:
        records = records_of(decode(ProduceRequest, 9, encode_bytes(produce_request(b"abcd"), 9)))
        assert isinstance(records, memoryview)
        assert records.readonly

    @pytest.mark.parametrize("version", [3, 8, 9, 12])
    def test_null_and_empty_records_are_distinct(self, version: int) -> None:
        for records in (None, b""):
            encoded = encode_bytes(produce_request(records), version)
            assert records_of(decode(ProduceRequest, version, encoded)) == records
        assert encode_bytes(produce_request([]), version) == encode_bytes(produce_request(b""), version)


class TestTaggedFields:
    def test_tagged_fields_at_their_defaults_are_left_out(self) -> None:
        partition = PartitionData(diverging_epoch=EpochEndOffset(), current_leader=LeaderIdAndEpoch(leader_id=-1))
        response = FetchResponse(responses=[FetchableTopicResponse(partitions=[partition])])
        bare = FetchResponse(responses=[FetchableTopicResponse(partitions=[PartitionData()])])
        assert encode_bytes(response, 12) == encode_bytes(bare, 12)

    @pytest.mark.parametrize("chosen", range(8))
    def test_each_set_of_tagged_fields_comes_back(self, chosen: int) -> None:
        partition = PartitionData()
        if chosen & 1:
            partition.diverging_epoch = EpochEndOffset(epoch=3, end_offset=9)
        if chosen & 2:
            partition.current_leader = LeaderIdAndEpoch(leader_id=1, leader_epoch=2)
        if chosen & 4:
            partition.snapshot_id = SnapshotId(end_offset=5, epoch=1)
        response = FetchResponse(
            responses=[FetchableTopicResponse(partitions=[partition])],
            node_endpoints=[NodeEndpoint(host="h", rack=None)] * (chosen % 3),
        )
        assert decode(FetchResponse, 16, encode_bytes(response, 16)) == response

    def test_unknown_tagged_fields_are_skipped(self) -> None:
        encoded = encode_bytes(ApiVersionsRequest(client_software_name="a", client_software_version="b"), 3)
        assert encoded.endswith(b"\0")
        more = encoded[:-1] + b"\x02" + b"\x05\x03abc" + b"\xc8\x01\x00"
        assert decode(ApiVersionsRequest, 3, more).client_software_version == "b"

    def test_unknown_tags_beside_known_ones_are_skipped(self) -> None:
        directory = Uuid(bytes(range(16)))
        encoded = encode_bytes(BrokerHeartbeatRequest(broker_id=1, offline_log_dirs=[directory]), 1)
        head, section = encoded[:22], encoded[22:]
        assert section[0] == 1
        more = head + b"\x02" + section[1:] + b"\x09\x01\xff"
        assert decode(BrokerHeartbeatRequest, 1, more).offline_log_dirs == [directory]

    def test_a_tagged_field_that_lies_about_its_length_is_refused(self) -> None:
        encoded = encode_bytes(BrokerHeartbeatRequest(offline_log_dirs=[ZERO_UUID]), 1)
        position = encoded.index(b"\x00\x11\x02")
        for length in (0x10, 0x12, 0x7F):
            wrong = bytearray(encoded)
            wrong[position + 1] = length
            with pytest.raises(ProtocolViolation):
                decode(BrokerHeartbeatRequest, 1, wrong + b"\0" * (length == 0x12))

    def test_a_struct_in_a_tagged_field_is_compared_by_value(self) -> None:
        responses = [
            ProduceResponse(
                responses=[TopicProduceResponse(name="t", partition_responses=[PartitionProduceResponse()])]
            )
            for _ in range(2)
        ]
        assert responses[0] == responses[1]
        assert decode(ProduceResponse, 10, encode_bytes(responses[0], 10)) == responses[1]


class TestCoordinatorRecords:
    def test_a_committed_offset_is_laid_out_as_kafka_writes_it(self) -> None:
        assert encode_bytes(OffsetCommitKey(group="g", topic="to", partition=5), 0) == b"\0\1g\0\2to\0\0\0\5"
        offset = OffsetCommitValue(offset=7, leader_epoch=2, metadata="m", commit_timestamp=1000)
        assert encode_bytes(offset, 3) == bytes.fromhex("0000000000000007 00000002 0001 6d 00000000000003e8")
        with_topic = OffsetCommitValue(offset=7, metadata="", topic_id=Uuid(bytes(range(16))))
        assert encode_bytes(with_topic, 4) == (
            bytes.fromhex("0000000000000007 ffffffff 01 0000000000000000 01 00 10") + bytes(range(16))
        )

    def test_a_group_is_laid_out_as_kafka_writes_it(self) -> None:
        assert encode_bytes(GroupMetadataKey(group="g"), 0) == b"\0\1g"
        member = MemberMetadata(
            member_id="m", client_id="c", client_host="h", rebalance_timeout=3, session_timeout=4, subscription=b"s"
        )
        group = GroupMetadataValue(
            protocol_type="consumer",
            generation=1,
            protocol=None,
            leader="m",
            current_state_timestamp=9,
            members=[member],
        )
        assert encode_bytes(group, 3) == bytes.fromhex(
            "0008 636f6e73756d6572 00000001 ffff 0001 6d 0000000000000009 00000001"
            "0001 6d ffff 0001 63 0001 68 00000003 00000004 00000001 73 00000000"
        )

    def test_every_version_of_a_value_can_be_read(self) -> None:
        for version in range(5):
            group = GroupMetadataValue(protocol_type="consumer", members=[MemberMetadata(member_id="m")])
            assert decode(GroupMetadataValue, version, encode_bytes(group, version)) == group
