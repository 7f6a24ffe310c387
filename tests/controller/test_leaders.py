"""Elections on demand, and leadership that goes back to preferred leaders by itself."""

from __future__ import annotations

import pytest

from cluster.controller.changes import NO_LEADER
from cluster.protocol.errors import ErrorCode, InvalidRequest
from cluster.protocol.messages.topics import ElectLeadersRequest, ReplicaElectionResult, TopicPartitions
from tests.controller.cluster import ControlledCluster, three_brokers

PREFERRED, UNCLEAN = 0, 1


async def elect(cluster: ControlledCluster, kind: int, *wanted: tuple[str, int]) -> dict[tuple[str, int], ErrorCode]:
    named = [TopicPartitions(topic=name, partitions=[index]) for name, index in wanted]
    request = ElectLeadersRequest(election_type=kind, topic_partitions=named or None)
    response = await cluster.controller.elect_leaders(request)
    return {
        (topic.topic, result.partition_id): ErrorCode(result.error_code)
        for topic in response.replica_election_results
        for result in topic.partition_result
    }


async def one_led_by_another() -> ControlledCluster:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3), (2, 3, 1))
    await cluster.gone(1)
    await cluster.start(1)
    assert cluster.partition("orders").leader == 2
    return cluster


async def test_the_preferred_leader_must_be_in_sync() -> None:
    cluster = await one_led_by_another()
    answers = await elect(cluster, PREFERRED, ("orders", 0), ("orders", 1), ("orders", 9), ("none", 0))
    assert answers == {
        ("orders", 0): ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
        ("orders", 1): ErrorCode.ELECTION_NOT_NEEDED,
        ("orders", 9): ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ("none", 0): ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    }


async def test_the_preferred_leader_leads_again_when_it_is_in_sync() -> None:
    cluster = await one_led_by_another()
    await cluster.propose("orders", (2, 3, 1))
    assert await elect(cluster, PREFERRED, ("orders", 0)) == {("orders", 0): ErrorCode.NONE}
    assert (cluster.partition("orders").leader, cluster.partition("orders").isr) == (1, (2, 3, 1))


async def test_all_partitions_are_answered_for_where_an_election_was_needed() -> None:
    cluster = await one_led_by_another()
    await cluster.propose("orders", (2, 3, 1))
    assert await elect(cluster, PREFERRED) == {("orders", 0): ErrorCode.NONE}


async def test_a_topic_is_listed_where_no_election_was_needed_when_all_are_asked_for() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    response = await cluster.controller.elect_leaders(ElectLeadersRequest(topic_partitions=None))
    assert response.replica_election_results == [ReplicaElectionResult(topic="orders", partition_result=[])]


async def test_an_unclean_election_is_for_partitions_that_nobody_leads() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2), (3, 2))
    await cluster.propose("orders", (1,))
    await cluster.gone(1)
    assert cluster.partition("orders").leader == 2, "who was eligible leads"
    await cluster.gone(2)
    await cluster.start(1)
    assert cluster.partition("orders").leader == NO_LEADER
    answers = await elect(cluster, UNCLEAN, ("orders", 0), ("orders", 1))
    assert answers == {("orders", 0): ErrorCode.NONE, ("orders", 1): ErrorCode.ELECTION_NOT_NEEDED}
    assert (cluster.partition("orders").leader, cluster.partition("orders").recovering) == (1, True)


async def test_an_unclean_election_needs_a_replica_that_is_there() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (3,))
    await cluster.gone(3)
    answers = await elect(cluster, UNCLEAN, ("orders", 0))
    assert answers == {("orders", 0): ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE}


async def test_there_are_two_kinds_of_elections() -> None:
    cluster = await three_brokers()
    with pytest.raises(InvalidRequest):
        await elect(cluster, 2)


async def test_leadership_goes_back_when_that_is_due() -> None:
    cluster = await one_led_by_another()
    await cluster.propose("orders", (2, 3, 1))
    due = cluster.policy.imbalance_check_ms
    assert due is not None
    for broker in (1, 2, 3):
        cluster.now_ms = due - 1
        await cluster.heartbeat(broker)
    await cluster.controller.tick(due - 1)
    assert cluster.partition("orders").leader == 2
    assert cluster.controller.next_deadline() == due
    await cluster.controller.tick(due)
    assert cluster.partition("orders").leader == 1


async def test_leadership_stays_where_nobody_wants_it_balanced() -> None:
    cluster = await three_brokers(imbalance_check_ms=None)
    await cluster.topic("orders", (1, 2, 3))
    await cluster.gone(1)
    await cluster.start(1)
    await cluster.propose("orders", (2, 3, 1))
    await cluster.controller.tick(cluster.now_ms)
    assert cluster.partition("orders").leader == 2
