"""The ways in which a part ends, and the exit status that tells each."""

import enum
import os
import signal
from dataclasses import dataclass


class ExitStatus(enum.IntEnum):
    """Exit statuses of a broker's process; the numbers are those of sysexits.h."""

    CLEAN = 0
    CRASHED = 70
    REFUSED = 78


class Ending(enum.StrEnum):
    """How a part ended, in the words that its row and the console use."""

    CLEAN = "clean"
    KILLED = "killed"
    REFUSED = "refused"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """One end of one process."""

    ending: Ending
    detail: str

    @classmethod
    def of(cls, wait_status: int) -> "Exit":
        """Read what `waitpid` said."""
        if os.WIFSIGNALED(wait_status):
            return cls(ending=Ending.KILLED, detail=f"killed by {signal.Signals(os.WTERMSIG(wait_status)).name}")
        match os.WEXITSTATUS(wait_status):
            case ExitStatus.CLEAN:
                return cls(ending=Ending.CLEAN, detail="stopped")
            case ExitStatus.REFUSED:
                return cls(ending=Ending.REFUSED, detail="refused to start")
            case status:
                return cls(ending=Ending.CRASHED, detail=f"crashed with exit status {status}")
