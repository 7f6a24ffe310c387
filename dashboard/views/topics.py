"""Topics as a list, and creating one."""

import asyncio
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from cluster.client.admin.topics import DEFAULT, NewTopic
from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import KafkaError
from dashboard.forms.topics import CreateForm, reason
from dashboard.live import Asked, LivePage, Part, show
from dashboard.queries.configs import TopicDefaults, topic_defaults
from dashboard.queries.frame import frame_of
from dashboard.queries.topics import sentence_of_list, topic_list
from dashboard.watch import here
from dashboard.watch.observation import Observation
from dashboard.watch.observer import MOMENT_S

DEFAULTS_AGE_S = 5.0


async def _build(asked: Asked) -> dict[str, Any]:
    topics = topic_list(asked.seen, asked.history, asked.query, asked.number("page"))
    return {"sentence": sentence_of_list(asked.seen), "topics": topics}


LIST = LivePage(
    template="topics/index.html",
    build=_build,
    readings=("ends", "starts", "sizes"),
    parts=(Part("sentence"), Part("topics", each="topic_row")),
)


async def index(request: HttpRequest) -> HttpResponse:
    return await show(request, LIST)


@require_http_methods(["GET", "POST"])
async def create(request: HttpRequest) -> HttpResponse:
    form = CreateForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and await _created(form):
        name = form.cleaned_data["name"]
        await here.observer().look_for(lambda seen: seen.shape is not None and name in seen.shape.topics)
        messages.success(request, f"Topic {name} is created.")
        return redirect("topic", name)
    seen = await here.observer().glance()
    defaults = await _defaults(seen)
    form.tell(defaults)
    return render(request, "topics/create.html", {"form": form, "defaults": defaults, "frame": frame_of(seen)})


async def _defaults(seen: Observation) -> TopicDefaults:
    """Nothing where no broker tells them soon: the form is of use without them."""
    if not (seen.shape and seen.alive):
        return TopicDefaults()
    # It is the controller that fills in what was not asked for; where it is not known, one broker stands for all.
    broker_id = seen.shape.controller_id if seen.shape.controller_id in seen.alive else min(seen.alive)
    key = "topic defaults", broker_id
    try:
        async with asyncio.timeout(MOMENT_S):
            return await here.observer().recall(key, DEFAULTS_AGE_S, lambda: _asked_of(broker_id))
    except TimeoutError:
        return TopicDefaults()


async def _asked_of(broker_id: int) -> TopicDefaults:
    try:
        return await topic_defaults(here.watching(), broker_id)
    except (KafkaError, ConnectionLost):
        return TopicDefaults()


async def _created(form: CreateForm) -> bool:
    data = form.cleaned_data
    topic = NewTopic(
        name=data["name"],
        partitions=data["partitions"] or DEFAULT,
        replication_factor=data["replication_factor"] or DEFAULT,
        configs=data["configs"],
    )
    try:
        outcome = (await here.admin().topics.create([topic]))[topic.name]
    except (KafkaError, ConnectionLost) as error:
        form.add_error(None, reason(error))
        return False
    if isinstance(outcome, KafkaError):
        form.refuse(outcome)
        return False
    return True
