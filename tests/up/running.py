"""A real `manage.py up` for tests: started as a person starts it, watched through what it prints."""

import contextlib
import http.client
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import psutil

from tests.support.patience import seconds
from tests.support.ports import free_ports

PROJECT = Path(__file__).resolve().parent.parent.parent


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's own, without what would decide for the `up` under test."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ODRADEK_", "DJANGO_"))}
    for name in ("PYTHONDONTWRITEBYTECODE", "DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        inherited.pop(name, None)
    return {**inherited, **(extra or {})}


def manage(*arguments: str, extra: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return _run([sys.executable, "manage.py", *arguments], extra)


def celery_worker(*arguments: str, extra: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a worker that is expected to end by itself."""
    return _run([sys.executable, "-m", "celery", "-A", "cluster", "worker", "--pool", "threads", *arguments], extra)


def _run(command: Sequence[str], extra: Mapping[str, str] | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=PROJECT, env=environment(extra), capture_output=True, text=True, timeout=seconds(60), check=False
    )


def get(address: str) -> int:
    """The status that a plain GET has; 0 when nobody listens."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds(10))
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


class Up:
    """One running `up` on its own ports and data directory."""

    def __init__(
        self, data_dir: Path, *arguments: str, brokers: int = 3, extra: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self.brokers = brokers
        self.base_port = free_ports(brokers + 1)
        self.console_port = self.base_port + brokers
        self._arguments = arguments
        self._extra = extra
        self.lines: list[str] = []
        self._read_no_more = threading.Event()
        self._coming: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[str] | None = None

    def arguments(self) -> list[str]:
        where = ["--data-dir", str(self.data_dir), "--base-port", str(self.base_port)]
        return [
            "up",
            *where,
            "--console-port",
            str(self.console_port),
            "--brokers",
            str(self.brokers),
            *self._arguments,
        ]

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"127.0.0.1:{self.base_port + index}" for index in range(self.brokers))

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "it has not been started"
        return self._process

    def start(self) -> Self:
        command = [sys.executable, "manage.py", *self.arguments()]
        self._process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=environment(self._extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._coming.put(line.rstrip())
            if self._read_no_more.is_set():
                break
        self.process.stdout.close()
        self._coming.put(None)

    def stop_reading(self) -> None:
        """Close the pipe that it prints into, at its next line."""
        self._read_no_more.set()

    def until_it_says(self, words: str, timeout: float = 30.0) -> str:
        """The next line with these words. Fails with all that was said when it never comes."""
        while True:
            try:
                line = self._coming.get(timeout=seconds(timeout))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"never said {words!r}, but:\n" + "\n".join(self.lines) + self.logs())
            self.lines.append(line)
            if words in line:
                return line

    def until_ready(self) -> Self:
        self.until_it_says("bootstrap servers")
        return self

    def logs(self) -> str:
        """The end of each part's log, for a failure's message."""
        ends = (f"\n-- {path.name}\n{path.read_text()[-2000:]}" for path in sorted(self.data_dir.glob("logs/*.log")))
        return "".join(ends)

    def family(self) -> list[psutil.Process]:
        """All processes of this start, the supervisor first."""
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def part(self, name: str) -> psutil.Process | None:
        """The process of a part, by the name that it gave itself; None while there is none."""
        for process in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.name() == name and process.status() != psutil.STATUS_ZOMBIE:
                    return process
        return None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the supervisor and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(seconds(20))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            family = self.family()
            self.process.terminate()
            _, alive = psutil.wait_procs(family, timeout=seconds(15))
            for process in alive:
                process.kill()


def gone(processes: Sequence[psutil.Process]) -> bool:
    return all(map(ended, processes))


def ended(process: psutil.Process) -> bool:
    """True when nothing of a process runs any more."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        # It went between the two questions.
        return True
