"""`manage.py up`: from the command line to the last exit status."""

import os
import sys
import time
from collections.abc import Sequence
from typing import IO

from cluster.supervisor import options, preflight
from cluster.supervisor.nursery import process as nursery
from cluster.supervisor.nursery.wire import Preload, Stage
from cluster.supervisor.options import Options
from cluster.supervisor.refusal import Refusal
from cluster.supervisor.runtime import RuntimeDirectory


def main(arguments: Sequence[str]) -> int:
    """Run a cluster until it is told to stop. Returns the exit status."""
    began = time.monotonic()
    try:
        chosen = options.parse(arguments)
        preflight.check_settings(chosen)
        preflight.check_services(os.environ)
        lock = preflight.claim_data_dir(chosen.data_dir, lambda text: print(text, flush=True))
        preflight.check_ports(chosen)
        return _run(chosen, lock, began)
    except Refusal as refusal:
        print(f"odradek: {refusal}", file=sys.stderr)
        return 1


def _run(chosen: Options, lock: IO[str], began: float) -> int:
    given = dict(os.environ)
    # For `login-link`, which is told the data directory and no more.
    (chosen.data_dir / "console-url").write_text(chosen.console_url, encoding="utf-8")
    runtime = RuntimeDirectory(chosen.data_dir)
    try:
        embedded = not os.environ.get("REDIS_URL")
        os.environ.update(chosen.environment(), NOTIFY_SOCKET=str(runtime.notify_socket))
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
        if embedded:
            os.environ["REDIS_URL"] = f"unix://{runtime.redis_socket}"
        orphaned = _run_with_nursery(chosen, runtime, embedded=embedded, began=began)
    finally:
        runtime.remove()
    if orphaned:
        # The parts died with the nursery, and a process that had threads must not fork another: begin anew.
        lock.close()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], given)
    return 0


def _run_with_nursery(chosen: Options, runtime: RuntimeDirectory, *, embedded: bool, began: float) -> bool:
    pid, wire = nursery.start()
    try:
        # From here on both import side by side: the nursery what the brokers need, this process what it needs itself.
        wire.send(Preload(stage=Stage.WORKER))
        from cluster.supervisor.session import run

        return run(chosen, wire, runtime, embedded=embedded, began=began)
    finally:
        nursery.end(pid)
