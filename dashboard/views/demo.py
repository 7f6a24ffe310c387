"""Switching the demo feed on: real data of this machine, for a cluster that is still empty."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from cluster.models import Installation


@require_POST
async def start(request: HttpRequest) -> HttpResponse:
    await Installation.objects.aupdate_or_create(pk=1, defaults={"demo": True})
    messages.success(request, "Live data of this machine is on its way: three topics and a group that reads them.")
    return redirect("overview")
