"""`python -m tests.fuzz`: bad bytes for the decoders and for a live broker, for so long as you like."""

import argparse
import logging
import random
import sys
import time
from pathlib import Path

from tests.fuzz.running import FOUND, Failure, Run, fuzz_broker, fuzz_codec, replay

SLICE_S = 30.0


def main() -> int:
    options = _options()
    logging.getLogger().addHandler(logging.NullHandler())
    if options.replay:
        return max([_replay(path) for path in options.replay])
    deadline = float("inf") if options.forever else time.monotonic() + options.minutes * 60
    seed, examples, failures = options.seed or f"{random.SystemRandom().randrange(1 << 32):08x}", 0, 0
    print(f"seed {seed}; inputs that fail go to {options.found}")
    number = 0
    try:
        while (left := deadline - time.monotonic()) > 0:
            for fuzz in (fuzz_codec, fuzz_broker):
                run = Run(f"{seed}/{number}", min(SLICE_S, left / 2), lambda failure: _report(failure, options.found))
                fuzz(run)
                examples, failures = examples + run.examples, failures + len(run.failures)
            number += 1
            print(f"{examples} examples, {failures} failures", flush=True)
    except KeyboardInterrupt:
        print()
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=1.0, help="how long (1)")
    length.add_argument("--forever", action="store_true", help="until Ctrl-C")
    length.add_argument("--replay", type=Path, nargs="+", metavar="FILE", help="try stored inputs again")
    parser.add_argument("--seed", help="begin as an earlier run did")
    parser.add_argument("--found", type=Path, default=FOUND, metavar="FOLDER", help="where inputs that fail are stored")
    return parser.parse_args()


def _report(failure: Failure, folder: Path) -> None:
    path = failure.store(folder)
    print(f"{failure.target}: {failure.problem[:400]}\n    {failure.data[:64].hex()}… ({len(failure.data)} bytes)")
    print(f"    uv run python -m tests.fuzz --replay {path}", flush=True)


def _replay(path: Path) -> int:
    failure = Failure.load(path)
    try:
        replay(failure)
    except Exception as error:
        print(f"{path}: {type(error).__name__}: {error}")
        return 1
    print(f"{path}: no trouble")
    return 0


if __name__ == "__main__":
    sys.exit(main())
