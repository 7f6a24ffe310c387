"""A page that stays current: one query and one template serve its first view and every later change of its parts."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string

from dashboard.queries.frame import frame_of
from dashboard.watch import here
from dashboard.watch.history import History
from dashboard.watch.observation import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a page was asked for: the parts of its address, what is known now, and what was."""

    kwargs: Mapping[str, Any]
    query: QueryDict
    seen: Observation
    history: History

    def number(self, name: str, default: int = 1) -> int:
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() and len(text) < 10 else default


@dataclass(frozen=True, slots=True)
class Part:
    """
    A template partial that is pushed when the context value of the same name changes. With `each`, the value has
    rows: each is pushed alone, as partial `each` into the element `<each>-<row.key>`, while their keys stay.
    """

    name: str
    each: str = ""


Build = Callable[[Asked], Awaitable[dict[str, Any]]]
FRAME_PARTS = {
    "nav": "components/side.html#nav",
    "cluster": "components/side.html#cluster",
    "unreachable": "components/unreachable.html",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePage:
    """A page, the readings that it needs, and the parts of it that live."""

    template: str
    build: Build
    readings: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    async def context(self, kwargs: Mapping[str, Any], query: QueryDict, seen: Observation) -> dict[str, Any]:
        """What the templates are told. Raises Http404 when the page is about something that is not there."""
        asked = Asked(kwargs=kwargs, query=query, seen=seen, history=here.observer().history)
        return {"frame": frame_of(seen), **await self.build(asked)}

    def fragments(
        self, context: dict[str, Any], before: dict[str, Any], request: HttpRequest
    ) -> Iterator[tuple[str, str]]:
        """(element id, markup) of everything that is not as it was in `before`, which is brought up to date."""
        for name, template in FRAME_PARTS.items():
            value = (context["frame"].entries, context["frame"].summary, context["frame"].trouble)
            if before.get(name) != value:
                before[name] = value
                yield name, render_to_string(template, context, request)
        for part in self.parts:
            yield from self._part(part, context, before, request)

    def _part(
        self, part: Part, context: dict[str, Any], before: dict[str, Any], request: HttpRequest
    ) -> Iterator[tuple[str, str]]:
        value: Any = context.get(part.name)
        if before.get(part.name) == value:
            return
        old: Any = before.get(part.name)
        before[part.name] = value
        if not part.each or old is None or not _same_keys(old.rows, value.rows) or _heads(old) != _heads(value):
            yield part.name, render_to_string(f"{self.template}#{part.name}", context, request)
            return
        for was, row in zip(old.rows, value.rows, strict=True):
            if was != row:
                markup = render_to_string(f"{self.template}#{part.each}", context | {"row": row}, request)
                yield f"{part.each}-{row.key}", markup


def _same_keys(old: tuple[Any, ...], new: tuple[Any, ...]) -> bool:
    return [row.key for row in old] == [row.key for row in new]


def _heads(value: Any) -> list[Any]:
    """Everything but the rows."""
    return [getattr(value, name) for name in value.__slots__ if name != "rows"]


async def _nothing(asked: Asked) -> dict[str, Any]:
    return {}


FRAME_ONLY = LivePage(template="base.html", build=_nothing)


async def show(
    request: HttpRequest, page: LivePage, extra: Mapping[str, Any] | None = None, **kwargs: Any
) -> HttpResponse:
    """The whole page, with what is known now; a reading that is too old is taken first. `extra` does not live."""
    seen = await here.observer().glance(*page.readings)
    try:
        context = await page.context(kwargs, request.GET, seen)
    except Http404:
        if seen.unreachable:
            raise
        # It may have been made since the last look.
        seen = await here.observer().look_closer(*page.readings)
        context = await page.context(kwargs, request.GET, seen)
    return render(request, page.template, {**context, **(extra or {})})
