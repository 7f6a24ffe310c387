"""Followers: they catch up, cut what the leader does not have, and hear of its marks."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.offsets import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from cluster.protocol.records.batch import batches
from tests.broker.data_path.requests import LEADER, TOPIC, batch, create, error, put, values_in
from tests.support.nodes import Nodes, brokers

PATIENT = {"replica_fetch_wait_max_ms": "20000", "replica_lag_time_max_ms": "30000"}
"""Followers that sit out their waits for a very long time: what they do promptly, they were woken for."""


def log_of(nodes: Nodes, broker: int, topic: str = TOPIC) -> Any:
    return nodes.replica(broker, topic).log


def content(nodes: Nodes, broker: int, topic: str = TOPIC) -> tuple[int, bytes]:
    """Where a replica begins, and all its batches as they lie there; a read brings those of one segment."""
    log = log_of(nodes, broker, topic)
    offset, found = log.log_start_offset, b""
    while offset < log.log_end_offset:
        read = b"".join(map(bytes, log.read(offset, 1 << 30, log.log_end_offset, True).buffers))
        *_, last = batches(read)
        offset, found = last.next_offset, found + read
    return log.log_start_offset, found


async def until_equal(nodes: Nodes, *broker_ids: int, topic: str = TOPIC) -> None:
    """Wait until these replicas have the same bytes and the same high watermark."""

    def equal() -> bool:
        first, *others = broker_ids
        marks = [(log_of(nodes, i, topic).high_watermark, log_of(nodes, i, topic).log_end_offset) for i in broker_ids]
        return all(mark == marks[0] for mark in marks) and all(
            content(nodes, other, topic) == content(nodes, first, topic) for other in others
        )

    await nodes.until(equal, f"brokers {broker_ids} have the same log")


async def delete_records(nodes: Nodes, broker: int, offset: int, timeout_ms: int = 5_000) -> Any:
    wanted = DeleteRecordsTopic(name=TOPIC, partitions=[DeleteRecordsPartition(partition_index=0, offset=offset)])
    response = await nodes.ask(broker, DeleteRecordsRequest(topics=[wanted], timeout_ms=timeout_ms))
    ((result,),) = [topic.partitions for topic in response.topics]
    return result


# -- catching up


async def test_a_follower_that_comes_late_copies_everything(three: Nodes) -> None:
    await create(three, 1, 2, segment_bytes="1048576")
    await three.crash(2)
    for i in range(40):
        await put(three, 1, b"%02d" % i * 50_000, acks=LEADER)
    await three.start(2)
    await until_equal(three, 1, 2)
    assert log_of(three, 2).log_end_offset == 40
    await three.until(lambda: three.placed(TOPIC).isr == (1, 2), "2 is in sync")


async def test_followers_hear_of_the_high_watermark_without_further_records(three: Nodes) -> None:
    await create(three, 1, 2, 3)
    await put(three, 1, b"a")
    await three.until(lambda: [log_of(three, i).high_watermark for i in (1, 2, 3)] == [1, 1, 1], "all know the mark")


async def test_new_partitions_are_followed_without_sitting_out_a_wait(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1, 2, **PATIENT) as nodes:
        for topic in ("a", "b", "c"):
            await create(nodes, 1, 2, topic=topic)
            for value in (b"x", b"y"):
                assert error(await asyncio.wait_for(put(nodes, 1, value, topic=topic), 5)) == ErrorCode.NONE


async def test_deleted_records_are_let_go_by_followers_at_once(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1, 2, **PATIENT) as nodes:
        await create(nodes, 1, 2)
        for value in (b"a", b"b", b"c"):
            await put(nodes, 1, value)
        result = await asyncio.wait_for(delete_records(nodes, 1, 2), 5)
        assert (error(result), result.low_watermark) == (ErrorCode.NONE, 2)
        assert [log_of(nodes, i).log_start_offset for i in (1, 2)] == [2, 2]


async def test_a_leader_without_room_for_sessions_is_followed_all_the_same(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1, 2, max_incremental_fetch_session_cache_slots="0") as nodes:
        await create(nodes, 1, 2, partitions=2)
        for i in range(10):
            assert error(await put(nodes, 1, b"a", index=i % 2)) == ErrorCode.NONE


async def test_a_leader_that_cannot_be_reached_is_a_line_and_another_when_it_can(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO", logger="cluster.broker.replication")
    async with brokers(tmp_path, 1) as nodes:
        await nodes.start(2)
        await create(nodes, 2, 1)
        listener, attempts = nodes[2].parts.listener, []
        lost = nodes[1].parts.absences.lost
        monkeypatch.setattr(nodes[1].parts.absences, "lost", lambda source: (attempts.append(source), lost(source)))
        caplog.clear()
        listener.close()
        await nodes.until(lambda: len(attempts) >= 5, "it is tried again and again")
        listener._closing = False
        await listener.listen("127.0.0.1", nodes.port(2))
        assert error(await put(nodes, 2, b"a")) == ErrorCode.NONE
        said = [record.getMessage() for record in caplog.records]
    assert [line.partition(" broker 2")[0] for line in said] == ["cannot fetch from", "fetches from"]


async def test_a_session_that_the_leader_forgot_is_begun_anew(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    sessions = three[1].parts.services.fetch_sessions
    for session_id in list(sessions._sessions):
        sessions._remove(session_id)
    for value in (b"b", b"c"):
        assert error(await put(three, 1, value)) == ErrorCode.NONE
    assert three.placed(TOPIC).isr == (1, 2)


async def test_the_trouble_of_one_partition_is_not_that_of_the_others(
    three: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create(three, 1, 2, topic="bad")
    await create(three, 1, 2, topic="good")
    failing = True
    take = log_of(three, 2, "bad").append_as_follower

    def fail(*data: Any) -> Any:
        if failing:
            raise AssertionError("this cannot be")
        return take(*data)

    monkeypatch.setattr(log_of(three, 2, "bad"), "append_as_follower", fail)
    await put(three, 1, b"a", topic="bad", acks=LEADER)
    assert error(await put(three, 1, b"a", topic="good")) == ErrorCode.NONE
    failing = False
    await until_equal(three, 1, 2, topic="bad")


# -- histories that part


async def test_a_former_leader_cuts_what_nobody_else_has(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"both")
    three[2].parts.replication.close()
    for value in (b"only 1", b"only 1 as well"):
        await put(three, 1, value, acks=LEADER)
    await three.crash(1)
    await three.until(lambda: three.leads(2, TOPIC), "2 leads")
    await put(three, 2, b"of 2")
    await three.start(1)
    await until_equal(three, 1, 2)
    assert values_in(content(three, 1)[1]) == [b"both", b"of 2"]
    assert log_of(three, 1).epochs.entries == log_of(three, 2).epochs.entries == [(0, 0), (1, 1)]


async def test_logs_that_parted_more_than_once_find_their_common_part(three: Nodes) -> None:
    await create(three, 1, 2, unclean_leader_election_enable="true")
    await put(three, 1, b"both")
    await three.crash(2)
    await put(three, 1, b"1 in epoch 0", acks=LEADER)
    await three.crash(1)
    await three.start(2)
    await three.until(lambda: three.leads(2, TOPIC), "2 leads uncleanly")
    await put(three, 2, b"2 in its epoch", acks=LEADER)
    await three.crash(2)
    await three.start(1)
    await three.until(lambda: three.leads(1, TOPIC), "1 leads uncleanly")
    await put(three, 1, b"1 in the last epoch", acks=LEADER)
    await three.start(2)
    await until_equal(three, 1, 2)
    assert values_in(content(three, 2)[1]) == [b"both", b"1 in epoch 0", b"1 in the last epoch"]
    assert log_of(three, 1).epochs.entries == log_of(three, 2).epochs.entries


async def test_epochs_without_records_are_cut_as_well(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    for leaving, other in ((1, 2), (2, 1), (1, 2)):
        await three.crash(leaving)
        await three.until(lambda other=other: three.leads(other, TOPIC), f"{other} leads")
        await three.start(leaving)
        await three.until(lambda: len(three.placed(TOPIC).isr) == 2, "both are in sync")
    await put(three, 2, b"b")
    await until_equal(three, 1, 2)
    assert log_of(three, 1).epochs.entries[-1] == log_of(three, 2).epochs.entries[-1]


async def test_a_follower_far_behind_begins_anew_at_the_leaders_start(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    await three.crash(2)
    await three.until(lambda: three.in_sync(1, TOPIC) == (1,), "2 is out of sync")
    for value in (b"b", b"c", b"d"):
        await put(three, 1, value)
    assert (await delete_records(three, 1, 3)).low_watermark == 3
    await three.start(2)
    await until_equal(three, 1, 2)
    assert (log_of(three, 2).log_start_offset, log_of(three, 2).log_end_offset) == (3, 4)


async def test_a_follower_beyond_a_leader_without_history_cuts_its_end(three: Nodes) -> None:
    await create(three, 1, 2, unclean_leader_election_enable="true")
    await three.crash(2)
    for value in (b"a", b"b"):
        await put(three, 1, value, acks=LEADER)
    await three.crash(1)
    await three.start(2)
    await three.until(lambda: three.leads(2, TOPIC), "2 leads uncleanly, with nothing")
    await three.start(1)
    await until_equal(three, 1, 2)
    assert log_of(three, 1).log_end_offset == 0
    assert error(await put(three, 2, b"c")) == ErrorCode.NONE
    await until_equal(three, 1, 2)


async def test_all_that_was_acknowledged_survives_leaders_that_die_in_turn(three: Nodes) -> None:
    await create(three, 1, 2, 3, min_insync_replicas="2")
    acknowledged = []
    for turn in range(6):
        leader = three.leader(TOPIC)
        await three.until(lambda leader=leader: three.leads(leader, TOPIC), "the leader knows")
        answers = await asyncio.gather(*(put(three, leader, b"%d-%d" % (turn, i)) for i in range(20)))
        acknowledged += [(a.base_offset, b"%d-%d" % (turn, i)) for i, a in enumerate(answers) if not a.error_code]
        await three.crash(leader)
        await three.until(lambda leader=leader: three.leader(TOPIC) not in (leader, -1), "another leads")
        await three.start(leader)
        await three.until(lambda: len(three.placed(TOPIC).isr) == 3, "all are in sync")
    await until_equal(three, 1, 2, 3)
    values = values_in(content(three, 1)[1])
    assert len(acknowledged) >= 100
    assert all(values[offset] == value for offset, value in acknowledged)


async def test_a_follower_keeps_what_producers_have_sent(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, records=batch(b"a", producer_id=5, producer_epoch=0, base_sequence=0))
    await three.until(lambda: log_of(three, 2).log_end_offset == 1, "2 has it")
    assert [p.producer_id for p in log_of(three, 2).active_producers()] == [5]
