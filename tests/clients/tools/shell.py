"""Apache Kafka's command-line tools: one after the other in one JVM, or one in a process of its own."""

import contextlib
import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support import apache_kafka
from tests.support.patience import seconds

SOURCE = Path(__file__).with_name("Shell.java")
TOOLS = {
    "topics": "org.apache.kafka.tools.TopicCommand",
    "configs": "kafka.admin.ConfigCommand",
    "console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "groups": "org.apache.kafka.tools.GroupsCommand",
    "consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "cluster": "org.apache.kafka.tools.ClusterTool",
    "producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
    "consumer-perf-test": "org.apache.kafka.tools.ConsumerPerformance",
    "e2e-latency": "org.apache.kafka.tools.EndToEndLatency",
    "verifiable-producer": "org.apache.kafka.tools.VerifiableProducer",
    "verifiable-consumer": "org.apache.kafka.tools.VerifiableConsumer",
    "replica-verification": "org.apache.kafka.tools.ReplicaVerificationTool",
}
"""By the names of Kafka's scripts, without `kafka-` and `.sh`."""


def missing() -> str | None:
    """Why the tools cannot be run here; None when they can."""
    return apache_kafka.missing() or (None if shutil.which("javac") else "no Java compiler on this machine")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Shell:
    """A JVM that runs one tool at a time, against one cluster."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._start()

    def _start(self) -> None:
        self._outcomes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._jvm = subprocess.Popen(
            apache_kafka.java(str(SOURCE)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._read, args=(self._jvm, self._outcomes), daemon=True).start()

    @staticmethod
    def _read(jvm: subprocess.Popen[str], outcomes: queue.SimpleQueue[str]) -> None:
        assert jvm.stdout is not None
        for line in jvm.stdout:
            outcomes.put(line)
        outcomes.put("")

    def run(
        self, tool: str, *arguments: str, stdin: str = "", at_most_s: float = 30, bootstrap: str | None = None
    ) -> Outcome:
        """Run a tool to its end, however that is."""
        addressed = self._arguments(tool, arguments, bootstrap or self.bootstrap)
        call = {"tool": TOOLS[tool], "arguments": addressed, "stdin": stdin}
        assert self._jvm.stdin is not None
        self._jvm.stdin.write(json.dumps(call) + "\n")
        self._jvm.stdin.flush()
        try:
            line = self._outcomes.get(timeout=seconds(at_most_s))
        except queue.Empty:
            self.close()
            self._start()
            raise TimeoutError(f"{tool} {' '.join(arguments)} did not end within {seconds(at_most_s)} s") from None
        assert line, f"the JVM ended while it ran {tool} {' '.join(arguments)}"
        return Outcome(**json.loads(line))

    def done(self, tool: str, *arguments: str, stdin: str = "", at_most_s: float = 30) -> list[str]:
        """The lines that a tool printed, which must have ended well and without an error's text."""
        outcome = self.run(tool, *arguments, stdin=stdin, at_most_s=at_most_s)
        assert outcome.status == 0, f"{tool} {' '.join(arguments)} ended with {outcome}"
        assert "Exception" not in outcome.err, outcome.err
        return outcome.lines

    @contextlib.contextmanager
    def beside(self, tool: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A tool in a process of its own that runs while the caller does other things; ended at the end."""
        command = apache_kafka.java(TOOLS[tool], *self._arguments(tool, arguments, self.bootstrap))
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        with process:
            try:
                yield process
            finally:
                process.kill()

    def alone(self, tool: str, *arguments: str, at_most_s: float = 60) -> Outcome:
        """Run a tool that leaves by another door than Kafka's own: in a process of its own, to its end."""
        command = apache_kafka.java(TOOLS[tool], *self._arguments(tool, arguments, self.bootstrap))
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds(at_most_s))
        return Outcome(done.returncode, done.stdout, done.stderr)

    @staticmethod
    def _arguments(tool: str, arguments: Sequence[str], bootstrap: str) -> list[str]:
        if tool == "replica-verification":
            return ["--broker-list", bootstrap, *arguments]
        if tool == "cluster":
            return [arguments[0], "--bootstrap-server", bootstrap, *arguments[1:]]
        return ["--bootstrap-server", bootstrap, *arguments]

    def close(self) -> None:
        self._jvm.kill()
        self._jvm.wait()
