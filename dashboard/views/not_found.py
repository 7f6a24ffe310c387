"""What is not there: told within the console's frame to who is signed in, at the door to everybody else."""

from asgiref.sync import async_to_sync
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.queries.frame import frame_of
from dashboard.watch import here
from dashboard.watch.observation import Observation

LISTS = ("brokers", "topics", "groups")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404. It asks no cluster: the frame shows what was seen last, and is told the rest later."""
    try:
        return _told(request, _sentence(request, exception))
    except DatabaseError:
        # Who is asking cannot be told now.
        return render(request, "404.html", status=404)
    finally:
        # Django runs this on a thread of its own, whose connections no end of a request closes.
        close_old_connections()


def _told(request: HttpRequest, sentence: str) -> HttpResponse:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return render(request, "404.html", status=404)
    first = request.path.strip("/").partition("/")[0]
    context = {"sentence": sentence, "list": first if first in LISTS else ""}
    if getattr(request, "htmx", False):
        return render(request, "not_found.html#what", context, status=404)
    return render(request, "not_found.html", {**context, "frame": frame_of(async_to_sync(_known)())}, status=404)


async def _known() -> Observation:
    return here.observer().now


def _sentence(request: HttpRequest, exception: Exception) -> str:
    """What the page that was asked for says of it; an address that leads to no page says nothing that one can read."""
    told = exception.args[0] if exception.args else None
    return told if isinstance(told, str) and told else f"There is no page at {request.path}."
