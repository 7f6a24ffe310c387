"""What a person sees of `up`: a live table on a terminal, one line per event in a file."""

import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cluster.supervisor.part import Part, State
from cluster.worker.exits import Ending

STYLES = {
    State.STOPPED: "dim",
    State.STARTING: "yellow",
    State.READY: "green",
    State.STOPPING: "yellow",
    State.WAITING: "red",
}


class LastingConsole(Console):
    """Falls silent when nobody listens any more: a closed terminal or pipe is no reason to end a cluster."""

    def print(self, *objects: Any, **more: Any) -> None:
        try:
            super().print(*objects, **more)
        except OSError:
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class Display:
    """Owns the terminal. `began` is when the person pressed return, on the monotonic clock."""

    def __init__(self, began: float) -> None:
        self._console = LastingConsole(highlight=False, soft_wrap=True)
        self._spinner = Spinner("dots", style="yellow")
        self._began = began
        self._live: Live | None = None
        self._parts: Sequence[Part] = ()
        self._shown: dict[str, State] = {}

    def begin(self, parts: Sequence[Part], title: str) -> None:
        self._console.print(Text(title, style="bold"))
        self._parts = parts
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=12, transient=True)
            self._live.start()

    def changed(self, part: Part) -> None:
        """A part has moved to another state, or got its process."""
        if self._shown.get(part.name) is part.state:
            return
        self._shown[part.name] = part.state
        if self._live is not None and part.state is not State.WAITING:
            return
        self._console.print(self._line(part))

    def say(self, text: str) -> None:
        """Something that is not of one part."""
        self._console.print(Text(f"{time.monotonic() - self._began:7.2f} s  {text}"))

    def ready(self, lines: Iterable[Text]) -> None:
        """The start is over: say how long it took, and `lines`."""
        self._settle()
        self._console.print()
        self._console.print(Text(f"Ready after {time.monotonic() - self._began:.2f} s.\n", style="bold green"))
        for line in lines:
            self._console.print(line)

    def _settle(self) -> None:
        """Leave the table as it is now."""
        if self._live is not None:
            self._live.stop()
            self._live = None
            self._console.print(self._table())

    def closing(self) -> None:
        """Everything is about to be stopped."""
        if not self._parts:
            return
        self._settle()
        self._console.print(Text("Stopping …", style="bold"))

    def closed(self) -> None:
        if self._parts:
            self._console.print(Text(f"{time.monotonic() - self._began:7.2f} s  All stopped."))

    def _line(self, part: Part) -> Text:
        line = Text(f"{time.monotonic() - self._began:7.2f} s  {part.title:<14} ")
        line.append(f"{part.state:<9}", style=STYLES[part.state])
        line.append(f" {self._detail(part)}")
        return line

    def _detail(self, part: Part) -> str:
        match part.state:
            case State.READY:
                return f"{part.address}  process {part.pid}".strip()
            case State.WAITING:
                again = f"; again in {part.delay_s:.0f} s" if part.delay_s else ""
                return f"{part.says()}{again}, see {part.spawn.log}"
            case State.STOPPED if part.last_exit and part.last_exit.ending is not Ending.CLEAN:
                return part.last_exit.detail
        return ""

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for part in self._parts:
            if not part.wanted and part.state is State.STOPPED:
                continue
            busy = part.state in (State.STARTING, State.STOPPING)
            mark = self._spinner if busy else Text("●", style=STYLES[part.state])
            state = Text(part.state, style=STYLES[part.state])
            table.add_row(mark, part.title, state, self._detail(part))
        return table
