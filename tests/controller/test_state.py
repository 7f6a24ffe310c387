"""Records and states: as JSON and back, applied in order, at the size of a large cluster."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.controller import changes, snapshot
from cluster.controller.changes import (
    BrokerChanged,
    BrokerRegistered,
    BrokerUnregistered,
    Change,
    ConfigChanged,
    ControllerElected,
    PartitionChanged,
    PartitionPlaced,
    ProducerIdsAllocated,
    TopicCreated,
    TopicDeleted,
)
from cluster.controller.state import ClusterState, Entry
from cluster.protocol.messages.topics import CreatableTopic, CreateTopicsRequest
from cluster.protocol.primitives import Uuid
from tests.controller.cluster import three_brokers

uuids = st.binary(min_size=16, max_size=16).map(Uuid)
ids = st.integers(0, 2**31 - 1)
texts = st.text(max_size=20)
replicas = st.lists(ids, max_size=4).map(tuple)
EVERY_KIND: st.SearchStrategy[Change] = st.one_of(
    *(st.builds(kind, **_fields) for kind, _fields in {
        ControllerElected: {"controller_id": ids, "epoch": ids, "host": texts, "port": ids},
        BrokerRegistered: {
            "broker_id": ids, "incarnation": uuids, "host": texts, "port": ids, "rack": st.none() | texts,
            "log_dirs": st.lists(uuids, max_size=2).map(tuple),
        },
        BrokerChanged: {
            "broker_id": ids, "broker_epoch": ids, "fenced": st.booleans(), "in_controlled_shutdown": st.booleans(),
        },
        BrokerUnregistered: {"broker_id": ids},
        TopicCreated: {"name": texts, "topic_id": uuids},
        PartitionPlaced: {"topic_id": uuids, "index": ids, "replicas": replicas, "isr": replicas, "leader": ids},
        PartitionChanged: {
            "topic_id": uuids, "index": ids, "leader": st.integers(-1, 9), "leader_epoch": ids, "partition_epoch": ids,
            "replicas": replicas, "isr": replicas, "elr": replicas, "last_known_elr": replicas,
            "recovering": st.booleans(),
        },
        TopicDeleted: {"topic_id": uuids},
        ConfigChanged: {"resource_type": ids, "resource_name": texts, "name": texts, "value": st.none() | texts},
        ProducerIdsAllocated: {"broker_id": ids, "broker_epoch": ids, "next_producer_id": ids},
    }.items())
)  # fmt: skip


def test_every_kind_of_record_is_tried() -> None:
    tried = {kind.__name__ for kind in changes.KINDS.values()}
    assert tried == set(changes.KINDS)


@given(EVERY_KIND)
def test_a_record_survives_json(change: Change) -> None:
    kind, fields = changes.to_json(change)
    assert changes.from_json(kind, json.loads(json.dumps(fields))) == change


def test_a_record_of_a_newer_version_is_not_skipped() -> None:
    with pytest.raises(KeyError):
        changes.from_json("SomethingNew", {})


async def test_a_state_survives_json() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3), (2, 1, 3), retention_ms="5")
    await cluster.gone(1)
    await cluster.gone(2)
    kept: dict[str, Any] = json.loads(json.dumps(snapshot.to_json(cluster.state)))
    assert snapshot.from_json("a-cluster", kept) == cluster.state


async def test_records_one_by_one_and_all_at_once_make_the_same_state() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3), (2, 1, 3), retention_ms="5")
    await cluster.gone(1)
    state = ClusterState(cluster_id="a-cluster")
    for entry in cluster.store.entries:
        state = state.apply_all([entry])
    assert state == cluster.state == ClusterState(cluster_id="a-cluster").apply_all(cluster.store.entries)


async def test_an_older_state_stays_as_it_was() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    before, partition = cluster.state, cluster.partition("orders")
    await cluster.gone(1)
    await cluster.controller.delete_topics([before.topics["orders"].id])
    assert before.partition("orders", 0) == partition
    assert not before.brokers[1].fenced


def test_records_are_not_applied_out_of_order() -> None:
    state = ClusterState(cluster_id="a-cluster", offset=5)
    with pytest.raises(AssertionError):
        state.apply_all([Entry(5, 1, ConfigChanged(resource_type=2, resource_name="a", name="b", value="c"))])


async def test_two_thousand_topics_are_made_replayed_and_moved_in_good_time() -> None:
    cluster = await three_brokers()
    names = [f"topic.{n}" for n in range(2_000)]
    wanted = [CreatableTopic(name=name, num_partitions=3, replication_factor=3) for name in names]
    began = time.process_time()
    for start in range(0, 2_000, 100):
        await cluster.controller.create_topics(CreateTopicsRequest(topics=wanted[start : start + 100]))
    made = time.process_time()
    replayed = ClusterState(cluster_id="a-cluster").apply_all(cluster.store.entries)
    assert replayed == cluster.state
    applied = time.process_time()
    await cluster.gone(1)
    moved = time.process_time()
    assert all(p.leader != 1 for t in cluster.state.topics.values() for p in t.partitions.values())
    # Generous: a slip into quadratic cost is what this is to catch.
    assert made - began < 10
    assert applied - made < 2
    assert moved - applied < 2
