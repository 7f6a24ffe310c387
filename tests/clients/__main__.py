"""`python -m tests.clients`: run the client matrix and write it into the README."""

import argparse
import json
import os
import subprocess
import sys

from tests.clients.cells import FOLDER, last_run, outcomes
from tests.clients.readme import SECTION, render


def main() -> int:
    options = _options()
    path = last_run(options.against)
    status = 0 if options.last else _run(options.against, options.only)
    if not path.exists():
        print("The matrix has never been run here.", file=sys.stderr)
        return 1
    section = render(outcomes(json.loads(path.read_text())))
    if options.against == "odradek":
        SECTION.write(section)
    else:
        print(section)
    return status


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("--last", action="store_true", help="run nothing; show the last run again")
    parser.add_argument("--only", metavar="WORDS", help="run these tests alone, as pytest's -k names them")
    parser.add_argument(
        "--against",
        choices=("odradek", "apache"),
        default="odradek",
        help="run against Apache Kafka and print, to know what a client can do there",
    )
    return parser.parse_args()


def _run(against: str, only: str | None) -> int:
    if not only:
        last_run(against).unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", str(FOLDER), *(("-k", only) if only else ())]
    return subprocess.run(command, env={**os.environ, "MATRIX_AGAINST": against}).returncode


if __name__ == "__main__":
    sys.exit(main())
