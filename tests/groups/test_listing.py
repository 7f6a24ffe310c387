"""ListGroups and DescribeGroups."""

import pytest

from cluster.groups.coordinator import partition_for
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.groups import DescribeGroupsResponse, ListGroupsRequest, ListGroupsResponse
from cluster.protocol.schema import decode, encode_bytes
from tests.groups.bench.bench import Bench
from tests.groups.bench.members import subscription


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stable_group(group="stable")
    bench.commit(1, group="simple")
    bench.new_member(group="gathering", rebalance_ms=600_000)
    return bench


@pytest.mark.parametrize(
    ("states", "types", "listed"),
    [
        ([], [], ["stable", "simple", "gathering"]),
        (["Stable"], [], ["stable"]),
        (["EMPTY", " preparingrebalance "], [], ["simple", "gathering"]),
        (["Dead"], [], []),
        ([], ["Classic"], ["stable", "simple", "gathering"]),
        ([], ["consumer"], []),
        ([], ["nonsense"], []),
        (["stable"], ["classic", "share"], ["stable"]),
    ],
)
def test_groups_are_listed_by_state_and_type(bench: Bench, states: list, types: list, listed: list):
    request = ListGroupsRequest(states_filter=states, types_filter=types)
    groups = bench.shard.list_groups(request)
    assert sorted(group.group_id for group in groups) == sorted(listed)


def test_a_listed_group_says_its_protocol_state_and_type(bench: Bench):
    by_id = {group.group_id: group for group in bench.shard.list_groups(ListGroupsRequest())}
    stable, simple = by_id["stable"], by_id["simple"]
    assert (stable.protocol_type, stable.group_state, stable.group_type) == ("consumer", "Stable", "classic")
    assert (simple.protocol_type, simple.group_state) == ("", "Empty")
    for version in range(6):
        encode_bytes(ListGroupsResponse(groups=list(by_id.values())), version)


def test_a_stable_group_is_described_with_what_its_members_said_and_got(bench: Bench):
    group = bench.shard.describe_group("stable", 6)
    assert (group.group_state, group.protocol_type, group.protocol_data) == ("Stable", "consumer", "range")
    (member,) = group.members
    assert (member.client_id, member.client_host) == ("client", "/127.0.0.1")
    assert member.member_metadata == subscription("orders")
    assert member.member_assignment == member.member_id.encode()
    for version in range(7):
        back = decode(DescribeGroupsResponse, version, encode_bytes(DescribeGroupsResponse(groups=[group]), version))
        assert back.groups[0].members[0].member_id == member.member_id


def test_a_group_that_gathers_is_described_without_metadata(bench: Bench):
    group = bench.shard.describe_group("gathering", 6)
    assert (group.group_state, group.protocol_data) == ("PreparingRebalance", "")
    assert [(m.member_metadata, m.member_assignment) for m in group.members] == [(b"", b"")]


@pytest.mark.parametrize(("version", "error"), [(5, ErrorCode.NONE), (6, ErrorCode.GROUP_ID_NOT_FOUND)])
def test_a_group_that_is_not_there_is_dead(bench: Bench, version: int, error: ErrorCode):
    group = bench.shard.describe_group("unheard-of", version)
    assert (group.group_state, group.error_code) == ("Dead", error)
    assert (group.error_message is not None) is (version >= 6)


@pytest.mark.parametrize(
    ("group_id", "partition"),
    [("", 0), ("group", 47), ("console-consumer-1", 24), ("größe", 7), ("🜚", 31), ("polygenelubricants", 0)],
)
def test_a_group_lives_where_java_says(group_id: str, partition: int):
    assert partition_for(group_id, 50) == partition
