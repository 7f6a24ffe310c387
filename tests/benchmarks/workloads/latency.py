"""Latency at a steady rate, counted from the moment when each record was due (no coordinated omission)."""

from collections.abc import Iterator

from tests.benchmarks.clients import latency
from tests.benchmarks.clients.crew import Job, run
from tests.benchmarks.figures import Figure, latency_figures
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.topics import topic
from tests.benchmarks.workloads.workload import Workload

ACK_RATE, END_TO_END_RATE = 500, 300


def _job(subject: Subject, name: str, rate: int, sizes: Sizes, acks: str) -> dict[str, object]:
    common = {"bootstrap": subject.bootstrap, "topic": name, "settings": {"acks": acks}}
    return {**common, "rate": rate, "lasting_s": sizes.latency_s}


def acknowledgement(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    for acks in ("1", "all"):
        with topic(subject) as name:
            (outcome,) = run([Job(latency.acknowledged, _job(subject, name, ACK_RATE, sizes, acks))])
        yield from latency_figures(f"ack latency at {ACK_RATE}/s acks={acks}", outcome.value)


def end_to_end(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    for acks in ("1", "all"):
        with topic(subject) as name:
            sent = int(END_TO_END_RATE * sizes.latency_s)
            receiver = Job(latency.receiving, {"bootstrap": subject.bootstrap, "topic": name, "records": sent})
            sender = Job(latency.stamping, _job(subject, name, END_TO_END_RATE, sizes, acks))
            received, _ = run([receiver, sender])
        yield from latency_figures(f"end-to-end latency at {END_TO_END_RATE}/s acks={acks}", received.value)


WORKLOADS = (
    Workload(name="ack-latency", about="latency of acknowledgements", measure=acknowledgement),
    Workload(name="end-to-end-latency", about="latency from producer to consumer", measure=end_to_end),
)
