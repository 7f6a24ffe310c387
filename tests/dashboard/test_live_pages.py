"""A page's socket sends what changed and nothing else, to whoever is signed in."""

import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.staticfiles import finders
from django.urls import resolve

from dashboard.sockets import PageSocket
from dashboard.urls import LIVE_PAGES
from tests.dashboard import scenes
from tests.dashboard.conftest import Show

pytestmark = pytest.mark.django_db(transaction=True)

ADA = User(username="ada")


class Socket(ApplicationCommunicator):
    """A browser's end of a page's websocket."""

    def __init__(self, path: str, user: Any) -> None:
        path, _, query = path.partition("?")
        scope = {"type": "websocket", "path": f"/live{path}", "query_string": query.encode(), "user": user}
        super().__init__(PageSocket.as_asgi(pages=LIVE_PAGES), scope)

    async def next_message(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads((await self.receive_output(5))["text"])
        return message

    async def next_parts(self) -> dict[str, str]:
        """The parts of the next message that has any."""
        while not (parts := (await self.next_message())["parts"]):
            pass
        return dict(parts)


async def connected(path: str, user: Any = ADA) -> Socket:
    socket = Socket(path, user)
    await socket.send_input({"type": "websocket.connect"})
    return socket


async def accepted(path: str) -> Socket:
    socket = await connected(path)
    assert (await socket.receive_output(5))["type"] == "websocket.accept"
    return socket


async def closed(socket: Socket) -> None:
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(5)


async def test_a_stranger_is_not_let_in(show: Show) -> None:
    socket = await connected("/", AnonymousUser())
    assert (await socket.receive_output(5))["type"] == "websocket.close"


async def test_only_what_changed_is_sent(show: Show) -> None:
    show(scenes.seen(scenes.shape(scenes.topic("orders", scenes.partition(0)), scenes.topic("payments"))))
    socket = await accepted("/")
    first = await socket.next_parts()
    assert {"sentence", "figures", "replica_map", "changes", "nav"} <= first.keys()
    show(scenes.seen(scenes.shape(scenes.topic("orders", scenes.partition(0, leader=2)), scenes.topic("payments"))))
    parts = await socket.next_parts()
    while "map_row-orders" not in parts and "replica_map" not in parts:
        parts = await socket.next_parts()
    assert "map_row-payments" not in parts
    assert "sentence" not in parts
    await closed(socket)


async def test_a_row_that_appears_brings_its_whole_table(show: Show) -> None:
    show(scenes.seen(scenes.shape(scenes.topic("orders"))))
    socket = await accepted("/topics/")
    await socket.next_parts()
    show(scenes.seen(scenes.shape(scenes.topic("orders"), scenes.topic("payments"))))
    parts = await socket.next_parts()
    while "topics" not in parts:
        parts = await socket.next_parts()
    assert "payments" in parts["topics"]
    await closed(socket)


async def test_the_address_decides_what_lives(show: Show) -> None:
    show(scenes.seen(scenes.shape(scenes.topic("orders"), scenes.topic("payments"))))
    socket = await accepted("/topics/?q=pay&sort=-name")
    parts = await socket.next_parts()
    assert "topic_row-payments" in parts["topics"]
    assert "topic_row-orders" not in parts["topics"]
    assert "q=pay" in parts["topics"]
    await closed(socket)


async def test_a_page_without_living_parts_has_a_living_frame(show: Show) -> None:
    show(scenes.seen(scenes.shape(scenes.topic("orders"))))
    socket = await accepted("/topics/orders/delete/")
    assert (await socket.next_parts()).keys() == {"nav", "cluster", "unreachable"}
    await closed(socket)


@pytest.mark.parametrize("path", ["/nowhere/", "/topics/absent/", "/groups/absent/", "/brokers/9/"])
async def test_what_is_not_there_has_a_living_frame(show: Show, path: str) -> None:
    show(scenes.seen(scenes.shape(scenes.topic("orders"))))
    socket = await accepted(path)
    assert (await socket.next_parts()).keys() == {"nav", "cluster", "unreachable"}
    show(scenes.seen(scenes.shape(scenes.topic("orders"), scenes.topic("payments"))))
    assert '<span class="count">2</span>' in (await socket.next_parts())["nav"]
    await closed(socket)


async def test_the_age_is_that_of_the_newest_answer(show: Show) -> None:
    show(scenes.seen(scenes.shape()))
    socket = await accepted("/")
    assert 0 <= (await socket.next_message())["age_ms"] < 5000
    await closed(socket)


@pytest.mark.parametrize("path", ["/", "/brokers/", "/topics/orders/", "/groups/g/", "/topics/orders/configuration/"])
def test_living_pages_are_found_by_the_name_of_their_address(path: str) -> None:
    assert resolve(path).url_name in LIVE_PAGES


def test_every_page_has_its_styles_and_scripts() -> None:
    for name in (
        "css/tokens.css",
        "css/overview.css",
        "css/messages.css",
        "js/console.js",
        "js/morph.js",
        "js/tail.js",
    ):
        assert finders.find(name), name
