"""The live tail of a topic, and choosing which."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from dashboard.queries.frame import frame_of
from dashboard.views.topic import sought
from dashboard.watch import here

SHOWN = 200


@require_safe
async def choose(request: HttpRequest) -> HttpResponse:
    seen = await here.observer().glance("ends")
    topics = seen.shape.topics if seen.shape else {}
    wanted = request.GET.get("topic", "").strip()
    if wanted in topics:
        return redirect("topic-tail", wanted)
    names = [name for name, topic in topics.items() if wanted.casefold() in name.casefold() and not topic.internal]
    rates = here.observer().history.topic_rates or {}
    names.sort(key=lambda name: (-rates.get(name, 0.0), name))
    context = {"topics": [(name, rates.get(name)) for name in names[:SHOWN]], "found": len(names), "query": wanted}
    return render(request, "tail/index.html", {**context, "frame": frame_of(seen)})


@require_safe
async def tail(request: HttpRequest, name: str) -> HttpResponse:
    topic, seen = await sought(name)
    context = {
        "topic": topic,
        "text": request.GET.get("text", ""),
        "partition": request.GET.get("partition", ""),
        "partitions": range(len(topic.partitions)),
    }
    return render(request, "tail/detail.html", {**context, "frame": frame_of(seen), "tab": "tail"})
