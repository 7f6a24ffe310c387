"""The configuration of a topic: every value with its default and source, one changed at a time."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from cluster.client.admin.config_entries import Change, ConfigChange, ConfigResource, ResourceType
from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import KafkaError
from dashboard.forms.topics import ConfigForm, reason
from dashboard.live import Asked, LivePage, Part, show
from dashboard.queries.configs import config_lines, matching
from dashboard.queries.topic import partition_table, sentence_of, topic_figures
from dashboard.views.topic import found
from dashboard.watch import here


async def _build(asked: Asked) -> dict[str, Any]:
    topic = found(asked.seen, asked.kwargs["name"])
    table = partition_table(asked.seen, asked.history, topic, {})
    figures = topic_figures(asked.seen, asked.history, topic, table)
    return {"topic": topic, "sentence": sentence_of(topic, figures), "tab": "configuration"}


PAGE = LivePage(template="topics/configuration.html", build=_build, parts=(Part("sentence"),))


@require_http_methods(["GET", "POST"])
async def edit(request: HttpRequest, name: str) -> HttpResponse:
    resource = ConfigResource(ResourceType.TOPIC, name)
    form = ConfigForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and await _changed(request, form, resource):
        query = request.GET.copy()
        query.pop("edit", None)
        return redirect(f"{reverse('topic-configuration', args=[name])}?{query.urlencode()}")
    words, changed = request.GET.get("q", "").strip(), request.GET.get("changed") == "1"
    editing = form.data.get("name") or request.GET.get("edit", "")
    extra: dict[str, Any] = {"query": words, "changed_only": changed, "editing": editing, "form": form, "configs": None}
    if (await here.observer().glance()).unreachable:
        return await show(request, PAGE, {**extra, "configs_missing": "No broker answers."}, name=name)
    try:
        lines = await config_lines(here.watching(), resource)
        extra |= {"configs": matching(lines, words, changed), "configs_total": len(lines)}
    except (KafkaError, ConnectionLost) as error:
        extra["configs_missing"] = reason(error)
    return await show(request, PAGE, extra, name=name)


async def _changed(request: HttpRequest, form: ConfigForm, resource: ConfigResource) -> bool:
    config, value = form.cleaned_data["name"], form.cleaned_data["value"]
    reset = "reset" in request.POST
    change = ConfigChange(name=config, value=None if reset else value, change=Change.DELETE if reset else Change.SET)
    try:
        refused: Exception | None = (await here.admin().configs.alter({resource: [change]}))[resource]
    except (KafkaError, ConnectionLost) as error:
        refused = error
    if refused is not None:
        form.add_error("value", reason(refused))
        return False
    await here.observer().look_again("min_isr")
    messages.success(request, f"{config} is back to its default." if reset else f"{config} is {value or 'empty'} now.")
    return True
