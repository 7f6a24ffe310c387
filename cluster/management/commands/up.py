"""`manage.py up` as Django lists it; what it does begins before Django is set up, in manage.py."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cluster.supervisor import options


class Command(BaseCommand):
    help = options.DESCRIPTION

    def add_arguments(self, parser: CommandParser) -> None:
        options.add_arguments(parser)

    def handle(self, *args: Any, **arguments: Any) -> None:
        # Asked for by another way than manage.py, after settings were read that its options decide: take that way.
        os.execv(sys.executable, [sys.executable, str(options.PROJECT / "manage.py"), *sys.argv[1:]])
