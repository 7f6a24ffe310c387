"""One supervised part: what it is, how it is doing, and when it is started again."""

from dataclasses import dataclass, field
from enum import StrEnum

from cluster.supervisor.nursery.wire import Spawn
from cluster.worker.exits import Ending, Exit
from cluster.worker.vitals import Vitals

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 30.0
# A part that held out this long is well again: its next failure is a first one.
HEALTHY_S = 5.0
LOOK_S = 0.3
"""How long after one look at a silent part comes the next."""


class State(StrEnum):
    """
    STOPPED -> STARTING -> READY -> STOPPING -> STOPPED
                  |          |
                  +----------+--> WAITING (to be started again) -> STARTING
    """

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "running"
    STOPPING = "stopping"
    WAITING = "waiting"


MOVES: dict[State, frozenset[State]] = {
    State.STOPPED: frozenset({State.STARTING}),
    State.STARTING: frozenset({State.READY, State.STOPPING, State.STOPPED, State.WAITING}),
    State.READY: frozenset({State.STOPPING, State.STOPPED, State.WAITING}),
    State.STOPPING: frozenset({State.STOPPED, State.WAITING}),
    State.WAITING: frozenset({State.STARTING, State.STOPPED}),
}


@dataclass(slots=True, kw_only=True)
class Part:
    """Owns the state of one part. Times are of the supervisor's loop, in seconds.

    `wanted` says whether it should run; `reason` is what it last said of itself, shown when it fails. One with a
    `watchdog_s` has to show life within that time while it is ready, or is looked at from `silent_at` on.
    """

    name: str
    title: str
    address: str = ""
    spawn: Spawn
    grace_s: float = 3.0
    watchdog_s: float = 0.0
    broker_id: int | None = None
    wanted: bool = True
    state: State = State.STOPPED
    pid: int | None = None
    changed_at: float = 0.0
    kill_at: float | None = None
    silent_at: float | None = None
    start_at: float | None = None
    restarts: int = 0
    reason: str = ""
    last_exit: Exit | None = None
    _failures: int = field(default=0)
    _fell_silent: bool = field(default=False)
    _looks: tuple[Vitals, Vitals] | None = field(default=None)
    """The first and the last since it fell silent."""

    def starting(self, now: float) -> None:
        self._move(State.STARTING, now)
        self.start_at, self.reason, self._fell_silent, self._looks = None, "", False, None

    def ready(self, now: float) -> bool:
        """False when it is late news: the part is on its way out."""
        if self.state is not State.STARTING:
            return False
        self._move(State.READY, now)
        self.silent_at = now + self.watchdog_s if self.watchdog_s else None
        return True

    def alive(self, now: float) -> None:
        """It has shown life."""
        if self.silent_at is not None:
            self.silent_at, self._looks = now + self.watchdog_s, None

    def leaves(self) -> None:
        """It says that it ends by itself, and shows no life any more."""
        self.silent_at = None

    def silent(self, now: float, vitals: Vitals) -> bool:
        """No life was shown in time. True when it is to be killed: never at the first look, for signs may lie unread.

        It hangs when it rests, or has computed for as long as its watchdog waits. One that is kept waiting by the
        machine is left alone: to be started again, it would need more of what there is too little of.
        """
        if self._looks is not None:
            first, before = self._looks
            self._fell_silent = vitals.hangs(before) or vitals.cpu_s - first.cpu_s >= self.watchdog_s
        self._looks = (vitals if self._looks is None else self._looks[0], vitals)
        self.silent_at = None if self._fell_silent else now + LOOK_S
        return self._fell_silent

    def stopping(self, now: float) -> None:
        """It was told to stop and has `grace_s` for it."""
        self._move(State.STOPPING, now)
        self.kill_at, self.silent_at = now + self.grace_s, None

    def exited(self, end: Exit, now: float) -> None:
        """Its process is gone. Decides whether and when there will be another one."""
        lasted = now - self.changed_at if self.state is State.READY else 0.0
        asked_for = self.state is State.STOPPING
        self.pid, self.kill_at, self.silent_at, self.last_exit = None, None, None, end
        if not self.wanted:
            self._move(State.STOPPED, now)
            return
        self._move(State.WAITING, now)
        self.restarts += 1
        self.start_at = now + (0.0 if asked_for else self._delay(lasted))

    def given_up(self, now: float) -> None:
        """It waits for its next start and is no longer wanted."""
        self._move(State.STOPPED, now)
        self.start_at = None

    @property
    def next_deadline(self) -> float | None:
        """When something is to be done with it if nothing happens."""
        return min((at for at in (self.kill_at, self.silent_at, self.start_at) if at is not None), default=None)

    @property
    def delay_s(self) -> float:
        """How long it waits for its next start, counted from its end."""
        return 0.0 if self.start_at is None else self.start_at - self.changed_at

    def _delay(self, lasted_s: float) -> float:
        self._failures = 0 if lasted_s >= HEALTHY_S else self._failures
        delay = min(FIRST_DELAY_S * 2.0**self._failures, LONGEST_DELAY_S)
        self._failures += 1
        return delay

    def _move(self, to: State, now: float) -> None:
        if to not in MOVES[self.state]:
            raise AssertionError(f"{self.name}: no way from {self.state} to {to}")
        self.state, self.changed_at = to, now

    def says(self) -> str:
        """Why it is not running, in a few words."""
        if self._fell_silent:
            return f"no sign of life for {self.watchdog_s:g} s"
        if self.last_exit is None:
            return self.reason
        if self.last_exit.ending is Ending.KILLED or not self.reason:
            return self.last_exit.detail
        return self.reason
