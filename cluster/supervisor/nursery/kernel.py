"""The two things that we ask of Linux for a child process; elsewhere both do nothing."""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1
_SET_NAME = 15


def die_with(parent_pid: int) -> None:
    """Have this process get SIGTERM when its parent is gone, even by kill -9: no orphan runs on."""
    _prctl(_SET_PARENT_DEATH_SIGNAL, ctypes.c_ulong(signal.SIGTERM))
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGTERM)


def call_yourself(name: str) -> None:
    """Set the name that `ps -o comm` and `top` show; forked parts share a command line."""
    _prctl(_SET_NAME, ctypes.c_char_p(name.encode()[:15]))


def _prctl(option: int, argument: object) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, argument, 0, 0, 0)
