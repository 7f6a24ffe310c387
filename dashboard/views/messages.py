"""Records of a topic: browsing, one record, writing one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError as RecordsError
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from cluster.client.admin.descriptions import Topic
from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import KafkaError
from dashboard.forms.messages import ProduceForm, ReadForm
from dashboard.forms.topics import reason
from dashboard.queries import reading
from dashboard.queries.frame import frame_of
from dashboard.queries.messages import bounds_of, message, message_page
from dashboard.queries.producing import produce
from dashboard.views.topic import sought
from dashboard.watch import here
from streams.consumers import connect
from streams.payload import LARGE_BYTES, Form

WHOLE_BYTES = 4_000_000


async def _about(name: str) -> tuple[Topic, dict[str, Any]]:
    topic, seen = await sought(name)
    return topic, {"topic": topic, "frame": frame_of(seen), "tab": "messages"}


@asynccontextmanager
async def _consumer() -> AsyncIterator[AIOKafkaConsumer]:
    consumer = await connect(settings.BOOTSTRAP_SERVERS)
    try:
        yield consumer
    finally:
        await consumer.stop()


@require_safe
async def index(request: HttpRequest, name: str) -> HttpResponse:
    topic, context = await _about(name)
    form = ReadForm(request.GET, len(topic.partitions))
    context |= {"form": form, "page": None, "trouble": ""}
    if form.is_valid():
        try:
            wanted = form.wanted()
            async with _consumer() as consumer:
                context["page"] = await message_page(here.watching(), consumer, topic, wanted)
                context |= {"wanted": wanted, "read_at": timezone.now()}
        except ValueError:
            context["trouble"] = "The address names places that are none."
        except (KafkaError, ConnectionLost, RecordsError, OSError) as error:
            context["trouble"] = reason(error)
    return render(request, "messages/index.html", context)


@require_safe
async def detail(request: HttpRequest, name: str, partition: int, offset: int) -> HttpResponse:
    """One record: beside the list (as a fragment for htmx) or as a page of its own."""
    topic, context = await _about(name)
    form = Form(request.GET["form"]) if request.GET.get("form") in list(Form) else Form.AUTO
    whole = request.GET.get("whole") == "1"
    context |= {"partition": partition, "offset": offset, "form": form, "forms": list(Form), "whole": whole}
    try:
        record = await _record(topic, partition, offset)
    except (KafkaError, ConnectionLost, RecordsError, OSError) as error:
        return render(request, _template(request), {**context, "trouble": reason(error)}, status=503)
    if record is None or record.offset != offset:
        context["next"] = record.offset if record else None
        return render(request, _template(request), {**context, "missing": True}, status=404)
    context["message"] = message(record, form, WHOLE_BYTES if whole else LARGE_BYTES)
    return render(request, _template(request), context)


@require_safe
async def value(request: HttpRequest, name: str, partition: int, offset: int) -> HttpResponse:
    """The bytes of a value, for saving: exactly as they are in the log."""
    topic, _ = await _about(name)
    try:
        record = await _record(topic, partition, offset)
    except (KafkaError, ConnectionLost, RecordsError, OSError) as error:
        return HttpResponse(reason(error), status=503, content_type="text/plain")
    if record is None or record.offset != offset or record.value is None:
        raise Http404(f"There is no value at offset {offset} of {name}-{partition}.")
    response = HttpResponse(record.value, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{name}-{partition}-{offset}"'
    return response


def _template(request: HttpRequest) -> str:
    return "messages/detail.html#record" if getattr(request, "htmx", False) else "messages/detail.html"


async def _record(topic: Topic, partition: int, offset: int) -> Any | None:
    if partition >= len(topic.partitions):
        raise Http404(f"Topic “{topic.name}” has no partition {partition}.")
    bounds = await bounds_of(here.watching(), topic, partition)
    if partition not in bounds.ends:
        raise ConnectionLost(bounds.notes[0])
    if not bounds.starts[partition] <= offset < bounds.ends[partition]:
        return None
    async with _consumer() as consumer:
        return await reading.one(consumer, topic.name, partition, offset, bounds.ends[partition])


@require_http_methods(["GET", "POST"])
async def write(request: HttpRequest, name: str) -> HttpResponse:
    topic, context = await _about(name)
    form = ProduceForm(len(topic.partitions), request.POST or None, initial=await _resent(request, topic))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            partition, offset = await produce(
                settings.BOOTSTRAP_SERVERS,
                name,
                data["partition"],
                data["key_bytes"],
                data["value_bytes"],
                data["headers"],
            )
        except (RecordsError, OSError) as error:
            form.add_error(None, f"It was not written: {reason(error)}")
        else:
            where = reverse("message", args=[name, partition, offset])
            messages.success(request, f"Written to partition {partition} at offset {offset:,}.")
            return redirect(where)
    return render(request, "messages/produce.html", {**context, "form": form, "tab": "produce"})


async def _resent(request: HttpRequest, topic: Topic) -> dict[str, Any]:
    """The fields of a record that is to be edited and sent again, from ?again=partition:offset."""
    partition, _, offset = request.GET.get("again", "").partition(":")
    if not (partition.isdecimal() and offset.isdecimal()):
        return {}
    try:
        record = await _record(topic, int(partition), int(offset))
    except (KafkaError, ConnectionLost, RecordsError, OSError):
        return {}
    return ProduceForm.initial_of(record) if record is not None else {}
