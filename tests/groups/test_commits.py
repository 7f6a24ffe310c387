"""OffsetCommit, OffsetFetch and OffsetDelete."""

import pytest

from cluster.groups.commits import fetch_response, groups_of_fetch
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.commits import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
)
from cluster.protocol.primitives import Uuid
from cluster.protocol.schema import decode, encode_bytes
from tests.groups.bench.bench import Bench
from tests.groups.bench.driver import ORDERS, PAYMENTS, Ask
from tests.groups.bench.members import subscription


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _error(ask: Ask, partition: int = 0) -> ErrorCode:
    return ErrorCode(ask.reply.topics[0].partitions[partition].error_code)


def test_who_is_no_member_commits_where_no_group_is(bench: Bench):
    assert _error(bench.commit(5)) is ErrorCode.NONE
    assert bench.committed() == 5
    assert bench.state_of() == "Empty"
    assert bench.shard.describe_group("group", 6).protocol_type == ""


def test_the_empty_group_id_may_commit(bench: Bench):
    assert _error(bench.commit(5, group="")) is ErrorCode.NONE
    assert bench.committed(group="") == 5


def test_a_member_commits_and_reads_it_back(bench: Bench):
    generation, (member,) = bench.stable_group()
    assert _error(bench.commit(7, member, generation, metadata="note", partitions=(0, 1))) is ErrorCode.NONE
    answer = bench.fetch("orders", partitions=(0, 1, 2)).reply
    assert [(p.committed_offset, p.metadata) for p in answer.topics[0].partitions] == [
        (7, "note"),
        (7, "note"),
        (-1, ""),
    ]
    assert answer.error_code == ErrorCode.NONE


_MEMBER = "the member itself"


@pytest.mark.parametrize(
    ("state", "member", "generation", "options", "error"),
    [
        ("none", "", 0, {"version": 9}, ErrorCode.GROUP_ID_NOT_FOUND),
        ("none", "", 0, {"version": 8}, ErrorCode.ILLEGAL_GENERATION),
        ("Empty", "", -1, {}, ErrorCode.NONE),
        ("Empty", "nobody", -1, {}, ErrorCode.NONE),
        ("Empty", "nobody", 1, {}, ErrorCode.UNKNOWN_MEMBER_ID),
        ("Stable", "", -1, {}, ErrorCode.UNKNOWN_MEMBER_ID),
        ("Stable", "nobody", 1, {}, ErrorCode.UNKNOWN_MEMBER_ID),
        ("Stable", _MEMBER, 1, {}, ErrorCode.NONE),
        ("Stable", _MEMBER, 0, {}, ErrorCode.ILLEGAL_GENERATION),
        ("Stable", _MEMBER, 2, {}, ErrorCode.ILLEGAL_GENERATION),
        ("Stable", _MEMBER, -1, {}, ErrorCode.ILLEGAL_GENERATION),
        ("Stable", _MEMBER, 1, {"instance": "unheard-of"}, ErrorCode.UNKNOWN_MEMBER_ID),
        ("PreparingRebalance", _MEMBER, 1, {}, ErrorCode.NONE),
        ("PreparingRebalance", "", -1, {}, ErrorCode.UNKNOWN_MEMBER_ID),
        ("CompletingRebalance", _MEMBER, 2, {}, ErrorCode.REBALANCE_IN_PROGRESS),
        ("CompletingRebalance", _MEMBER, 1, {}, ErrorCode.ILLEGAL_GENERATION),
    ],
)
def test_a_commit_is_guarded(bench: Bench, state: str, member: str, generation: int, options: dict, error: ErrorCode):
    known = _group_in(bench, state)
    commit = bench.commit(3, known if member == _MEMBER else member, generation, **options)
    assert _error(commit) is error
    assert bench.committed() == (3 if error is ErrorCode.NONE else -1)


def _group_in(bench: Bench, state: str) -> str:
    if state == "none":
        return ""
    _, (leader, follower) = bench.stable_group(2)
    match state:
        case "Empty":
            bench.leave(leader, follower)
        case "PreparingRebalance":
            bench.join(leader)
        case "CompletingRebalance":
            bench.join(leader)
            bench.join(follower)
    assert bench.state_of() == state
    return leader


def test_a_commit_counts_as_a_heartbeat(bench: Bench):
    generation, (member,) = bench.stable_group()
    for offset in range(5):
        bench.advance(9_000)
        bench.commit(offset, member, generation)
    assert bench.heartbeat(member, generation).error is ErrorCode.NONE


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        (None, ErrorCode.NONE),
        ("x" * 4096, ErrorCode.NONE),
        ("ß" * 4096, ErrorCode.NONE),
        ("x" * 4097, ErrorCode.OFFSET_METADATA_TOO_LARGE),
        ("🜚" * 2049, ErrorCode.OFFSET_METADATA_TOO_LARGE),
    ],
)
def test_metadata_has_a_limit(bench: Bench, metadata: str | None, error: ErrorCode):
    assert _error(bench.commit(1, metadata=metadata)) is error
    stored = bench.fetch("orders").reply.topics[0].partitions[0].metadata
    assert stored == ((metadata or "") if error is ErrorCode.NONE else "")


@pytest.mark.parametrize(
    ("topic", "version", "error"),
    [
        ("unheard-of", 9, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ("unheard-of", 10, ErrorCode.UNKNOWN_TOPIC_ID),
        ("orders", 10, ErrorCode.NONE),
    ],
)
def test_only_topics_that_exist_take_commits(bench: Bench, topic: str, version: int, error: ErrorCode):
    commit = bench.commit(1, topic=topic, version=version)
    assert _error(commit) is error
    assert bench.state_of() == ("Empty" if error is ErrorCode.NONE else "Dead")


def test_a_partition_that_does_not_exist_does_not_hold_up_the_others(bench: Bench):
    commit = bench.commit(1, partitions=(3, 0))
    assert [_error(commit, index) for index in (0, 1)] == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.NONE]
    assert bench.committed() == 1


def test_what_does_not_exist_keeps_its_error_when_the_commit_is_refused(bench: Bench):
    bench.stable_group()
    commit = bench.commit(1, partitions=(3, 0))
    assert [_error(commit, index) for index in (0, 1)] == [
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.UNKNOWN_MEMBER_ID,
    ]


def test_a_group_that_is_not_there_has_committed_nothing(bench: Bench):
    answer = bench.fetch("orders").reply
    assert answer.error_code == ErrorCode.NONE
    assert answer.topics[0].partitions[0].committed_offset == -1
    assert bench.fetch().reply.topics == []


def test_all_offsets_of_a_group_are_read(bench: Bench):
    bench.commit(1, partitions=(0, 2))
    bench.commit(2, topic="payments")
    answer = bench.fetch().reply
    assert {(t.name, p.partition_index): p.committed_offset for t in answer.topics for p in t.partitions} == {
        ("orders", 0): 1,
        ("orders", 2): 1,
        ("payments", 0): 2,
    }


def test_version_10_reads_by_topic_id(bench: Bench):
    bench.commit(4, version=10)
    answer = bench.fetch("orders", "unheard-of", version=10).reply
    assert (answer.topics[0].topic_id, answer.topics[0].partitions[0].committed_offset) == (ORDERS, 4)
    assert answer.topics[1].partitions[0].error_code == ErrorCode.UNKNOWN_TOPIC_ID
    assert [topic.topic_id for topic in bench.fetch(version=10).reply.topics] == [ORDERS]


def test_offsets_of_an_earlier_topic_of_that_name_are_not_read_by_id(bench: Bench):
    bench.commit(4)
    bench.topics.ids["orders"] = Uuid(b"2" * 16)
    assert bench.fetch("orders", version=10).reply.topics[0].partitions[0].committed_offset == -1
    assert bench.fetch("orders", version=9).reply.topics[0].partitions[0].committed_offset == 4


def test_a_topic_without_an_id_is_left_out_for_who_asks_by_id(bench: Bench):
    bench.commit(4)
    bench.commit(5, topic="payments")
    del bench.topics.ids["orders"]
    assert [topic.topic_id for topic in bench.fetch(version=10).reply.topics] == [PAYMENTS]
    assert [topic.name for topic in bench.fetch(version=9).reply.topics] == ["orders", "payments"]


def test_only_durable_offsets_are_read(bench: Bench):
    bench.commit(1)
    bench.holding = True
    commit = bench.commit(2)
    assert commit.waits
    assert bench.committed() == 1
    bench.release()
    assert _error(commit) is ErrorCode.NONE
    assert bench.committed() == 2


def test_who_requires_stable_offsets_waits_for_commits_under_way(bench: Bench):
    bench.commit(1)
    bench.holding = True
    bench.commit(2)
    stable = bench.fetch("orders", require_stable=True)
    assert stable.waits
    assert bench.fetch("orders", group="other", require_stable=True).replies
    bench.release()
    assert stable.reply.topics[0].partitions[0].committed_offset == 2


def test_before_version_8_a_fetch_is_of_one_group(bench: Bench):
    bench.commit(6)
    request = OffsetFetchRequest(
        group_id="group", topics=[OffsetFetchRequestTopic(name="orders", partition_indexes=[0, 1])]
    )
    (group,) = groups_of_fetch(request, 7)
    assert (group.group_id, group.topics[0].name, group.topics[0].partition_indexes) == ("group", "orders", [0, 1])
    assert groups_of_fetch(OffsetFetchRequest(group_id="group", topics=None), 2)[0].topics is None
    answer = fetch_response([bench.fetch("orders", partitions=(0, 1), version=7).reply], 7)
    assert [p.committed_offset for p in answer.topics[0].partitions] == [6, -1]


@pytest.mark.parametrize("version", range(1, 11))
def test_an_answer_can_be_encoded_in_every_version(bench: Bench, version: int):
    bench.commit(6, metadata="note")
    group = bench.fetch("orders", version=version).reply
    answer = fetch_response([group], version)
    back = decode(type(answer), version, encode_bytes(answer, version))
    topics = back.groups[0].topics if version >= 8 else back.topics
    assert topics[0].partitions[0].committed_offset == 6
    assert topics[0].partitions[0].metadata == "note"


def test_from_version_8_a_fetch_is_of_several_groups():
    groups = [OffsetFetchRequestGroup(group_id=name, topics=None) for name in "ab"]
    assert groups_of_fetch(OffsetFetchRequest(groups=groups), 8) == groups


def test_deleted_offsets_are_gone(bench: Bench):
    bench.commit(1, partitions=(0, 1))
    deleted = bench.delete_offsets("orders", 0, 2)
    assert (deleted.error, _error(deleted), _error(deleted, 1)) == (ErrorCode.NONE,) * 3
    assert (bench.committed(), bench.committed(partition=1)) == (-1, 1)


def test_a_commit_under_way_is_deleted_too(bench: Bench):
    bench.commit(1)
    bench.holding = True
    bench.commit(2, partitions=(1,))
    bench.delete_offsets("orders", 0, 1)
    bench.release()
    assert (bench.committed(), bench.committed(partition=1)) == (-1, -1)


@pytest.mark.parametrize(
    ("group", "error"), [("", ErrorCode.INVALID_GROUP_ID), ("unheard-of", ErrorCode.GROUP_ID_NOT_FOUND)]
)
def test_offsets_are_not_deleted_where_no_group_is(bench: Bench, group: str, error: ErrorCode):
    assert bench.delete_offsets("orders", group=group).error is error


def test_offsets_of_a_topic_that_is_consumed_stay(bench: Bench):
    generation, (member,) = bench.stable_group()
    bench.commit(1, member, generation)
    bench.commit(1, member, generation, topic="payments")
    assert _error(bench.delete_offsets("orders")) is ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC
    assert _error(bench.delete_offsets("payments")) is ErrorCode.NONE
    assert (bench.committed("orders"), bench.committed("payments")) == (1, -1)


def test_where_the_subscription_is_unreadable_all_offsets_stay(bench: Bench):
    generation, (member,) = bench.stable_group(protocols=(("range", b"?"),))
    bench.commit(1, member, generation)
    assert _error(bench.delete_offsets("orders")) is ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC


def test_a_group_that_does_not_consume_keeps_its_offsets_while_it_has_members(bench: Bench):
    options = {"protocol_type": "connect", "protocols": (("eager", b""),)}
    _, (member,) = bench.stable_group(**options)
    assert bench.delete_offsets("orders").error is ErrorCode.NON_EMPTY_GROUP
    bench.leave(member)
    assert bench.delete_offsets("orders").error is ErrorCode.NONE


def test_offsets_of_a_topic_that_does_not_exist_are_not_deleted(bench: Bench):
    bench.commit(1)
    assert _error(bench.delete_offsets("unheard-of")) is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert _error(bench.delete_offsets("orders", 3)) is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_after_a_rebalance_the_new_subscription_counts(bench: Bench):
    _, (member,) = bench.stable_group()
    bench.settle([bench.join(member, protocols=(("range", subscription("payments")),))])
    assert _error(bench.delete_offsets("orders")) is ErrorCode.NONE
    assert _error(bench.delete_offsets("payments")) is ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC
