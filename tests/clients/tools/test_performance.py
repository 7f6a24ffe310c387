"""kafka-producer-perf-test, kafka-consumer-perf-test and kafka-e2e-latency: their numbers are the records'."""

import re
from collections.abc import Callable

import pytest

from tests.clients.tools.shell import Shell

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
PRODUCER, CONSUMER, LATENCY = "kafka-producer-perf-test", "kafka-consumer-perf-test", "kafka-e2e-latency"
Made = Callable[..., str]
Written = Callable[[str], str]
RECORDS = 5000


def sent(lines: list[str]) -> int:
    """The records of the last line, the one of the whole run."""
    found = re.match(r"(\d+) records sent, [\d.]+ records/sec \([\d.]+ MB/sec\), [\d.]+ ms avg latency", lines[-1])
    assert found is not None, lines
    return int(found[1])


def produce(shell: Shell, topic: str, records: int, *options: str) -> list[str]:
    wanted = ("--topic", topic, "--num-records", str(records), "--throughput", "-1", *options)
    return shell.done("producer-perf-test", *wanted)


def count(shell: Shell, topic: str) -> int:
    lines = shell.done("get-offsets", "--topic", topic)
    return sum(int(line.rpartition(":")[2]) for line in lines)


@pytest.mark.cell(PRODUCER, "what it is for")
@pytest.mark.cell(CONSUMER, "what it is for")
def test_what_was_sent_is_read(shell: Shell, made: Made) -> None:
    topic = made(3)
    assert sent(produce(shell, topic, RECORDS, "--record-size", "100")) == RECORDS
    assert count(shell, topic) == RECORDS
    read = shell.done("consumer-perf-test", "--topic", topic, "--num-records", str(RECORDS))
    columns, values = ([cell.strip() for cell in line.split(",")] for line in read)
    assert int(values[columns.index("data.consumed.in.nMsg")]) == RECORDS


@pytest.mark.cell(PRODUCER, "its options")
@pytest.mark.parametrize(
    "properties",
    [
        ("acks=0", "enable.idempotence=false"),
        ("acks=1", "enable.idempotence=false", "compression.type=lz4"),
        ("acks=all", "compression.type=zstd", "linger.ms=5"),
        ("acks=all", "max.in.flight.requests.per.connection=1", "batch.size=1"),
    ],
    ids=" ".join,
)
def test_producers_of_any_kind_send_all(shell: Shell, made: Made, properties: tuple[str, ...]) -> None:
    topic = made(2)
    options = [argument for one in properties for argument in ("--command-property", one)]
    assert sent(produce(shell, topic, 500, "--record-size", "200", *options)) == 500
    assert count(shell, topic) == 500


@pytest.mark.cell(PRODUCER, "its options")
def test_payloads_come_from_a_file_or_count_up(shell: Shell, made: Made, written: Written) -> None:
    topic = made()
    produce(shell, topic, 20, "--payload-file", written("one;two;three"), "--payload-delimiter", ";")
    produce(shell, topic, 3, "--payload-monotonic")
    arguments = ("--topic", topic, "--from-beginning", "--max-messages", "23", "--timeout-ms", "10000")
    values = shell.done("console-consumer", *arguments)
    assert set(values[:20]) <= {"one", "two", "three"}
    assert values[20:] == ["0", "1", "2"]


@pytest.mark.cell(PRODUCER, "its options")
def test_metrics_are_printed_and_a_warm_up_is_told_apart(shell: Shell, made: Made) -> None:
    topic = made()
    lines = produce(shell, topic, 300, "--record-size", "10", "--warmup-records", "100", "--print-metrics")
    assert any("producer-metrics:record-send-total" in line and "300" in line for line in lines)
    assert any(line.startswith("200 steady state records sent") for line in lines)
    assert count(shell, topic) == 300


@pytest.mark.cell(PRODUCER, "its errors")
def test_records_that_are_refused_are_told(shell: Shell, made: Made) -> None:
    topic = made(max_message_bytes="500")
    sizes = ("--topic", topic, "--num-records", "1", "--throughput", "-1", "--record-size", "1000")
    outcome = shell.run("producer-perf-test", *sizes)
    assert "RecordTooLargeException" in outcome.err
    assert count(shell, topic) == 0


@pytest.mark.cell(CONSUMER, "its options")
def test_a_group_reads_what_a_pattern_includes(shell: Shell, filled: str) -> None:
    group = f"measured-{filled}"
    arguments = (
        "--include",
        f"{filled[:-1]}.",
        "--group",
        group,
        "--num-records",
        "20",
        "--hide-header",
        "--print-metrics",
    )
    lines = shell.done("consumer-perf-test", *arguments)
    assert lines[0].split(",")[4].strip() == "20"
    assert any("consumer-fetch-manager-metrics:records-consumed-total" in line for line in lines)
    assert group in shell.done("consumer-groups", "--list")


@pytest.mark.cell(CONSUMER, "its errors")
def test_it_says_when_fewer_records_came(shell: Shell, filled: str) -> None:
    lines = shell.done("consumer-perf-test", "--topic", filled, "--num-records", "99", "--timeout", "1500")
    assert any("Exiting before consuming the expected number of records" in line for line in lines)
    assert lines[-1].split(",")[4].strip() == "20"


@pytest.mark.cell(LATENCY, "what it is for")
@pytest.mark.parametrize("acks", ["1", "all"])
def test_records_go_there_and_back_one_by_one(shell: Shell, made: Made, acks: str) -> None:
    sizes = ("--num-records", "50", "--record-size", "100", "--producer-acks", acks)
    lines = shell.done("e2e-latency", "--topic", made(), *sizes)
    assert any(re.fullmatch(r"Avg latency: [\d.]+ ms", line) for line in lines)
    assert any(re.fullmatch(r"Percentiles: 50th = \d+, 99th = \d+, 99.9th = \d+", line) for line in lines)


@pytest.mark.cell(LATENCY, "its options")
def test_keys_and_headers_go_there_and_back(shell: Shell, made: Made) -> None:
    sizes = ("--num-records", "10", "--record-size", "50", "--producer-acks", "1", "--record-key-size", "7")
    headers = ("--num-headers", "2", "--record-header-key-size", "3", "--record-header-size", "4")
    topic = made()
    lines = shell.done("e2e-latency", "--topic", topic, *sizes, *headers)
    assert any(line.startswith("Avg latency: ") for line in lines)
    assert count(shell, topic) == 10


@pytest.mark.cell(LATENCY, "its errors")
def test_a_record_that_does_not_come_back_is_told(shell: Shell, made: Made) -> None:
    topic = made(max_message_bytes="500")
    outcome = shell.run(
        "e2e-latency", "--topic", topic, "--num-records", "1", "--record-size", "1000", "--producer-acks", "1"
    )
    assert outcome.status == 1
    assert "RecordTooLargeException" in outcome.err
