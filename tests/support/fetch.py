"""Fetches what the tests need of other languages, so that no test's own time goes to a download."""

import sys

from tests.clients.libraries import LIBRARIES
from tests.clients.programs import DOES_NOT_BUILD
from tests.support import apache_kafka


def main() -> None:
    reasons = [apache_kafka.missing(), *(library.program.missing() for library in LIBRARIES)]
    for reason in filter(None, reasons):
        print(reason, file=sys.stderr)
    sys.exit(1 if any(reason and not reason.startswith(DOES_NOT_BUILD) for reason in reasons) else 0)


if __name__ == "__main__":
    main()
