"""A second opinion: Kafka's own performance tools, which are Java clients, against both."""

import re
import subprocess
from collections.abc import Iterator

from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.topics import topic
from tests.benchmarks.workloads.workload import Workload
from tests.support import apache_kafka

CLIENT_JVM = "-Xmx512M -XX:+UseG1GC"
SIZE = 1024
AT_MOST_S = 120


def tool(name: str, *arguments: str) -> str:
    """What it printed. Raises AssertionError when it fails."""
    command = apache_kafka.java(f"org.apache.kafka.tools.{name}", *arguments, options=CLIENT_JVM)
    done = subprocess.run(command, capture_output=True, text=True, timeout=AT_MOST_S, check=False)
    if done.returncode:
        raise AssertionError(f"{name} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def number(pattern: str, text: str) -> float:
    if found := re.findall(pattern, text):
        return float(found[-1])
    raise AssertionError(f"no {pattern} in {text[-300:]}")


def measure(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    if reason := apache_kafka.missing():
        raise LookupError(reason)
    records, servers = str(sizes.java_records), ("--bootstrap-server", subject.bootstrap)
    with topic(subject) as name:
        load = ("--num-records", records, "--record-size", str(SIZE), "--throughput", "-1")
        printed = tool("ProducerPerformance", *servers, "--topic", name, *load, "--command-property", "acks=all")
        rate = number(r"([\d.]+) records/sec", printed.splitlines()[-1])
        yield Figure("Kafka's producer-perf-test 1 KiB acks=all", rate, "records/s", Target.THROUGHPUT_1_KIB)
        printed = tool("ConsumerPerformance", *servers, "--topic", name, "--num-records", records, "--hide-header")
        # start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, fetch MB/s, fetch records/s
        rate = float(printed.splitlines()[-1].split(",")[9])
        yield Figure("Kafka's consumer-perf-test 1 KiB", rate, "records/s", Target.THROUGHPUT_1_KIB)
    with topic(subject, partitions=1) as name:
        printed = tool("EndToEndLatency", subject.bootstrap, name, str(sizes.java_pings), "all", "100")
    for rank, words, target in (("p50", "50th", Target.NONE), ("p99", "99th", Target.LATENCY)):
        latency = number(rf"{words} = (\d+)", printed)
        yield Figure(f"Kafka's e2e-latency acks=all, {rank}", latency, "ms", target)


WORKLOADS = (Workload(name="java-tools", about="Kafka's own performance tools", measure=measure, rounds=2),)
