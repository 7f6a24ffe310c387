"""`python -m tests.conformance`: ask our cluster and Apache Kafka the same, and print where the answers differ."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.conformance.clusters import both
from tests.conformance.compare import unasked
from tests.conformance.differences import outdated, reason_for
from tests.conformance.readme import SECTION, render
from tests.conformance.recorder import Peer
from tests.conformance.running import compare
from tests.conformance.scenarios import SCENARIOS


def main() -> int:
    options = _options()
    chosen = {name: scenario for name, scenario in SCENARIOS.items() if not options.only or name in options.only}
    if options.ours and options.apache:
        return _run(options, options.ours, options.apache, chosen)
    with tempfile.TemporaryDirectory() as folder, both(Path(folder)) as (ours, apache):
        return _run(options, ours, apache, chosen)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=sorted(SCENARIOS), help="these scenarios")
    parser.add_argument("--ours", type=int, metavar="PORT", help="first port of a cluster of ours that runs already")
    parser.add_argument("--apache", type=int, metavar="PORT", help="first port of an Apache Kafka that runs already")
    parser.add_argument("--meant", action="store_true", help="print the meant differences as well")
    parser.add_argument("--write", action="store_true", help="write what came of it into the README")
    return parser.parse_args()


def _run(options: argparse.Namespace, our_port: int, apache_port: int, chosen: dict) -> int:
    run = f"r{int(time.time()) % 100_000}-" if options.ours else ""
    ours, apache = Peer("ours", our_port, run), Peer("apache", apache_port, run)
    began = time.monotonic()
    found = asyncio.run(compare(ours, apache, chosen))
    unmeant = [difference for difference in found if not reason_for(difference)]
    for difference in found if options.meant else unmeant:
        print(difference, *filter(None, [reason_for(difference)]), sep="\n    meant   ")
    asked, took_s = len(ours.exchanges), time.monotonic() - began
    print(f"{asked} questions, {len(found)} differences, {len(unmeant)} of them not meant, {took_s:.1f} s")
    if not options.only and (missing := unasked(ours.exchanges)):
        print("never asked:", ", ".join(missing))
    if not options.only:
        for meant in outdated(found):
            print("does not differ any more:", meant)
    if options.write and not options.only:
        SECTION.write(render(ours.exchanges, len(unmeant)))
    return 1 if unmeant else 0


if __name__ == "__main__":
    sys.exit(main())
