"""The door: one-click links work once, passwords work, and nothing is shown to a stranger."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard import sign_in_links
from dashboard.models import SignInLink

pytestmark = pytest.mark.django_db


def path_of_a_fresh_link(**options: timedelta) -> str:
    return urlsplit(sign_in_links.issue("http://127.0.0.1:8000", **options)).path


def test_a_link_signs_the_operator_in_once(client: Client) -> None:
    path = path_of_a_fresh_link()
    assert client.get(path).status_code == 302
    assert User.objects.get(pk=client.session["_auth_user_id"]).username == sign_in_links.OPERATOR
    assert Client().get(path).status_code == 410


def test_an_expired_link_is_refused_with_a_way_out(client: Client) -> None:
    response = client.get(path_of_a_fresh_link(lifetime=timedelta(seconds=-1)))
    assert response.status_code == 410
    assert b"login-link" in response.content


def test_an_unknown_link_is_refused(client: Client) -> None:
    assert client.get("/sign-in/guess/").status_code == 410


def test_looking_ahead_does_not_use_a_link_up(client: Client) -> None:
    path = path_of_a_fresh_link()
    assert client.get(path, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 204
    assert client.get(path).status_code == 302


def test_only_a_digest_of_the_secret_is_kept() -> None:
    secret = path_of_a_fresh_link().strip("/").split("/")[-1]
    assert secret not in str(SignInLink.objects.values())


def test_expired_links_are_swept_when_the_next_is_issued() -> None:
    sign_in_links.issue("", lifetime=timedelta(seconds=-1))
    sign_in_links.issue("")
    assert SignInLink.objects.filter(expires_at__lt=timezone.now()).count() == 0


def test_the_link_of_a_person_who_was_shut_out_is_refused(client: Client) -> None:
    path = path_of_a_fresh_link()
    User.objects.update(is_active=False)
    assert client.get(path).status_code == 410


def test_a_password_signs_in_and_a_wrong_one_says_so(client: Client) -> None:
    User.objects.create_user("ada", password="correct horse")
    refused = client.post("/sign-in/", {"username": "ada", "password": "wrong"})
    assert b"correct username and password" in refused.content
    assert client.post("/sign-in/", {"username": "ada", "password": "correct horse"}).status_code == 302


def test_a_theme_is_remembered_and_a_foreign_way_back_is_not_taken(client: Client) -> None:
    response = client.post("/theme/", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert response["Location"] == "/"
    assert b'data-theme="dark"' in client.get("/sign-in/").content


@pytest.mark.parametrize("path", ["/admin/", "/admin/cluster/brokernode/", "/admin/auth/user/"])
def test_django_admin_is_there_for_staff(admin_client: Client, path: str) -> None:
    assert admin_client.get(path).status_code == 200
