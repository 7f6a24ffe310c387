"""Rows that only the console needs: one-click sign-in links."""

from django.conf import settings
from django.db import models


class SignInLink(models.Model):
    """A link that signs one person in, once, for a short while. Only the digest of its secret is kept."""

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.user}, until {self.expires_at:%Y-%m-%d %H:%M:%S} UTC"
