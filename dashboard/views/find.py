"""Finding a topic, a group or a broker by a part of its name."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from dashboard.queries.finding import find
from dashboard.queries.frame import frame_of
from dashboard.watch import here


@require_safe
async def index(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    seen = await here.observer().glance("groups")
    hits = find(seen, words)
    if len(hits.items) == 1 and hits.total == 1:
        only = hits.items[0]
        return redirect(only.url_name, only.argument)
    context = {"hits": hits, "find": words, "frame": frame_of(seen)}
    return render(request, "find/index.html", context)
