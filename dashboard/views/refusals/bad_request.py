"""Requests that cannot be taken as they are."""

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from dashboard.views.refusals.refusal import Refusal, refuse

STATUS = 400
UNREADABLE = Refusal(
    status=STATUS, title="Not done", sentence="The console cannot take what your browser sent. Nothing was changed."
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400. Whoever asks for the console by another name hears how it learns that."""
    return refuse(request, _of_another_name(request) if isinstance(exception, DisallowedHost) else UNREADABLE)


def _of_another_name(request: HttpRequest) -> Refusal:
    asked = request.META.get("HTTP_HOST", "")
    name, _ = split_domain_port(asked)
    sentence = f"The console is not known by the name “{name or asked}”."
    if name:
        advice = f"To be opened by this name, it must be started with ODRADEK_ALLOWED_HOSTS={name}."
    else:
        advice = "That is no name of a host: it may have letters, digits, dots and hyphens, no underscores."
    return Refusal(status=STATUS, title="Not by this name", sentence=sentence, advice=advice)
