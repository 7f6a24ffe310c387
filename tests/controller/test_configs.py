"""Configurations in the metadata log, and what they do to elections."""

from __future__ import annotations

from cluster.controller.changes import NO_LEADER
from cluster.controller.state import BROKER, TOPIC
from tests.controller.cluster import ControlledCluster, three_brokers

MIN_ISR, UNCLEAN = "min.insync.replicas", "unclean.leader.election.enable"


async def one_eligible(**configs: str) -> ControlledCluster:
    """Broker 1 is in sync alone, broker 2 is eligible."""
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3), **configs)
    await cluster.propose("orders", (1, 2))
    await cluster.propose("orders", (1,))
    assert cluster.partition("orders").elr == (2,)
    return cluster


async def test_a_configuration_is_set_and_returns_to_its_default() -> None:
    cluster = await three_brokers()
    await cluster.controller.alter_configs({(BROKER, "1"): {"a": "1", "b": "2"}})
    assert cluster.state.broker_config("1") == {"a": "1", "b": "2"}
    await cluster.controller.alter_configs({(BROKER, "1"): {"a": None, "b": "3"}})
    assert cluster.state.broker_config("1") == {"b": "3"}
    await cluster.controller.alter_configs({(BROKER, "1"): {"b": None}})
    assert not cluster.state.configs


async def test_a_smaller_minimum_of_the_topic_ends_eligibility_in_the_same_write() -> None:
    cluster = await one_eligible()
    writes = len(cluster.store.writes)
    await cluster.controller.alter_configs({(TOPIC, "orders"): {MIN_ISR: "1"}})
    assert cluster.partition("orders").elr == ()
    assert len(cluster.store.writes) == writes + 1


async def test_a_smaller_minimum_of_all_brokers_ends_eligibility_too() -> None:
    cluster = await one_eligible()
    await cluster.controller.alter_configs({(BROKER, ""): {MIN_ISR: "1"}})
    assert cluster.partition("orders").elr == ()


async def test_the_topic_s_own_minimum_comes_before_that_of_all_brokers() -> None:
    cluster = await one_eligible(min_insync_replicas="2")
    await cluster.controller.alter_configs({(BROKER, ""): {MIN_ISR: "1"}})
    assert cluster.partition("orders").elr == (2,)


async def test_other_configurations_leave_partitions_alone() -> None:
    cluster = await one_eligible()
    epoch = cluster.partition("orders").partition_epoch
    await cluster.controller.alter_configs({(TOPIC, "orders"): {"retention.ms": "1"}})
    assert cluster.partition("orders").partition_epoch == epoch


async def test_unclean_elections_begin_when_they_are_allowed() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2))
    await cluster.topic("payments", (1, 2))
    for topic in ("orders", "payments"):
        await cluster.propose(topic, (1,))
    await cluster.gone(1)
    await cluster.gone(2)
    await cluster.start(1)
    assert cluster.partition("orders").leader == NO_LEADER
    await cluster.controller.alter_configs({(TOPIC, "orders"): {UNCLEAN: "true"}})
    assert (cluster.partition("orders").leader, cluster.partition("orders").recovering) == (1, True)
    assert cluster.partition("payments").leader == NO_LEADER
    await cluster.controller.alter_configs({(BROKER, ""): {UNCLEAN: "true"}})
    assert cluster.partition("payments").leader == 1
