"""Brokers come, are heard of, and go: registration, sessions, fencing, controlled shutdown."""

from __future__ import annotations

import asyncio

import pytest

from cluster.controller.changes import NO_LEADER
from cluster.protocol.errors import (
    BrokerIdNotRegistered,
    DuplicateBrokerRegistration,
    InconsistentClusterId,
    InvalidRegistration,
    StaleBrokerEpoch,
)
from cluster.protocol.messages.replication import BrokerHeartbeatRequest, BrokerRegistrationRequest
from cluster.protocol.primitives import Uuid
from tests.controller.cluster import SESSION_MS, ControlledCluster, three_brokers


async def alone() -> ControlledCluster:
    cluster = ControlledCluster()
    await cluster.elect()
    return cluster


async def applied_by_all(cluster: ControlledCluster, offset: int, timeout_s: float) -> None:
    await cluster.controller.sessions.applied_by_all(cluster.state, offset, timeout_s)


# -- registration


async def test_a_registered_broker_is_fenced_and_has_its_record_s_offset_for_an_epoch() -> None:
    cluster = await alone()
    epoch = await cluster.register(cluster.process(1, rack="a"))
    broker = cluster.state.brokers[1]
    assert broker.epoch == epoch == cluster.state.offset
    assert (broker.fenced, broker.host, broker.port, broker.rack) == (True, "localhost", 9092, "a")


async def test_the_same_incarnation_registers_once() -> None:
    cluster = await alone()
    broker = cluster.process(1)
    assert await cluster.register(broker) == await cluster.register(broker)


async def test_a_second_process_is_refused_while_the_first_is_heard_of() -> None:
    cluster = await three_brokers()
    cluster.brokers[1].directory = Uuid(bytes(range(16)))
    with pytest.raises(DuplicateBrokerRegistration):
        await cluster.register(cluster.process(1))


async def test_a_process_with_the_same_directory_replaces_the_former_at_once() -> None:
    cluster = await three_brokers()
    former = cluster.brokers[1].epoch
    assert await cluster.register(cluster.process(1)) > former
    assert cluster.state.brokers[1].fenced


async def test_a_second_process_is_taken_when_the_session_of_the_first_is_over() -> None:
    cluster = await three_brokers()
    cluster.brokers[1].directory = Uuid(bytes(range(16)))
    cluster.now_ms += SESSION_MS
    assert await cluster.register(cluster.process(1)) == cluster.state.offset


async def test_a_second_process_is_taken_when_the_first_is_known_gone() -> None:
    cluster = await three_brokers()
    await cluster.gone(1)
    cluster.brokers[1].directory = Uuid(bytes(range(16)))
    assert await cluster.register(cluster.process(1)) == cluster.state.offset


async def test_two_processes_that_register_at_the_same_time_get_epochs_of_their_own() -> None:
    cluster = await alone()
    answers = cluster.store.hold = asyncio.get_running_loop().create_future()
    first, second = cluster.process(1), cluster.process(1)
    registrations = [asyncio.create_task(cluster.register(broker)) for broker in (first, second)]
    await asyncio.sleep(0)
    answers.set_result(None)
    one, other = await asyncio.gather(*registrations)
    assert one < other == cluster.state.brokers[1].epoch


async def test_a_broker_of_another_cluster_is_refused() -> None:
    cluster = await alone()
    with pytest.raises(InconsistentClusterId):
        await cluster.controller.register_broker(BrokerRegistrationRequest(broker_id=1, cluster_id="other"), 0)


async def test_a_broker_without_an_address_is_refused() -> None:
    cluster = await alone()
    with pytest.raises(InvalidRegistration):
        await cluster.controller.register_broker(BrokerRegistrationRequest(broker_id=1, cluster_id="a-cluster"), 0)


async def test_a_clean_stop_keeps_a_replica_eligible_and_an_unclean_one_does_not() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    for broker in (1, 2):
        await cluster.gone(broker)
    assert cluster.partition("orders").elr == (2,)
    await cluster.register(cluster.process(2), previous_epoch=cluster.state.brokers[2].epoch)
    assert cluster.partition("orders").elr == (2,)
    await cluster.register(cluster.process(2), previous_epoch=-1)
    assert cluster.partition("orders").elr == ()


# -- heartbeats


async def test_a_broker_is_unfenced_when_it_has_replayed_its_own_registration() -> None:
    cluster = await alone()
    epoch = await cluster.register(cluster.process(1))
    assert (await cluster.heartbeat(1, offset=epoch - 1)).is_fenced
    assert (await cluster.heartbeat(1, offset=epoch, want_fence=True)).is_fenced
    answer = await cluster.heartbeat(1, offset=epoch)
    assert (answer.is_fenced, answer.is_caught_up) == (False, True)
    assert not cluster.state.brokers[1].fenced


async def test_heartbeats_of_a_broker_that_is_well_write_nothing() -> None:
    cluster = await three_brokers()
    written = len(cluster.store.entries)
    cluster.store.available = False
    assert not (await cluster.heartbeat(1)).is_fenced
    assert len(cluster.store.entries) == written


async def test_unknown_brokers_and_former_incarnations_are_told_so() -> None:
    cluster = await three_brokers()
    with pytest.raises(BrokerIdNotRegistered):
        await cluster.controller.heartbeat(BrokerHeartbeatRequest(broker_id=9), 0)
    cluster.brokers[1].epoch -= 1
    with pytest.raises(StaleBrokerEpoch):
        await cluster.heartbeat(1)


async def test_a_broker_that_wants_a_fence_gets_it() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2))
    answer = await cluster.heartbeat(1, want_fence=True)
    assert (answer.is_fenced, answer.should_shut_down) == (True, False)
    assert cluster.partition("orders").leader == 2


async def test_a_broker_that_wants_a_fence_and_to_leave_leaves_at_once() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2))
    answer = await cluster.heartbeat(1, want_fence=True, want_shut_down=True)
    assert answer.should_shut_down
    assert cluster.partition("orders").partition_epoch == 1


# -- sessions


async def test_a_silent_broker_is_fenced_when_its_session_is_over() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    cluster.now_ms = SESSION_MS - 1
    await cluster.heartbeat(2)
    await cluster.heartbeat(3)
    assert cluster.controller.next_deadline() == SESSION_MS
    cluster.now_ms = SESSION_MS
    await cluster.controller.tick(cluster.now_ms)
    assert cluster.state.brokers[1].fenced
    assert (cluster.partition("orders").leader, cluster.partition("orders").isr) == (2, (2, 3))
    assert cluster.controller.next_deadline() == 2 * SESSION_MS - 1


async def test_while_the_controller_itself_stood_still_no_session_has_passed() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    cluster.now_ms = SESSION_MS + 5_000
    cluster.controller.sessions.stood_still(5_001)
    await cluster.controller.tick(cluster.now_ms)
    assert not any(broker.fenced for broker in cluster.state.brokers.values())
    cluster.now_ms += 1
    await cluster.controller.tick(cluster.now_ms)
    assert all(broker.fenced for broker in cluster.state.brokers.values())


async def test_brokers_that_fall_silent_together_are_fenced_in_one_write() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    writes = len(cluster.store.writes)
    cluster.now_ms = SESSION_MS
    await cluster.controller.tick(cluster.now_ms)
    assert len(cluster.store.writes) == writes + 1
    assert cluster.partition("orders").leader == NO_LEADER
    assert cluster.partition("orders").partition_epoch == 3


async def test_a_broker_whose_process_is_gone_is_fenced_at_once() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    await cluster.gone(1)
    assert cluster.partition("orders").leader == 2


async def test_news_of_a_former_incarnation_s_death_changes_nothing() -> None:
    cluster = await three_brokers()
    former = cluster.brokers[1].epoch
    await cluster.start(1)
    await cluster.controller.broker_gone(1, former)
    assert not cluster.state.brokers[1].fenced


async def test_a_new_controller_gives_everybody_a_whole_session() -> None:
    cluster = await three_brokers()
    cluster.now_ms = SESSION_MS - 1
    await cluster.elect(2)
    await cluster.controller.tick(cluster.now_ms)
    assert not cluster.state.brokers[1].fenced
    assert cluster.controller.next_deadline() == 2 * SESSION_MS - 1


async def test_a_fenced_broker_comes_back_and_leads_what_nobody_leads() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1,))
    await cluster.gone(1)
    assert cluster.partition("orders").leader == NO_LEADER
    await cluster.heartbeat(1)
    assert (cluster.partition("orders").leader, cluster.partition("orders").recovering) == (1, False)


# -- controlled shutdown


async def test_leadership_moves_away_before_a_broker_may_go() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    known = cluster.state.offset
    answer = await cluster.heartbeat(1, want_shut_down=True)
    assert (answer.should_shut_down, answer.is_fenced) == (False, False)
    assert cluster.state.brokers[1].in_controlled_shutdown
    assert (cluster.partition("orders").leader, cluster.partition("orders").isr) == (2, (2, 3))
    await cluster.heartbeat(2, offset=known)
    await cluster.heartbeat(3)
    assert not (await cluster.heartbeat(1, want_shut_down=True)).should_shut_down, "broker 2 has not heard of it"
    await cluster.heartbeat(2)
    answer = await cluster.heartbeat(1, want_shut_down=True)
    assert (answer.should_shut_down, answer.is_fenced) == (True, True)
    assert cluster.state.brokers[1].fenced


async def test_a_silent_broker_does_not_hold_up_a_shutdown_for_ever() -> None:
    cluster = await three_brokers()
    await cluster.heartbeat(1, want_shut_down=True)
    cluster.now_ms = SESSION_MS - 1
    await cluster.heartbeat(2)
    assert not (await cluster.heartbeat(1, want_shut_down=True)).should_shut_down
    cluster.now_ms = SESSION_MS
    await cluster.controller.tick(cluster.now_ms)
    assert cluster.state.brokers[3].fenced
    assert (await cluster.heartbeat(1, want_shut_down=True)).should_shut_down


async def test_a_fenced_broker_may_go_at_once() -> None:
    cluster = await three_brokers()
    await cluster.gone(1)
    assert (await cluster.heartbeat(1, want_shut_down=True)).should_shut_down


async def test_the_last_broker_may_go_although_nobody_takes_over() -> None:
    cluster = await alone()
    await cluster.start(1)
    await cluster.topic("orders", (1,))
    await cluster.heartbeat(1, offset=-1, want_shut_down=True)
    assert (await cluster.heartbeat(1, offset=-1, want_shut_down=True)).should_shut_down


async def test_brokers_that_all_leave_together_wait_for_nobody() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    for broker in (1, 2, 3):
        await cluster.heartbeat(broker, offset=0, want_shut_down=True)
    for broker in (1, 2, 3):
        assert (await cluster.heartbeat(broker, offset=0, want_shut_down=True)).should_shut_down
    assert cluster.partition("orders").leader == NO_LEADER
    for broker in (1, 2, 3):
        epoch = cluster.state.brokers[broker].epoch
        await cluster.register(cluster.process(broker), previous_epoch=epoch)
        await cluster.heartbeat(broker)
    assert cluster.partition("orders").leader != NO_LEADER
    assert not cluster.partition("orders").recovering


async def test_it_is_known_when_every_broker_has_applied_a_change() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    waiting = asyncio.ensure_future(applied_by_all(cluster, cluster.state.offset, 60))
    await cluster.heartbeat(1)
    await cluster.heartbeat(2)
    await cluster.heartbeat(3, offset=cluster.state.offset - 1)
    assert not (await asyncio.wait([waiting], timeout=0.01))[0]
    await cluster.heartbeat(3)
    await asyncio.wait_for(waiting, 1)


@pytest.mark.parametrize("how", ["its process is gone", "its session is over"])
async def test_a_broker_that_is_gone_need_not_apply_anything(how: str) -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    offset = cluster.state.offset
    waiting = asyncio.ensure_future(applied_by_all(cluster, offset, 60))
    cluster.now_ms += SESSION_MS / 2
    await cluster.heartbeat(1)
    await cluster.heartbeat(2)
    assert not (await asyncio.wait([waiting], timeout=0.01))[0]
    if how == "its process is gone":
        await cluster.gone(3)
    else:
        cluster.now_ms += SESSION_MS / 2
        await cluster.controller.tick(cluster.now_ms)
    await asyncio.wait_for(waiting, 1)


async def test_a_broker_that_is_slow_is_not_waited_for_for_ever() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    await asyncio.wait_for(applied_by_all(cluster, cluster.state.offset, 0.01), 1)
