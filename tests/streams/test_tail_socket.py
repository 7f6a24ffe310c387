"""The tail's websocket: who may come in, what it understands, and frames that add up."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AnonymousUser, User

from streams.tail import sockets
from streams.tail.places import places_from_text, places_to_text
from streams.tail.reader import Readers
from tests.streams.topics import FakeTopic
from tests.support.patience import eventually, seconds

pytestmark = pytest.mark.django_db(transaction=True)


class Tail(ApplicationCommunicator):
    """A browser's end of a tail."""

    def __init__(self, query: str = "", user: Any = None) -> None:
        scope = {
            "type": "websocket",
            "query_string": query.encode(),
            "user": user or User(username="ada"),
            "url_route": {"kwargs": {"topic": "orders"}},
        }
        super().__init__(sockets.TailSocket.as_asgi(), scope)

    async def open(self) -> "Tail":
        await self.send_input({"type": "websocket.connect"})
        assert (await self.receive_output(5))["type"] == "websocket.accept"
        return self

    async def say(self, **command: object) -> None:
        await self.send_input({"type": "websocket.receive", "text": json.dumps(command)})

    async def frame(self) -> dict[str, Any]:
        message = await self.receive_output(5)
        assert message["type"] == "websocket.send", message
        frame: dict[str, Any] = json.loads(message["text"])
        status = frame["status"]
        assert status["received"] == status["shown"] + status["filtered"] + status["dropped"]
        return frame

    async def until(self, **wanted: object) -> dict[str, Any]:
        """The first frame whose status has these values."""
        async with asyncio.timeout(seconds(10)):
            while wanted.items() - (frame := await self.frame())["status"].items():
                pass
        return frame

    async def close(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(5)


@pytest.fixture
async def topic() -> AsyncIterator[FakeTopic]:
    topic = FakeTopic(partitions=2)
    register = sockets._readers[asyncio.get_running_loop()] = Readers(topic.connect)
    yield topic
    for reader, _ in list(register._readers.values()):
        for viewer in list(reader.viewers):
            await register.leave(reader.topic, viewer)


async def test_a_stranger_is_not_let_in(topic: FakeTopic) -> None:
    tail = Tail(user=AnonymousUser())
    await tail.send_input({"type": "websocket.connect"})
    assert (await tail.receive_output(5))["type"] == "websocket.close"
    assert topic.open == 0


async def test_a_record_is_a_row_with_its_exact_offset_as_text(topic: FakeTopic) -> None:
    tail = await Tail().open()
    await tail.until(reader="reading")
    topic.write(b'{"id": 9007199254740993}', partition=1)
    frame = await tail.until(received=1)
    assert frame["rows"] == [[1, "0", 0, ["null", ""], ["json", '{"id": 9007199254740993}'], 24, 0]]
    assert places_from_text(frame["status"]["places"]) == {0: 0, 1: 1}
    await tail.close()


async def test_the_consumer_is_gone_when_the_page_is(topic: FakeTopic) -> None:
    first, second = await Tail().open(), await Tail().open()
    await first.until(reader="reading", viewers=2)
    await first.close()
    await second.until(viewers=1)
    await second.close()
    await eventually(lambda: topic.open == 0, "the consumer closed", 1.0)
    assert len(sockets.readers_here()) == 0


async def test_a_pause_keeps_its_place_and_a_jump_counts_what_it_skips(topic: FakeTopic) -> None:
    tail = await Tail().open()
    await tail.until(reader="reading")
    await tail.say(do="pause")
    await tail.until(state="paused")
    topic.write(b"1", b"2", b"3")
    await tail.until(state="paused", behind=3, received=0)
    await tail.say(do="resume")
    await tail.until(state="live", received=3, shown=3)
    await tail.say(do="pause")
    await tail.until(state="paused")
    topic.write(b"4", b"5")
    await tail.until(behind=2)
    await tail.say(do="jump")
    await tail.until(state="live", received=5, shown=3, dropped=2)
    await tail.close()


async def test_a_filter_can_be_given_by_the_address_and_changed_later(topic: FakeTopic) -> None:
    tail = await Tail("text=needle&partition=0").open()
    await tail.until(reader="reading")
    topic.write(b"hay", b"a Needle")
    topic.write(b"needle", partition=1)
    await tail.until(received=3, shown=1, filtered=2)
    await tail.say(do="filter", text="", partition=None)
    # Commands are taken in order: once it says that it pauses, it has the filter.
    await tail.say(do="pause")
    await tail.until(state="paused")
    await tail.say(do="resume")
    await tail.until(state="live")
    topic.write(b"hay")
    await tail.until(received=4, shown=2, filtered=2)
    await tail.close()


async def test_a_page_that_was_paused_when_its_connection_broke_is_paused_again(topic: FakeTopic) -> None:
    topic.write(*(b"x" for _ in range(9)))
    tail = await Tail("from=0:4,1:0&paused=1").open()
    await tail.until(state="paused", behind=5)
    await tail.say(do="resume")
    frame = await tail.until(received=5)
    assert [row[1] for row in frame["rows"]] == ["4", "5", "6", "7", "8"]
    await tail.close()


@pytest.mark.parametrize("text", ["from=everywhere", "from=0:-1", "partition=first"])
async def test_an_address_that_makes_no_sense_is_refused(topic: FakeTopic, text: str) -> None:
    tail = await Tail(text).open()
    assert (await tail.receive_output(5))["code"] == sockets.BAD_REQUEST
    assert topic.open == 0


@pytest.mark.parametrize("text", ["not json", "[]", "{}", '{"do": "filter", "partition": "x"}', "null"])
async def test_a_command_that_makes_no_sense_ends_the_connection(topic: FakeTopic, text: str) -> None:
    tail = await Tail().open()
    await tail.send_input({"type": "websocket.receive", "text": text})
    while (message := await tail.receive_output(5))["type"] != "websocket.close":
        pass
    assert message["code"] == sockets.BAD_REQUEST


def test_places_survive_their_way_through_an_address() -> None:
    assert places_from_text(places_to_text({3: 9_223_372_036_854_775_807, 0: 0})) == {
        0: 0,
        3: 9_223_372_036_854_775_807,
    }
    assert places_from_text("") == {}
