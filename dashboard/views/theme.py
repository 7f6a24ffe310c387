"""Dark, light, or as the system has it: remembered in a cookie, so that it also holds on the sign-in page."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE = "odradek_theme"
THEMES = ("dark", "light")
CHOICES = (("light", "light"), ("dark", "dark"), ("system", ""))
A_YEAR_S = 365 * 24 * 3600


def chosen_theme(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the theme for the root element, empty when the system decides."""
    theme = request.COOKIES.get(COOKIE, "")
    return {"theme": theme if theme in THEMES else "", "themes": CHOICES}


@login_not_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember the choice and go back to where it was made."""
    back = request.POST.get("next", "/")
    response = redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/")
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(COOKIE, theme, max_age=A_YEAR_S, samesite="Lax")
    else:
        response.delete_cookie(COOKIE)
    return response
