"""Where replicas go: evenly, and over racks."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.controller.placement import place
from cluster.controller.state import BrokerState, ClusterState
from cluster.protocol.errors import InvalidReplicationFactor
from cluster.protocol.primitives import ZERO_UUID


def brokers(racks: Mapping[int, str | None], fenced: tuple[int, ...] = ()) -> ClusterState:
    return ClusterState(
        cluster_id="a-cluster",
        brokers={
            b: BrokerState(
                id=b, epoch=b, incarnation=ZERO_UUID, host="localhost", port=9092, rack=rack, fenced=b in fenced
            )
            for b, rack in racks.items()
        },
    )


def without_racks(count: int) -> dict[int, str | None]:
    return dict.fromkeys(range(1, count + 1))


@pytest.mark.parametrize(("count", "factor"), [(3, 3), (3, 2), (5, 3), (4, 1), (1, 1)])
def test_leaders_and_replicas_are_spread_evenly(count: int, factor: int) -> None:
    placed = place(brokers(without_racks(count)), count * 4, factor, random.Random(1))
    assert set(Counter(replicas[0] for replicas in placed).values()) == {4}
    assert set(Counter(r for replicas in placed for r in replicas).values()) == {4 * factor}


def test_pairs_vary() -> None:
    placed = place(brokers(without_racks(5)), 100, 2, random.Random(1))
    assert len(dict.fromkeys(placed)) > 10


def test_equal_racks_share_leaders_and_replicas_evenly() -> None:
    racks = {1: "a", 2: "a", 3: "b", 4: "b", 5: "c", 6: "c"}
    placed = place(brokers(racks), 60, 3, random.Random(1))
    assert set(Counter(replicas[0] for replicas in placed).values()) == {10}
    assert set(Counter(r for replicas in placed for r in replicas).values()) == {30}


def test_brokers_that_live_come_before_fenced_ones() -> None:
    placed = place(brokers(without_racks(4), fenced=(2, 4)), 10, 3, random.Random(1))
    for replicas in placed:
        assert sorted(replicas[:2]) == [1, 3]


def test_the_first_partition_is_not_always_with_the_same_broker() -> None:
    starts = {place(brokers(without_racks(3)), 1, 1, random.Random(seed))[0] for seed in range(30)}
    assert len(starts) == 3


@pytest.mark.parametrize(("count", "fenced", "factor"), [(3, (), 4), (2, (1, 2), 1), (0, (), 1)])
def test_what_cannot_be_placed_is_refused(count: int, fenced: tuple[int, ...], factor: int) -> None:
    with pytest.raises(InvalidReplicationFactor, match=f"Unable to replicate the partition {factor} time"):
        place(brokers(without_racks(count), fenced), 1, factor, random.Random(1))


@given(data=st.data(), racks=st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=1, max_size=9))
def test_each_partition_has_different_brokers_in_as_many_racks_as_can_be(
    data: st.DataObject, racks: list[str | None]
) -> None:
    by_id = dict(enumerate(racks))
    fenced = data.draw(st.lists(st.sampled_from(sorted(by_id)), unique=True, max_size=len(racks) - 1))
    factor = data.draw(st.integers(1, len(racks)))
    for replicas in place(brokers(by_id, tuple(fenced)), 20, factor, random.Random(data.draw(st.integers(0, 99)))):
        assert len(dict.fromkeys(replicas)) == factor
        assert replicas[0] not in fenced
        assert len({by_id[r] for r in replicas}) == min(factor, len(set(racks)))
