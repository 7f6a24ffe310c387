"""Whether the database answers, and what the console says when it does not."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.decorators import async_only_middleware

from cluster.supervisor.database import first_line
from dashboard.views.refusals.refusal import takes_a_part
from dashboard.views.theme import chosen_theme

ANSWERS_WITHIN_S = 2.0
AGAIN_IN_S = 5

GetResponse = Callable[[HttpRequest], Awaitable[HttpResponse]]


class Watch:
    """Asks on a thread of its own: a database that is stopped holds that thread up, and no page with it.

    Any event loop of the process may ask.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database-watch")
        self._asking: Future[str] | None = None
        self._asked_at = 0.0

    async def silence(self) -> str:
        """Why the database does not answer now; empty when it does."""
        if self._asking is None or self._asking.done():
            self._asking, self._asked_at = self._thread.submit(_ask), time.monotonic()
        left_s = max(0.0, self._asked_at + ANSWERS_WITHIN_S - time.monotonic())
        answer = asyncio.wrap_future(self._asking)
        done, _ = await asyncio.wait([answer], timeout=left_s)
        return answer.result() if done else "it takes connections, but says nothing"


@cache
def watch() -> Watch:
    """The one of this process."""
    return Watch()


def _ask() -> str:
    """A connection that was broken meanwhile says nothing of the database: a second one counts."""
    for _ in range(2):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error as error:
            connection.close()
            reason = first_line(error)
        else:
            return ""
    return reason


@async_only_middleware
def guard(get_response: GetResponse) -> GetResponse:
    """Middleware: everything behind it needs the database, for who is signed in stands there."""

    async def guarded(request: HttpRequest) -> HttpResponse:
        reason = await watch().silence()
        return away(request, reason) if reason else await get_response(request)

    return guarded


def away(request: HttpRequest, reason: str) -> HttpResponse:
    """The page that says so."""
    template = "database_away.html#what" if takes_a_part(request) else "database_away.html"
    response = render(request, template, {"reason": reason}, status=503)
    response["Retry-After"] = str(AGAIN_IN_S)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a database that fails in the middle of a page is not a mistake of the console."""
    error = sys.exc_info()[1]
    return away(request, first_line(error)) if isinstance(error, Error) else _mistaken(request)


def _mistaken(request: HttpRequest) -> HttpResponse:
    """Asks nothing that may be what failed: of the request only the cookie of the theme is looked at."""
    template = "500.html#what" if takes_a_part(request) else "500.html"
    return HttpResponseServerError(render_to_string(template, chosen_theme(request)))
