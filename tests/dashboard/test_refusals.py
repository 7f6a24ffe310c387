"""What may not be done is told within the console's frame, or at the door: what happened, and what to do next."""

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpResponse
from django.test import AsyncClient, RequestFactory
from django.utils.functional import SimpleLazyObject

from cluster.models import BrokerNode
from dashboard.views.refusals.forbidden import csrf_failure, forbidden
from tests.dashboard.conftest import Show
from tests.dashboard.test_not_found import NAVIGATION
from tests.dashboard.test_pages import WHOLE

pytestmark = pytest.mark.django_db(transaction=True)

KILL = "/brokers/2/kill/"
HERE = "http://testserver"


@pytest.fixture
async def bob() -> AsyncClient:
    """A person who is signed in, in a browser whose forms are checked; he may enter the admin, and do nothing there."""
    client = AsyncClient(enforce_csrf_checks=True)
    await client.aforce_login(await User.objects.acreate(username="bob", is_staff=True))
    return client


async def token(client: AsyncClient) -> str:
    await client.get("/nowhere/")
    return client.cookies["odradek_csrf"].value


def body(response: HttpResponse, status: int = 403) -> str:
    assert response.status_code == status
    return response.content.decode()


async def test_a_form_that_is_older_than_the_sign_in_is_told_so_and_leads_to_its_page(
    bob: AsyncClient, show: Show
) -> None:
    show(WHOLE)
    await BrokerNode.objects.acreate(broker_id=2)
    await token(bob)
    stale = {"csrfmiddlewaretoken": "a" * 64}
    page = body(await bob.post(KILL, stale, headers={"Referer": f"{HERE}/brokers/2/?a=1&b=2"}))
    assert "open while you sign in anew elsewhere. Nothing was changed." in page
    assert f'<a class="button primary" href="{HERE}/brokers/2/?a=1&amp;b=2">Open the page again</a>' in page
    assert '<a class="button" href="/brokers/">All brokers</a>' in page
    assert '<a href="/brokers/" aria-current="page">' in page
    assert (await BrokerNode.objects.aget(broker_id=2)).kill_requests == 0


async def test_a_form_works_on_the_page_that_says_so(bob: AsyncClient, show: Show) -> None:
    show(WHOLE)
    body(await bob.post(KILL))
    chosen = await bob.post("/theme/", {"theme": "dark", "csrfmiddlewaretoken": await token(bob)})
    assert chosen.status_code == 302


async def test_a_browser_without_cookies_is_told_to_allow_them(bob: AsyncClient, show: Show) -> None:
    show(WHOLE)
    page = body(await bob.post(KILL))
    assert "without the console’s cookie. Nothing was changed." in page
    assert "Allow cookies for testserver, open the page again" in page
    assert NAVIGATION in page


async def test_a_form_of_another_address_is_named_with_the_setting_that_lets_it_in(
    bob: AsyncClient, show: Show
) -> None:
    show(WHOLE)
    elsewhere = {"Origin": "https://console.example", "Referer": "https://console.example/brokers/"}
    page = body(await bob.post(KILL, headers=elsewhere))
    assert "The form was sent from https://console.example, which the console does not know" in page
    assert "ODRADEK_TRUSTED_ORIGINS" in page
    assert "Open the page again" not in page


async def test_a_browser_that_does_not_say_where_a_form_comes_from_is_told_to(bob: AsyncClient, show: Show) -> None:
    show(WHOLE)
    page = body(await bob.post(KILL, headers={"Origin": "null"}))
    assert "Your browser does not say from which page the form was sent." in page
    assert "Let it send testserver the Referer header" in page


async def test_what_another_site_calls_itself_is_text_and_never_markup(bob: AsyncClient, show: Show) -> None:
    show(WHOLE)
    page = body(await bob.post(KILL, headers={"Origin": "<script>alert(1)</script>"}))
    assert "The form was sent from &lt;script&gt;" in page
    assert "<script>alert" not in page


async def test_a_stranger_hears_at_the_door_that_a_form_was_not_taken(show: Show) -> None:
    show(WHOLE)
    client = AsyncClient(enforce_csrf_checks=True)
    page = body(await client.post("/sign-in/", {"username": "bob"}, headers={"Referer": f"{HERE}/sign-in/?next=/"}))
    assert "Allow cookies for testserver" in page
    assert f'<a class="link" href="{HERE}/sign-in/?next=/">Open the page again</a>' in page
    assert NAVIGATION not in page


async def test_what_a_person_has_no_permission_for_is_told_with_who_gives_it(bob: AsyncClient, show: Show) -> None:
    show(WHOLE)
    page = body(await bob.get("/admin/cluster/brokernode/"))
    assert "Your account has no permission for /admin/cluster/brokernode/." in page
    assert "Whoever administers the console gives permissions" in page
    assert '<a class="button" href="/">Overview</a>' in page
    assert NAVIGATION in page


@pytest.mark.parametrize(
    ("path", "button"),
    [
        (KILL, '<a class="button" href="/brokers/">All brokers</a>'),
        ("/demo/", '<a class="button" href="/">Overview</a>'),
        ("/sign-out/", '<a class="button" href="/">Overview</a>'),
        ("/theme/", '<a class="button" href="/">Overview</a>'),
    ],
)
async def test_where_a_button_sends_something_no_page_is_opened(
    bob: AsyncClient, show: Show, path: str, button: str
) -> None:
    show(WHOLE)
    response = await bob.get(path)
    page = body(response, 405)
    assert f"{path} takes what a button of the console sends. Opened as a page it does nothing." in page
    assert button in page
    assert NAVIGATION in page
    assert "POST" in response["Allow"]


async def test_who_had_to_sign_in_after_an_order_is_told_that_it_was_not_carried_out(
    async_client: AsyncClient, show: Show
) -> None:
    show(WHOLE)
    await BrokerNode.objects.acreate(broker_id=2)
    await User.objects.acreate(username="bob", password=make_password("correct horse"))
    door = (await async_client.post(KILL))["Location"]
    signed_in = await async_client.post(door, {"username": "bob", "password": "correct horse"}, follow=True)
    assert "If you had to sign in after you pressed the button, press it again" in body(signed_in, 405)
    assert (await BrokerNode.objects.aget(broker_id=2)).kill_requests == 0


async def test_a_page_that_only_shows_says_what_it_does_not_take(ada: AsyncClient, show: Show) -> None:
    show(WHOLE)
    page = body(await ada.delete("/topics/orders/messages/"), 405)
    assert "/topics/orders/messages/ does not take DELETE. Nothing was changed." in page
    assert "It takes GET, HEAD." in page
    assert NAVIGATION in page


async def test_a_stranger_hears_at_the_door_that_an_address_is_no_page(async_client: AsyncClient, show: Show) -> None:
    show(WHOLE)
    page = body(await async_client.get("/theme/"), 405)
    assert "Opened as a page it does nothing." in page
    assert NAVIGATION not in page


def test_a_page_says_itself_why_it_is_forbidden() -> None:
    request = RequestFactory().get("/topics/")
    request.user = User(username="bob")
    assert "Only on Sundays." in body(forbidden(request, PermissionDenied("Only on Sundays.")))


def test_a_stranger_hears_nothing_of_what_is_forbidden() -> None:
    page = body(forbidden(RequestFactory().get("/topics/"), PermissionDenied("Only on Sundays.")))
    assert "for those who are signed in" in page
    assert "Sundays" not in page


def test_a_database_that_fails_while_it_is_asked_who_that_is_leaves_the_door() -> None:
    def fails() -> None:
        raise OperationalError("database is locked")

    request = RequestFactory().post(KILL)
    request.user = SimpleLazyObject(fails)  # type: ignore[assignment]
    page = body(csrf_failure(request, "CSRF cookie not set."))
    assert "Allow cookies for testserver" in page
    assert NAVIGATION not in page


async def test_a_place_within_a_page_hears_it_without_a_page_around_it(bob: AsyncClient, show: Show) -> None:
    show(WHOLE)
    htmx = {"HX-Request": "true"}
    refused = await bob.get("/admin/cluster/brokernode/", headers=htmx)
    for part in (
        body(refused),
        body(await bob.post(KILL, headers=htmx)),
        body(await bob.get(KILL, headers=htmx), 405),
    ):
        assert part.startswith('<div class="empty"><strong>Not ')
        assert "<html" not in part


async def test_who_asks_by_another_name_hears_how_the_console_learns_it(
    bob: AsyncClient, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(WHOLE)
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["console.internal"])
    for client in (bob, AsyncClient()):
        page = body(await client.get("/topics/"), 400)
        assert "The console is not known by the name “testserver”." in page
        assert "started with ODRADEK_ALLOWED_HOSTS=testserver." in page


async def test_what_cannot_be_read_is_refused_without_a_word_of_names(bob: AsyncClient, show: Show) -> None:
    show(WHOLE)
    many = {f"field{number}": "" for number in range(1100)}
    page = body(await bob.post("/theme/", {**many, "csrfmiddlewaretoken": await token(bob)}), 400)
    assert "cannot take what your browser sent. Nothing was changed." in page
    assert "ODRADEK_ALLOWED_HOSTS" not in page


async def test_what_is_no_name_of_a_host_is_not_proposed_as_a_setting() -> None:
    page = body(await AsyncClient(SERVER_NAME="testserver").get("/topics/", headers={"host": "my_console:8000"}), 400)
    assert "my_console:8000”" in page
    assert "no underscores" in page
    assert "ODRADEK_ALLOWED_HOSTS" not in page
