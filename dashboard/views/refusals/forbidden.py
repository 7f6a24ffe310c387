"""What somebody may not do, and forms of which the console cannot tell that they are its own."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard.views.refusals.refusal import Refusal, refuse, told_by

STATUS = 403
OF_ANOTHER_SITE = ("Origin checking failed", "Referer checking failed")
AGAIN = "open the page again and repeat what you did."
STRANGER = Refusal(
    status=STATUS, title="Not allowed", sentence="This is for those who are signed in and have the permission for it."
)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    sentence = told_by(exception, f"Your account has no permission for {request.path}.")
    advice = "Whoever administers the console gives permissions: in the Django admin, under Users."
    return refuse(request, Refusal(status=STATUS, title="Not allowed", sentence=sentence, advice=advice), STRANGER)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW. The reason is one of the sentences of django.middleware.csrf; the log has it."""
    sentence, advice = _of_csrf(request, reason)
    told = f"{sentence} Nothing was changed."
    return refuse(request, Refusal(status=STATUS, title="Not done", sentence=told, advice=advice, back=_back(request)))


def _of_csrf(request: HttpRequest, reason: str) -> tuple[str, str]:
    if reason == REASON_NO_CSRF_COOKIE:
        return (
            "Your browser sent the form without the console’s cookie.",
            f"Allow cookies for {request.get_host()}, {AGAIN}",
        )
    if reason.startswith(OF_ANOTHER_SITE):
        return _of_another_site(request)
    return (
        "The console does not know the form as one that it gave you. "
        "That happens to a page that is open while you sign in anew elsewhere.",
        AGAIN.capitalize(),
    )


def _of_another_site(request: HttpRequest) -> tuple[str, str]:
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    if origin in ("", "null"):
        return (
            "Your browser does not say from which page the form was sent.",
            f"Let it send {request.get_host()} the Referer header, {AGAIN}",
        )
    return (
        f"The form was sent from {origin}, which the console does not know as an address of its own.",
        "If you use the console there, it must be started with this address in ODRADEK_TRUSTED_ORIGINS. "
        "If not, another site tried to act in your name.",
    )


def _back(request: HttpRequest) -> str:
    """The page on which the form stood, if it is one of the console's."""
    referer = request.headers.get("Referer", "")
    return referer if url_has_allowed_host_and_scheme(referer, {request.get_host()}, request.is_secure()) else ""
