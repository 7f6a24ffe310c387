"""`manage.py demo`: feeds a running cluster with live data of this machine, until it is stopped."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from streams.demo.run import run


class Command(BaseCommand):
    help = "Feed the cluster with this machine's own metrics and events, and read them in a group of two members."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bootstrap-servers",
            default=",".join(settings.BOOTSTRAP_SERVERS),
            help="where the cluster is (default %(default)s) [ODRADEK_BOOTSTRAP_SERVERS]",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(run(options["bootstrap_servers"].split(",")))
