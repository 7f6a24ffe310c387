"""The observer asks while somebody looks, survives every failure, and asks once for all who look."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cluster.client.connection import ConnectionLost
from dashboard.watch.observation import Observation
from dashboard.watch.observer import Observer, Reading
from tests.dashboard import scenes

Read = Callable[[Observation], Awaitable[Any]]


class Answers:
    """A cluster that answers what it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Any = scenes.shape(scenes.topic("orders"))
        self.error: Exception | None = None
        self.silent = False

    async def shape(self, seen: Observation) -> Any:
        self.asked += 1
        await asyncio.sleep(3600 if self.silent else 0)
        if self.error:
            raise self.error
        return self.answer


async def nothing(seen: Observation) -> tuple[()]:
    return ()


def observer(answers: Answers, ends: Read = nothing) -> Observer:
    readings = (
        Reading(name="nodes", every_s=0.01, read=nothing),
        Reading(name="shape", every_s=0.01, read=answers.shape),
        Reading(name="ends", every_s=0.01, read=ends),
    )
    return Observer({reading.name: reading for reading in readings})


async def test_many_who_glance_at_once_cost_one_question() -> None:
    answers = Answers()
    watching = observer(answers)
    await asyncio.gather(*(watching.glance() for _ in range(20)))
    assert answers.asked == 1


async def test_what_was_just_made_is_seen_by_a_closer_look_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers()
    watching = observer(answers)
    before = await watching.glance()
    answers.answer = scenes.shape(scenes.topic("orders"), scenes.topic("payments"))
    assert (await watching.glance()).shape == before.shape
    assert (await watching.look_closer()).shape == answers.answer
    monkeypatch.setattr("dashboard.watch.observer.MOMENT_S", 0.01)
    answers.silent = True
    assert (await watching.look_closer()).shape == answers.answer


async def test_nothing_is_asked_while_nobody_looks() -> None:
    answers = Answers()
    watching = observer(answers)
    await watching.glance()
    await asyncio.sleep(0.05)
    assert answers.asked == 1
    assert not watching.watching


async def test_who_watches_is_told_of_each_new_observation() -> None:
    answers = Answers()
    watching = observer(answers)
    async with watching.watch() as next_observation:
        first = await next_observation()
        while not first.shape:
            first = await next_observation()
        answers.answer = scenes.shape(scenes.topic("orders"), scenes.topic("payments"))
        while "payments" not in (await next_observation()).shape.topics:  # type: ignore[union-attr]
            pass
    assert watching.viewers == 0


async def test_silence_keeps_what_was_last_seen_and_says_why() -> None:
    answers = Answers()
    watching = observer(answers)
    await watching.glance()
    answers.error = ConnectionLost("127.0.0.1:9092 cannot be reached")
    seen = await watching.look_again()
    assert seen.shape is not None
    assert seen.unreachable == "127.0.0.1:9092 cannot be reached"
    assert seen.alive == frozenset()
    answers.error = None
    assert (await watching.look_again()).unreachable is None


async def test_a_change_is_looked_for_until_the_broker_that_is_asked_has_heard_of_it() -> None:
    answers = Answers()
    watching = observer(answers)
    await watching.glance()
    after = scenes.shape(scenes.topic("orders"), scenes.topic("payments"))
    asyncio.get_running_loop().call_later(0.12, setattr, answers, "answer", after)
    await watching.look_for(lambda seen: seen.shape is not None and "payments" in seen.shape.topics)
    assert watching.now.shape == after
    asked = answers.asked
    await watching.look_for(lambda seen: seen.shape == after)
    assert answers.asked == asked + 1


async def test_a_change_that_is_never_seen_is_not_looked_for_for_ever() -> None:
    answers = Answers()
    async with asyncio.timeout(10):
        await observer(answers).look_for(lambda seen: False)


async def test_a_change_is_not_looked_for_where_nobody_answers() -> None:
    answers = Answers()
    answers.error = ConnectionLost("127.0.0.1:9092 cannot be reached")
    await observer(answers).look_for(lambda seen: False)
    assert answers.asked == 1


async def test_a_reading_that_goes_wrong_stops_neither_itself_nor_the_others() -> None:
    tries = 0

    async def ends(seen: Observation) -> Any:
        nonlocal tries
        tries += 1
        raise RuntimeError("a bug")

    answers = Answers()
    watching = observer(answers, ends)
    async with watching.watch() as next_observation:
        while tries < 3 or answers.asked < 3:
            await next_observation()
    assert watching.now.shape is not None


async def test_a_page_does_not_wait_long_for_a_figure_when_there_is_something_to_show() -> None:
    forever = asyncio.Event()

    async def ends(seen: Observation) -> Any:
        await forever.wait()

    watching = observer(Answers(), ends)
    await watching.glance()
    seen = await asyncio.wait_for(watching.glance("ends"), 5)
    assert seen.ends is None
    forever.set()


async def test_an_answer_for_one_page_is_shared_while_it_is_fresh() -> None:
    asked = 0

    async def ask() -> int:
        nonlocal asked
        asked += 1
        return asked

    watching = observer(Answers())
    assert [await watching.recall("key", 60, ask) for _ in range(3)] == [1, 1, 1]
    assert await watching.recall("key", -1, ask) == 2
