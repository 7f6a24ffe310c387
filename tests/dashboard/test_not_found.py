"""What is not there is told within the console's frame, or at the door, in one sentence; it waits for no cluster."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import AsyncClient, RequestFactory
from django.urls import Resolver404
from django.utils.functional import SimpleLazyObject

from dashboard.views.refusals.not_found import not_found
from dashboard.watch import here
from dashboard.watch.observation import Observation
from tests.dashboard.conftest import Show
from tests.dashboard.test_pages import SILENT, WHOLE, text

pytestmark = pytest.mark.django_db(transaction=True)

NAVIGATION = 'aria-label="Cluster"'
ABSENT = [
    ("/topics/absent/", "There is no topic “absent”.", "topics"),
    ("/topics/absent/groups/", "There is no topic “absent”.", "topics"),
    ("/topics/absent/tail/", "There is no topic “absent”.", "topics"),
    ("/topics/absent/messages/", "There is no topic “absent”.", "topics"),
    ("/topics/absent/partitions/", "There is no topic “absent”.", "topics"),
    ("/topics/absent/delete/", "There is no topic “absent”.", "topics"),
    ("/topics/orders/messages/9/0/", "Topic “orders” has no partition 9.", "topics"),
    ("/groups/absent/", "There is no group “absent”.", "groups"),
    ("/brokers/9/", "There is no broker 9.", "brokers"),
    ("/brokers/nine/", "There is no page at /brokers/nine/.", "brokers"),
]


@pytest.mark.parametrize(("path", "sentence", "belongs_to"), ABSENT)
async def test_it_is_told_what_is_not_there_and_where_the_others_are(
    ada: AsyncClient, show: Show, path: str, sentence: str, belongs_to: str
) -> None:
    show(WHOLE)
    page = await text(ada, path, 404)
    assert sentence in page
    assert f'<a class="button" href="/{belongs_to}/">All {belongs_to}</a>' in page
    assert f'<a href="/{belongs_to}/" aria-current="page">' in page


@pytest.mark.parametrize("path", ["/nowhere/", "/static/nothing.css", "/a/<b>/"])
async def test_an_address_that_leads_nowhere_leads_to_the_overview(ada: AsyncClient, show: Show, path: str) -> None:
    show(WHOLE)
    page = await text(ada, path, 404)
    assert f"There is no page at {path.replace('<', '&lt;').replace('>', '&gt;')}." in page
    assert '<a class="button" href="/">Overview</a>' in page
    assert NAVIGATION in page
    assert 'aria-current="page"' not in page


async def test_the_frame_shows_what_was_seen_last(ada: AsyncClient, show: Show) -> None:
    show(WHOLE)
    await text(ada, "/")
    assert "3 brokers" in await text(ada, "/nowhere/", 404)
    show(SILENT)
    await text(ada, "/")
    page = await text(ada, "/nowhere/", 404)
    assert "3 brokers" in page
    assert "No broker answers." in page


async def test_nobody_is_asked_for_a_page_that_leads_nowhere(ada: AsyncClient, show: Show) -> None:
    show(WHOLE)
    assert NAVIGATION in await text(ada, "/nowhere/", 404)
    assert here.observer().now == Observation()


@pytest.mark.parametrize("path", ["/topics/absent/", "/groups/absent/", "/brokers/9/"])
async def test_what_is_not_there_is_told_from_what_is_not_known(ada: AsyncClient, show: Show, path: str) -> None:
    show(Observation(failures={"shape": "refused"}))
    page = await text(ada, path, 404)
    assert "is not known." in page
    assert NAVIGATION in page


@pytest.mark.parametrize(("path", "sentence", "belongs_to"), [each for each in ABSENT if "absent" in each[0]])
async def test_a_cluster_that_says_nothing_holds_it_up_no_more_than_a_moment(
    ada: AsyncClient, show: Show, monkeypatch: pytest.MonkeyPatch, path: str, sentence: str, belongs_to: str
) -> None:
    async def silence(seen: Observation) -> Any:
        await asyncio.sleep(3600)

    show(WHOLE)
    await text(ada, "/groups/")
    observer = here.observer()
    observer._readings = {name: replace(reading, read=silence) for name, reading in observer._readings.items()}
    observer._taken_at.clear()
    monkeypatch.setattr("dashboard.watch.observer.MOMENT_S", 0.05)
    async with asyncio.timeout(5):
        assert sentence in await text(ada, path, 404)


async def test_a_stranger_hears_at_the_door_that_an_address_leads_nowhere(
    async_client: AsyncClient, show: Show
) -> None:
    show(WHOLE)
    page = await text(async_client, "/nowhere/", 404)
    assert "There is nothing here" in page
    assert NAVIGATION not in page
    assert "/nowhere/" not in page


def test_a_database_that_fails_while_it_is_asked_who_that_is_leaves_the_door() -> None:
    def fails() -> None:
        raise OperationalError("database is locked")

    request = RequestFactory().get("/nowhere/")
    request.user = SimpleLazyObject(fails)  # type: ignore[assignment]
    response = not_found(request, Resolver404({"path": "nowhere/"}))
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


async def test_a_place_within_a_page_hears_the_sentence_without_a_page_around_it(ada: AsyncClient, show: Show) -> None:
    show(WHOLE)
    response = await ada.get("/topics/absent/messages/0/0/", headers={"HX-Request": "true"})
    assert response.status_code == 404
    assert "There is no topic “absent”." in response.content.decode()
    assert "<html" not in response.content.decode()


async def test_a_stranger_hears_within_a_page_what_is_said_at_the_door(async_client: AsyncClient, show: Show) -> None:
    show(WHOLE)
    response = await async_client.get("/nowhere/", headers={"HX-Request": "true"})
    assert response.status_code == 404
    assert "This address leads nowhere." in response.content.decode()
    assert "<html" not in response.content.decode()


async def test_an_order_to_a_broker_that_is_not_ours_says_why_not(ada: AsyncClient, show: Show) -> None:
    show(WHOLE)
    response = await ada.post("/brokers/2/kill/")
    assert response.status_code == 404
    assert "Broker 2 is not managed here: it cannot be started or stopped." in response.content.decode()
