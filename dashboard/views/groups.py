"""Consumer groups and one group."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from dashboard.live import Asked, LivePage, Part, show
from dashboard.queries.groups import (
    group_figures,
    group_list,
    lag_table,
    member_lines,
    sentence_of,
    sentence_of_list,
)


async def _build_list(asked: Asked) -> dict[str, Any]:
    groups = group_list(asked.seen, asked.query, asked.number("page"))
    return {"sentence": sentence_of_list(asked.seen), "groups": groups}


async def _build_one(asked: Asked) -> dict[str, Any]:
    group_id = asked.kwargs["group_id"]
    group = (asked.seen.groups or {}).get(group_id)
    if group is None:
        unknown = f"No coordinator has answered so far: whether there is a group “{group_id}” is not known."
        raise Http404(f"There is no group “{group_id}”." if asked.seen.groups is not None else unknown)
    table = lag_table(asked.seen, group)
    return {
        "group_id": group.group_id,
        "sentence": sentence_of(asked.seen, asked.history, group, table),
        "figures": group_figures(asked.seen, asked.history, group),
        "lags": table,
        "members": member_lines(group),
    }


LIST = LivePage(
    template="groups/index.html",
    build=_build_list,
    readings=("ends", "groups"),
    parts=(Part("sentence"), Part("groups", each="group_row")),
)
ONE = LivePage(
    template="groups/detail.html",
    build=_build_one,
    readings=("ends", "groups"),
    parts=(Part("sentence"), Part("figures"), Part("lags", each="lag_row"), Part("members")),
)


async def index(request: HttpRequest) -> HttpResponse:
    return await show(request, LIST)


async def detail(request: HttpRequest, group_id: str) -> HttpResponse:
    return await show(request, ONE, group_id=group_id)
