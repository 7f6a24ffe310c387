"""What is said where no page can be shown: within the console's frame to who is signed in, at the door to others."""

from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails

from dashboard.queries.frame import frame_of
from dashboard.watch import here
from dashboard.watch.observation import Observation

LISTS = ("brokers", "topics", "groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What happened, and what to do next. `back` is the address of the page to open again, where one is known."""

    status: int
    title: str
    sentence: str
    advice: str = ""
    back: str = ""


def refuse(request: HttpRequest, refusal: Refusal, at_door: Refusal | None = None) -> HttpResponse:
    """It asks no cluster: the frame shows what was seen last, and is told the rest later. Strangers hear `at_door`."""
    at_door = at_door or refusal
    try:
        return _in_frame(request, refusal) if _signed_in(request) else _at_door(request, at_door)
    except DatabaseError:
        # Who is asking cannot be told now.
        return _at_door(request, at_door)
    finally:
        # Django's error handlers run on a thread of their own, whose connections no end of a request closes.
        close_old_connections()


def told_by(exception: Exception, otherwise: str) -> str:
    """What the page that was asked for says itself."""
    told = exception.args[0] if exception.args else None
    return told if isinstance(told, str) and told else otherwise


def takes_a_part(request: HttpRequest) -> bool:
    """Whether htmx asks for what it puts into a place of a page: a whole page is of no use there."""
    return bool(HtmxDetails(request))


def _signed_in(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated


def _in_frame(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    first = request.path.strip("/").partition("/")[0]
    frame = frame_of(async_to_sync(_known)())
    return _shown(request, "refused.html", refusal, frame=frame, list=first if first in LISTS else "")


def _at_door(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return _shown(request, "refused_at_door.html", refusal)


def _shown(request: HttpRequest, page: str, refusal: Refusal, **context: Any) -> HttpResponse:
    template = "refused.html#what" if takes_a_part(request) else page
    return render(request, template, {**context, "refusal": refusal}, status=refusal.status)


async def _known() -> Observation:
    return here.observer().now
