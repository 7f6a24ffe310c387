"""The first page: health, figures, the replica map, what changed."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard.live import Asked, LivePage, Part, show
from dashboard.queries.overview import changes, figures, throughput
from dashboard.queries.replica_map import replica_map
from dashboard.queries.sentences import health_of


async def _build(asked: Asked) -> dict[str, Any]:
    seen, history = asked.seen, asked.history
    return {
        "sentence": health_of(seen),
        "figures": figures(seen, history, throughput(seen, history)),
        "replica_map": replica_map(seen, history, asked.number("page"), asked.query.get("troubled") == "1"),
        "changes": changes(seen, history),
    }


PAGE = LivePage(
    template="overview/index.html",
    build=_build,
    readings=("ends", "groups", "sizes", "min_isr", "rates", "events"),
    parts=(Part("sentence"), Part("figures"), Part("replica_map", each="map_row"), Part("changes")),
)


async def index(request: HttpRequest) -> HttpResponse:
    return await show(request, PAGE)
