"""`manage.py login-link`: prints a link that signs one person in, once."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from dashboard.sign_in_links import LIFETIME, OPERATOR, issue


class Command(BaseCommand):
    help = f"Print a link that signs you in to the console, once, within {LIFETIME.total_seconds() / 60:.0f} minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--user", default=OPERATOR, help="whom it signs in; made when missing (default %(default)s)"
        )
        parser.add_argument(
            "--data-dir", help="the data directory of the `up` whose console is meant [ODRADEK_DATA_DIR]"
        )

    def handle(self, *args: Any, **options: Any) -> str:
        try:
            link = issue(console_url(), username=options["user"])
        except DatabaseError as error:
            raise CommandError(
                f"No console has been set up in {settings.DATA_DIR} yet ({error}). Run `up` first."
            ) from None
        return link if options["verbosity"] == 0 else self.style.SUCCESS(link)


def console_url() -> str:
    """Where the console is: as the running `up` noted it down, or as the environment says."""
    noted = Path(settings.DATA_DIR) / "console-url"
    if noted.exists():
        return noted.read_text(encoding="utf-8").strip()
    return f"http://{os.environ.get('ODRADEK_HOST', '127.0.0.1')}:{os.environ.get('ODRADEK_CONSOLE_PORT', '8000')}"
