"""Brokers, one broker, and starting and stopping those that are managed here."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from cluster.client.admin.config_entries import ConfigResource, ResourceType
from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import KafkaError
from dashboard.forms.topics import reason
from dashboard.live import Asked, LivePage, Part, show
from dashboard.queries import orders
from dashboard.queries.brokers import broker_table, sentence_of, sentence_of_list
from dashboard.queries.configs import config_lines, matching
from dashboard.watch import here


async def _build_list(asked: Asked) -> dict[str, Any]:
    table = broker_table(asked.seen)
    return {"sentence": sentence_of_list(asked.seen, table), "brokers": table}


async def _build_one(asked: Asked) -> dict[str, Any]:
    line = next((row for row in broker_table(asked.seen).rows if row.key == asked.kwargs["broker_id"]), None)
    if line is None:
        broker_id = asked.kwargs["broker_id"]
        unknown = f"No broker has answered so far: whether there is a broker {broker_id} is not known."
        raise Http404(f"There is no broker {broker_id}." if asked.seen.shape else unknown)
    return {"sentence": sentence_of(line), "broker": line}


LIST = LivePage(
    template="brokers/index.html",
    build=_build_list,
    readings=("sizes", "offline_directories"),
    parts=(Part("sentence"), Part("brokers", each="broker_row")),
)
ONE = LivePage(
    template="brokers/detail.html",
    build=_build_one,
    readings=("sizes", "offline_directories"),
    parts=(Part("sentence"), Part("broker")),
)


async def index(request: HttpRequest) -> HttpResponse:
    return await show(request, LIST)


async def detail(request: HttpRequest, broker_id: int) -> HttpResponse:
    words, changed = request.GET.get("q", "").strip(), request.GET.get("changed") == "1"
    extra: dict[str, Any] = {"query": words, "changed_only": changed, "configs": None, "configs_missing": ""}
    if broker_id in (await here.observer().glance()).alive:
        try:
            lines = await config_lines(here.watching(), ConfigResource(ResourceType.BROKER, str(broker_id)))
            extra |= {"configs": matching(lines, words, changed), "configs_total": len(lines)}
        except (KafkaError, ConnectionLost) as error:
            extra["configs_missing"] = reason(error)
    else:
        extra["configs_missing"] = "A broker tells its configuration itself, and this one does not answer now."
    return await show(request, ONE, extra, broker_id=broker_id)


@require_POST
async def order(request: HttpRequest, broker_id: str, verb: str) -> HttpResponse:
    """Change what is wanted of a managed broker; its supervisor follows within a moment."""
    told = await orders.give(int(broker_id), orders.Order(verb))
    if told is None:
        raise Http404(f"Broker {broker_id} is not managed here: it cannot be started or stopped.")
    messages.success(request, told)
    back = request.POST.get("back", "")
    return redirect("broker", int(broker_id)) if back == "detail" else redirect("brokers")
