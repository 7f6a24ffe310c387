"""Fetch sessions: what is told once, epochs, forgetting, eviction, topics that go and come under a session."""

import asyncio
import random
from typing import Any, cast

import pytest

from cluster.broker.fetching.sessions import EVICTABLE_AFTER_S, MAX_EPOCH, FetchSession, FetchSessions
from cluster.broker.partitions.watching import Bound
from cluster.protocol.errors import ErrorCode, FetchSessionIdNotFound, InvalidFetchSessionEpoch
from cluster.protocol.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic, ForgottenTopic
from cluster.protocol.primitives import ZERO_UUID, Uuid
from tests.broker.data_path.requests import (
    TOPIC,
    create,
    delete,
    error,
    fetch,
    partitions_of,
    position,
    produce,
    put,
    values_in,
)
from tests.support.nodes import Nodes

LONG_MS = 20_000
VERSIONS = {"by name": 12, "by id": 17}


class Session:
    """A client's side of a fetch session with broker 1, by topic name or by topic id."""

    def __init__(self, nodes: Nodes, version: int, topic_id: Uuid) -> None:
        self.nodes, self.version = nodes, version
        self.topic_id = topic_id if version > 12 else ZERO_UUID
        self.id, self.epoch = 0, 0

    async def ask(self, *positions: FetchPartition, forget: tuple[int, ...] = (), **more: Any) -> FetchResponse:
        forgotten = [ForgottenTopic(topic=TOPIC, topic_id=self.topic_id, partitions=list(forget))] if forget else []
        session = {"session_id": self.id, "session_epoch": self.epoch, "forgotten_topics_data": forgotten}
        request = fetch(*positions, topic_id=self.topic_id, **(session | more))
        response: FetchResponse = await self.nodes.ask(1, request, self.version)
        self.id = response.session_id
        self.epoch += 1
        return response

    async def values(self, *positions: FetchPartition, **more: Any) -> dict[int, list[bytes]]:
        response = await self.ask(*positions, **more)
        assert response.error_code == ErrorCode.NONE
        return {index: values_in(data) for index, data in partitions_of(response).items()}

    async def errors(self, **more: Any) -> dict[int, ErrorCode]:
        return {index: error(data) for index, data in partitions_of(await self.ask(**more)).items()}


@pytest.fixture(params=VERSIONS.values(), ids=VERSIONS.keys())
async def session(one: Nodes, request: pytest.FixtureRequest) -> Session:
    """A session with a topic of two partitions, not begun yet."""
    return Session(one, request.param, await create(one, 1, partitions=2))


async def test_the_first_answer_names_everything_and_the_next_only_what_is_new(one: Nodes, session: Session) -> None:
    assert await session.values(position(0, 0), position(0, 1)) == {0: [], 1: []}
    assert session.id > 0
    assert await session.values() == {}
    await put(one, 1, b"a", index=1)
    assert await session.values() == {1: [b"a"]}
    assert await session.values() == {1: [b"a"]}
    assert await session.values(position(1, 1)) == {}


async def test_one_fetch_after_the_other_waits_and_is_woken(one: Nodes, session: Session) -> None:
    await session.ask(position(0, 0), position(0, 1))
    for turn in range(3):
        waiting = asyncio.ensure_future(session.values(position(turn, 0), max_wait_ms=LONG_MS))
        producer = await one.client(1, "a-producer")
        await producer.send(produce(b"%d" % turn), 12)
        assert await asyncio.wait_for(waiting, 5) == {0: [b"%d" % turn]}


async def test_what_came_between_two_fetches_is_not_waited_for(one: Nodes, session: Session) -> None:
    await session.ask(position(0, 0), position(0, 1))
    await put(one, 1, b"a", index=0)
    assert await asyncio.wait_for(session.values(max_wait_ms=LONG_MS), 5) == {0: [b"a"]}


async def test_a_partition_that_found_no_room_comes_next(one: Nodes, session: Session) -> None:
    for index in (0, 1):
        await put(one, 1, b"x" * 500, index=index)
    first = await session.values(position(0, 0), position(0, 1), max_bytes=600)
    assert {index: len(values) for index, values in first.items()} == {0: 1, 1: 0}
    assert {i: len(v) for i, v in (await session.values(max_bytes=600)).items() if v} == {1: 1}
    assert {i: len(v) for i, v in (await session.values(max_bytes=600)).items() if v} == {0: 1}


async def test_forgotten_partitions_are_told_of_no_more(one: Nodes, session: Session) -> None:
    await session.ask(position(0, 0), position(0, 1))
    await session.ask(forget=(0,))
    await put(one, 1, b"a", index=0)
    await put(one, 1, b"b", index=1)
    assert await session.values() == {1: [b"b"]}


async def test_a_session_without_partitions_ends(one: Nodes, session: Session) -> None:
    await session.ask(position(0, 0))
    response = await session.ask(forget=(0,))
    assert (response.error_code, response.session_id) == (ErrorCode.NONE, 0)
    assert len(one[1].parts.services.fetch_sessions) == 0


async def test_another_epoch_or_another_session_is_refused(session: Session) -> None:
    await session.ask(position(0, 0))
    known = session.id
    for claimed, code in (
        ({"session_id": known, "session_epoch": 7}, ErrorCode.INVALID_FETCH_SESSION_EPOCH),
        ({"session_id": known + 1, "session_epoch": 1}, ErrorCode.FETCH_SESSION_ID_NOT_FOUND),
    ):
        response = await session.ask(**claimed)
        assert (response.error_code, response.session_id, response.responses) == (code, 0, [])
    assert (await session.ask(session_id=known, session_epoch=1)).error_code == ErrorCode.NONE


async def test_a_session_begun_by_name_cannot_go_on_by_id(one: Nodes) -> None:
    session = Session(one, 12, await create(one, 1))
    await session.ask(position(0, 0))
    session.version = 17
    assert (await session.ask()).error_code == ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR


async def test_a_fetch_may_end_its_session_or_begin_another(one: Nodes, session: Session) -> None:
    sessions = one[1].parts.services.fetch_sessions
    await session.ask(position(0, 0))
    first = session.id
    await session.ask(position(0, 0), session_epoch=0)
    assert session.id not in (0, first)
    assert len(sessions) == 1
    await session.ask(position(0, 0), session_epoch=-1)
    assert (session.id, len(sessions)) == (0, 0)


async def test_a_high_watermark_is_told_once_although_nothing_is_to_be_read(three: Nodes) -> None:
    session = Session(three, 17, await create(three, 1, 2))
    await session.ask(position(0, 0))
    three[2].parts.replication.close()
    await put(three, 1, b"a", acks=1)
    assert partitions_of(await session.ask(max_wait_ms=10)) == {}
    await three.until(lambda: three.in_sync(1, TOPIC) == (1,), "2 left the ISR")
    response = await session.ask(position(1, 0), max_wait_ms=10)
    assert {i: d.high_watermark for i, d in partitions_of(response).items()} == {0: 1}
    assert partitions_of(await session.ask(max_wait_ms=10)) == {}


# -- topics that go and come


async def test_a_deleted_topic_is_an_error_until_it_is_forgotten(one: Nodes, session: Session) -> None:
    await session.ask(position(0, 0), position(0, 1))
    waiting = asyncio.ensure_future(session.errors(max_wait_ms=LONG_MS))
    partition = one.replica(1, TOPIC, 1)
    await one.until(lambda: partition.watchers._reading, "the fetch waits")
    await delete(one)
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert unknown in (await asyncio.wait_for(waiting, 5)).values()
    assert await session.errors() == {0: unknown, 1: unknown}
    response = await session.ask(forget=(0, 1))
    assert (response.responses, response.session_id) == ([], 0)


async def test_a_topic_made_anew_is_another_topic_for_a_session_by_id(one: Nodes) -> None:
    session = Session(one, 17, await create(one, 1))
    await session.ask(position(0, 0))
    await delete(one)
    again = await create(one, 1)
    await put(one, 1, b"a")
    assert await session.errors() == {0: ErrorCode.INCONSISTENT_TOPIC_ID}
    former, session.topic_id = session.topic_id, again
    assert await session.values(position(0, 0)) != {}
    session.topic_id = former
    await session.ask(forget=(0,))
    session.topic_id = again
    await put(one, 1, b"b")
    assert await session.values(position(1, 0)) == {0: [b"b"]}


async def test_a_topic_made_anew_is_the_same_for_a_session_by_name(one: Nodes) -> None:
    session = Session(one, 12, await create(one, 1))
    await session.ask(position(0, 0))
    await delete(one)
    assert await session.errors() == {0: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}
    await create(one, 1)
    await put(one, 1, b"a")
    assert await session.values() == {0: [b"a"]}
    await put(one, 1, b"b")
    assert await session.values(position(1, 0)) == {0: [b"b"]}


async def test_a_topic_that_was_unknown_is_found_when_it_exists(one: Nodes) -> None:
    session = Session(one, 12, ZERO_UUID)
    assert await session.errors(topics=[FetchTopic(topic=TOPIC, partitions=[position(0)])]) == {
        0: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    }
    await create(one, 1)
    await put(one, 1, b"a")
    assert await session.values() == {0: [b"a"]}


# -- how many there may be


class Clock:
    """As much of a loop as sessions need."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def time(self) -> float:
        return self.now


def begin(sessions: FetchSessions, partitions: int = 1, *, follower: bool = False) -> int:
    """Begin a session; its id, 0 when there was no room."""
    wanted = [FetchTopic(topic="a", partitions=[FetchPartition(partition=i) for i in range(partitions)])]
    bound = Bound.LOG_END if follower else Bound.HIGH_WATERMARK
    interest = sessions.begin(FetchRequest(session_epoch=0, topics=wanted), 12, bound, lambda _: None)
    return interest.id if isinstance(interest, FetchSession) else 0


def resume(sessions: FetchSessions, session_id: int, epoch: int) -> None:
    request = FetchRequest(session_id=session_id, session_epoch=epoch)
    sessions.begin(request, 12, Bound.HIGH_WATERMARK, lambda _: None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def two_slots(clock: Clock) -> FetchSessions:
    return FetchSessions(cast(Any, clock), random.Random(1), 2)


def test_without_room_a_fetch_has_no_session(two_slots: FetchSessions) -> None:
    assert all((begin(two_slots), begin(two_slots)))
    assert begin(two_slots, partitions=50) == 0


def test_one_that_has_not_been_used_for_long_makes_room(two_slots: FetchSessions, clock: Clock) -> None:
    first, second = begin(two_slots), begin(two_slots)
    clock.now += EVICTABLE_AFTER_S
    resume(two_slots, first, 1)
    clock.now += 1
    assert begin(two_slots)
    resume(two_slots, first, 2)
    with pytest.raises(FetchSessionIdNotFound):
        resume(two_slots, second, 1)


def test_a_larger_one_takes_the_place_of_a_smaller_one_that_is_not_new(two_slots: FetchSessions, clock: Clock) -> None:
    small, large = begin(two_slots, 2), begin(two_slots, 9)
    clock.now += EVICTABLE_AFTER_S + 1
    resume(two_slots, small, 1)
    resume(two_slots, large, 1)
    assert begin(two_slots, 1) == 0
    assert begin(two_slots, 5)
    resume(two_slots, large, 2)
    with pytest.raises(FetchSessionIdNotFound):
        resume(two_slots, small, 2)


def test_a_follower_takes_the_place_of_any_consumer_and_a_consumer_of_no_follower(
    two_slots: FetchSessions, clock: Clock
) -> None:
    begin(two_slots, 90)
    assert begin(two_slots, 1, follower=True)
    assert begin(two_slots, 1, follower=True)
    assert begin(two_slots, 90, follower=True) == 0
    clock.now += 1
    assert begin(two_slots, 90) == 0


def test_epochs_go_on_from_1_after_the_last(two_slots: FetchSessions) -> None:
    session_id = begin(two_slots)
    two_slots._sessions[session_id].next_epoch = MAX_EPOCH
    resume(two_slots, session_id, MAX_EPOCH)
    resume(two_slots, session_id, 1)
    with pytest.raises(InvalidFetchSessionEpoch):
        resume(two_slots, session_id, 1)
