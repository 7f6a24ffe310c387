"""One topic: its partitions, its groups, more partitions, deletion."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from cluster.client.admin.descriptions import Topic
from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import KafkaError
from dashboard.forms.topics import DeleteForm, PartitionsForm, reason
from dashboard.live import Asked, LivePage, Part, show
from dashboard.queries.frame import frame_of
from dashboard.queries.topic import log_ends_of, partition_table, readers_of, sentence_of, topic_figures
from dashboard.watch import here
from dashboard.watch.observation import Observation


def found(seen: Observation, name: str) -> Topic:
    """The topic of that name. Raises Http404 when a cluster that answers does not have it."""
    topic = seen.shape.topics.get(name) if seen.shape else None
    if topic is None:
        unknown = f"No broker has answered so far: whether there is a topic “{name}” is not known."
        raise Http404(f"There is no topic “{name}”." if seen.shape else unknown)
    return topic


async def sought(name: str) -> tuple[Topic, Observation]:
    """The topic of that name, which may have been made since the last look. Raises Http404 as `found` does."""
    seen = await here.observer().glance()
    if seen.shape and not seen.unreachable and name not in seen.shape.topics:
        seen = await here.observer().look_closer()
    return found(seen, name), seen


async def _log_ends(topic: Topic, seen: Observation) -> dict[int, int]:
    if seen.unreachable:
        return {}
    try:
        key = "log ends", topic.name
        return dict(await here.observer().recall(key, 1.0, lambda: log_ends_of(here.watching(), topic)))
    except (KafkaError, ConnectionLost):
        return {}


async def _build(asked: Asked) -> dict[str, Any]:
    seen, history = asked.seen, asked.history
    topic = found(seen, asked.kwargs["name"])
    table = partition_table(seen, history, topic, await _log_ends(topic, seen))
    figures = topic_figures(seen, history, topic, table)
    return {"topic": topic, "sentence": sentence_of(topic, figures), "figures": figures, "partitions": table}


async def _build_readers(asked: Asked) -> dict[str, Any]:
    topic = found(asked.seen, asked.kwargs["name"])
    table = partition_table(asked.seen, asked.history, topic, {})
    figures = topic_figures(asked.seen, asked.history, topic, table)
    return {
        "topic": topic,
        "sentence": sentence_of(topic, figures),
        "readers": readers_of(asked.seen, topic.name),
        "tab": "groups",
    }


ONE = LivePage(
    template="topics/detail.html",
    build=_build,
    readings=("ends", "starts", "sizes"),
    parts=(Part("sentence"), Part("figures"), Part("partitions", each="partition_row")),
)
GROUPS = LivePage(
    template="topics/groups.html",
    build=_build_readers,
    readings=("ends", "groups"),
    parts=(Part("sentence"), Part("readers")),
)


async def detail(request: HttpRequest, name: str) -> HttpResponse:
    return await show(request, ONE, {"tab": "partitions"}, name=name)


async def groups(request: HttpRequest, name: str) -> HttpResponse:
    return await show(request, GROUPS, name=name)


@require_http_methods(["GET", "POST"])
async def add_partitions(request: HttpRequest, name: str) -> HttpResponse:
    topic, seen = await sought(name)
    form = PartitionsForm(len(topic.partitions), request.POST or None)
    if request.method == "POST" and form.is_valid():
        total = form.cleaned_data["total"]
        if await _done(here.admin().topics.add_partitions({name: total}), name, form, "total"):
            await here.observer().look_for(lambda seen: _partitions(seen, name) == total)
            messages.success(request, f"{name} has {total} partitions now.")
            return redirect("topic", name)
    context = {"form": form, "topic": topic, "frame": frame_of(seen)}
    return render(request, "topics/add_partitions.html", context)


@require_http_methods(["GET", "POST"])
async def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Says first what would be lost, and wants the name typed."""
    await sought(name)
    observer = here.observer()
    seen = await observer.look_again("ends", "starts", "sizes", "groups")
    topic = found(seen, name)
    form = DeleteForm(name, request.POST or None)
    wanted = request.method == "POST" and form.is_valid()
    if wanted and await _done(here.admin().topics.delete([name]), name, form, None):
        await observer.look_for(lambda seen: not _partitions(seen, name))
        messages.success(request, f"Topic {name} is deleted.")
        return redirect("topics")
    figures = topic_figures(seen, observer.history, topic, partition_table(seen, observer.history, topic, {}))
    context = {"form": form, "topic": topic, "figures": figures, "readers": readers_of(seen, name)}
    return render(request, "topics/delete.html", {**context, "frame": frame_of(seen)})


def _partitions(seen: Observation, name: str) -> int:
    topic = seen.shape.topics.get(name) if seen.shape else None
    return len(topic.partitions) if topic else 0


async def _done(asked: Any, name: str, form: forms.Form, field: str | None) -> bool:
    """Whether the cluster did it; what it said instead goes beside the field."""
    try:
        outcome = (await asked)[name]
    except (KafkaError, ConnectionLost) as error:
        outcome = error
    if outcome is not None:
        form.add_error(field, reason(outcome))
    return outcome is None
