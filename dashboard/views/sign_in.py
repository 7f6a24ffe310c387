"""Signing in by password or by a one-click link, and out again."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from dashboard import sign_in_links


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    template_name = "sign_in/index.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    next_page = "sign-in"


@login_not_required
@never_cache
@require_GET
def by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Open the door once; a browser that only looks ahead must not use the link up."""
    if "prefetch" in request.headers.get("Sec-Purpose", ""):
        return HttpResponse(status=204)
    user = sign_in_links.redeem(secret)
    if user is None:
        return render(request, "sign_in/link_refused.html", status=410)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(settings.LOGIN_REDIRECT_URL)
