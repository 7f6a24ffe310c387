"""One-click sign-in: issues a link that works once and soon expires, and redeems it."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from dashboard.models import SignInLink

LIFETIME = timedelta(minutes=15)
OPERATOR = "admin"


def issue(base_url: str, *, username: str = OPERATOR, lifetime: timedelta = LIFETIME) -> str:
    """The address that signs `username` in when it is opened; the operator's account is made when it is missing."""
    secret = secrets.token_urlsafe(32)
    now = timezone.now()
    SignInLink.objects.filter(expires_at__lt=now).delete()
    SignInLink.objects.create(digest=_digest(secret), user=_account(username), expires_at=now + lifetime)
    return base_url.rstrip("/") + reverse("sign-in-link", args=[secret])


def redeem(secret: str) -> User | None:
    """The user whom this secret signs in, or None when it is unknown, expired or was used before."""
    now = timezone.now()
    link = SignInLink.objects.filter(digest=_digest(secret), expires_at__gte=now, used_at=None)
    # One conditional UPDATE decides, so that of two clicks at once only one wins.
    if not link.update(used_at=now):
        return None
    user: User = SignInLink.objects.select_related("user").get(digest=_digest(secret)).user
    return user if user.is_active else None


def _account(username: str) -> User:
    user, created = get_user_model().objects.get_or_create(
        username=username, defaults={"is_staff": username == OPERATOR, "is_superuser": username == OPERATOR}
    )
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
