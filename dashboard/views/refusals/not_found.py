"""What is not there."""

from django.http import HttpRequest, HttpResponse

from dashboard.views.refusals.refusal import Refusal, refuse, told_by

NOWHERE = Refusal(status=404, title="There is nothing here", sentence="This address leads nowhere.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404. An address that leads to no page says nothing that one can read."""
    sentence = told_by(exception, f"There is no page at {request.path}.")
    return refuse(request, Refusal(status=404, title="Not found", sentence=sentence), NOWHERE)
