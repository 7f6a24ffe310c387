"""Addresses to which something else is to be sent than what was."""

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.decorators import async_only_middleware

from dashboard.database import GetResponse
from dashboard.views.refusals.refusal import Refusal, refuse

STATUS = 405


@async_only_middleware
def explain(get_response: GetResponse) -> GetResponse:
    """Middleware: puts a page where the views leave nothing. Django has a handler for other refusals, not for this."""

    async def explained(request: HttpRequest) -> HttpResponse:
        response = await get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            page = await sync_to_async(refuse)(request, _of(request, response["Allow"]))
            response.content = page.content
        return response

    return explained


def _of(request: HttpRequest, allowed: str) -> Refusal:
    if request.method not in ("GET", "HEAD"):
        sentence = f"{request.path} does not take {request.method}. Nothing was changed."
        return Refusal(status=STATUS, title="Not done", sentence=sentence, advice=f"It takes {allowed}.")
    return Refusal(
        status=STATUS,
        title="Not a page",
        sentence=f"{request.path} takes what a button of the console sends. Opened as a page it does nothing.",
        advice="If you had to sign in after you pressed the button, press it again: what it asks for was not done.",
    )
