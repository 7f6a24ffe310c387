"""The nursery: a process with one thread that imports everything once and forks each part from itself.

The parts share the imported pages with it and start without importing anything. It stays as long as the supervisor:
it is the parent of all parts, so it learns of their ends at once, and when the supervisor is gone it stops them.
"""

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from cluster.supervisor.nursery import recipes, wire
from cluster.supervisor.nursery.kernel import call_yourself, die_with
from cluster.worker.exits import ExitStatus

# Slightly longer than a part needs for leaving in good order.
ORPHANS_GRACE_S = 9.0
HEARD_BY_CHILDREN = (signal.SIGTERM, signal.SIGINT)


def start() -> tuple[int, wire.Wire]:
    """Fork the nursery. Must be called before this process has threads. Returns its pid and the way to it."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid:
        theirs.close()
        return pid, wire.Wire(ours)
    ours.close()
    # The terminal's Ctrl-C is for the supervisor alone, which then stops the parts in order.
    os.setsid()
    call_yourself("nursery")
    run_as_child(Nursery(wire.Wire(theirs)).run)


def end(pid: int) -> None:
    """See the nursery off when its parts are gone; it may still be importing for a start that was given up."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def run_as_child(function: Callable[[], int]) -> NoReturn:
    """Run `function` as all of a forked process's life: nothing of the parent's stack may run on in it."""
    status: int = ExitStatus.CRASHED
    try:
        status = function()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else ExitStatus.CLEAN if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


class Nursery:
    """Owns the children. Everything happens in its one loop, between two words of the supervisor."""

    def __init__(self, supervisor: wire.Wire) -> None:
        self._supervisor = supervisor
        self._children: dict[int, str] = {}
        self._wakeup, self._signalled = socket.socketpair()

    def run(self) -> int:
        gc.disable()
        for end in (self._wakeup, self._signalled):
            end.setblocking(False)
        signal.set_wakeup_fd(self._signalled.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # Told to stop by anybody but the supervisor, it would leave the supervisor without parts: it does not.
        for number in HEARD_BY_CHILDREN:
            signal.signal(number, signal.SIG_IGN)
        with selectors.DefaultSelector() as selector:
            selector.register(self._supervisor.socket, selectors.EVENT_READ, self._obey)
            selector.register(self._wakeup, selectors.EVENT_READ, self._reap)
            while all(key.data() for key, _ in selector.select()):
                pass
        self._stop_children()
        return ExitStatus.CLEAN

    def _obey(self) -> bool:
        """Do what the supervisor says. False when the supervisor is gone."""
        messages = self._supervisor.receive()
        if messages is None:
            return False
        for message in messages:
            match message:
                case wire.Preload(stage=stage):
                    recipes.preload(wire.Stage(stage))
                    # Frozen objects are never looked at by a collection, so a child does not copy their pages.
                    gc.collect()
                    gc.freeze()
                case wire.Spawn() as order:
                    self._spawn(order)
        return True

    def _spawn(self, order: wire.Spawn) -> None:
        nursery = os.getpid()
        # Held back until the child has its own handlers: this process ignores the signals that a child must hear.
        signal.pthread_sigmask(signal.SIG_BLOCK, HEARD_BY_CHILDREN)
        pid = os.fork()
        if pid == 0:
            run_as_child(lambda: self._become(order, nursery))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD_BY_CHILDREN)
        self._children[pid] = order.part
        self._tell(wire.Spawned(part=order.part, pid=pid))

    def _become(self, order: wire.Spawn, nursery: int) -> int:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, *HEARD_BY_CHILDREN):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD_BY_CHILDREN)
        die_with(nursery)
        call_yourself(order.part)
        for end in (self._supervisor.socket, self._wakeup, self._signalled):
            end.close()
        redirect_output(Path(order.log))
        os.environ.update(order.environment)
        gc.enable()
        return recipes.run(order.recipe, order.arguments)

    def _reap(self) -> bool:
        self._wakeup.recv(4096)
        while self._children:
            pid, wait_status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            self._tell(wire.Exited(part=self._children.pop(pid), pid=pid, wait_status=wait_status))
        return True

    def _tell(self, message: wire.Message) -> None:
        try:
            self._supervisor.send(message)
        except OSError:
            # The supervisor is gone; the next read says so, too, and ends the loop.
            return

    def _stop_children(self) -> None:
        """The supervisor died: let the parts leave in good order, then make sure that they are gone."""
        for number in (signal.SIGTERM, signal.SIGCONT):
            self._signal_all(number)
        deadline = time.monotonic() + ORPHANS_GRACE_S
        while self._children and time.monotonic() < deadline:
            time.sleep(0.05)
            self._wakeup_drained()
        self._signal_all(signal.SIGKILL)

    def _wakeup_drained(self) -> None:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        self._children.pop(pid, None)

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in self._children:
            os.kill(pid, number)


def redirect_output(log: Path) -> None:
    """Append everything that this process prints to `log`."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    os.close(nothing)
