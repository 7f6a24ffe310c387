"""The database is away: a clear page where it is needed, a line on the pages that live, one line in the log."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import DatabaseError, OperationalError
from django.test import AsyncClient, Client, RequestFactory
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from dashboard import database
from dashboard.log_lines import WithoutTraceback
from dashboard.queries.frame import frame_of
from dashboard.queries.overview import throughput
from dashboard.watch.asking import of_database
from dashboard.watch.history import History
from dashboard.watch.rates import BUCKET_S, RatePoint
from tests.dashboard import scenes
from tests.dashboard.conftest import Show


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> database.Watch:
    made = database.Watch()
    monkeypatch.setattr(database, "watch", lambda: made)
    return made


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A database that says nothing until the event is set."""
    back = threading.Event()

    def ask() -> str:
        back.wait(30)
        return ""

    monkeypatch.setattr(database, "_ask", ask)
    monkeypatch.setattr(database, "ANSWERS_WITHIN_S", 0.1)
    yield back
    back.set()


@pytest.mark.django_db(transaction=True)
async def test_every_page_says_that_the_database_is_stopped_and_comes_back_with_it(
    ada: AsyncClient, show: Show, watch: database.Watch, stopped: threading.Event
) -> None:
    show(scenes.seen(scenes.shape()))
    for path in ("/", "/sign-in/", "/topics/", "/admin/"):
        response = await ada.get(path)
        assert (response.status_code, response["Retry-After"]) == (503, "5")
        assert "The database does not answer" in response.content.decode()
    stopped.set()
    assert watch._asking is not None
    await asyncio.wrap_future(watch._asking)
    assert (await ada.get("/")).status_code == 200


@pytest.mark.django_db
def test_a_database_that_fails_in_the_middle_of_a_page_is_told_like_one_that_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def redeem(secret: str) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("dashboard.sign_in_links.redeem", redeem)
    client.raise_request_exception = False
    response = client.get("/sign-in/secret/")
    assert response.status_code == 503
    assert b"What it says: database is locked." in response.content


@pytest.mark.django_db
def test_a_mistake_of_the_console_is_still_its_own(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.sign_in_links.redeem", lambda secret: 1 / 0)
    client.raise_request_exception = False
    response = client.get("/sign-in/secret/")
    assert response.status_code == 500
    assert b"The console made a mistake" in response.content


def test_a_mistake_is_told_in_the_theme_that_was_chosen_and_nobody_is_asked_who_made_it() -> None:
    request = RequestFactory().get("/")
    request.COOKIES["odradek_theme"] = "dark"
    request.user = SimpleLazyObject(lambda: pytest.fail("asks who that is"))  # type: ignore[assignment]
    page = database.server_error(request).content.decode()
    assert 'data-theme="dark"' in page
    assert "The console made a mistake" in page


@pytest.mark.django_db
def test_a_place_within_a_page_hears_what_failed_without_a_page_around_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    for error, status, words in (
        (OperationalError("database is locked"), 503, "What it says: database is locked."),
        (ZeroDivisionError(), 500, "The console made a mistake"),
    ):
        monkeypatch.setattr("dashboard.sign_in_links.redeem", Mock(side_effect=error))
        response = client.get("/sign-in/secret/", headers={"HX-Request": "true"})
        assert response.status_code == status
        assert words in response.content.decode()
        assert "<html" not in response.content.decode()


def test_the_log_has_one_line_of_a_database_that_is_away() -> None:
    error = OperationalError("connection failed\nIs the server running?")
    record = logging.LogRecord("a", logging.ERROR, "", 1, "Gone: %s", ("/",), (type(error), error, None))
    assert WithoutTraceback().filter(record)
    assert logging.Formatter("%(message)s").format(record) == "Gone: /: OperationalError: connection failed"


def test_a_page_that_is_open_says_what_it_does_not_know() -> None:
    seen = scenes.seen(scenes.shape(), failures={"nodes": "connection refused"})
    trouble = frame_of(seen).trouble
    assert trouble is not None
    assert trouble.headline == "The database does not answer."
    assert trouble.detail.endswith("Last answer: connection refused.")


async def test_a_question_to_a_database_that_is_stopped_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.watch.asking.ANSWERS_WITHIN_S", 0.05)
    with pytest.raises(DatabaseError, match="says nothing"):
        await of_database(asyncio.sleep(30))


@pytest.mark.parametrize(("age", "known"), [(timedelta(seconds=5), True), (timedelta(seconds=40), False)])
def test_bytes_that_are_counted_no_more_are_not_shown_as_if_they_were(age: timedelta, known: bool) -> None:
    bucket = int((timezone.now() - age).timestamp() // BUCKET_S)
    rates = (RatePoint(bucket=bucket, records_in=1, bytes_in=2, bytes_out=3),)
    told = throughput(scenes.seen(scenes.shape(), nodes=(scenes.node(1),), rates=rates), History())
    assert (told.bytes_in.now == 2) is known
    assert ("not counted since" in told.reason) is not known
