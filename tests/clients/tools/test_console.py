"""kafka-console-producer and kafka-console-consumer."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.tools.conftest import BEGAN_MS
from tests.clients.tools.shell import Shell
from tests.support.patience import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
PRODUCER, CONSUMER = "kafka-console-producer", "kafka-console-consumer"
NewName = Callable[[], str]
Made = Callable[..., str]
TO_THE_END = ("--timeout-ms", "10000")


def printing(*what: str) -> list[str]:
    return [argument for name in what for argument in ("--formatter-property", f"print.{name}=true")]


def read(shell: Shell, topic: str, count: int, *options: str) -> list[str]:
    arguments = ("--topic", topic, "--max-messages", str(count), *TO_THE_END, *options)
    return shell.done("console-consumer", *arguments)


def produce(shell: Shell, topic: str, text: str, *options: str) -> None:
    assert shell.done("console-producer", "--topic", topic, *options, stdin=text) == []


def formatted(shell: Shell, formatter: str) -> list[Any]:
    """All of the offsets' topic, as one of Kafka's own formatters tells it: JSON objects without anything between."""
    name = f"org.apache.kafka.tools.consumer.{formatter}"
    arguments = ("--topic", "__consumer_offsets", "--from-beginning", "--formatter", name, "--timeout-ms", "3000")
    text, found = shell.run("console-consumer", *arguments).out.strip(), []
    while text:
        record, end = json.JSONDecoder().raw_decode(text)
        text = text[end:].lstrip()
        found.append(record)
    return found


@pytest.mark.cell(PRODUCER, "what it is for")
@pytest.mark.cell(CONSUMER, "what it is for")
def test_lines_come_back_as_they_were_written(shell: Shell, made: Made) -> None:
    topic = made()
    lines = ["plain", "", "ümlaut and 日本", "tab\tinside", "x" * 50_000]
    produce(shell, topic, "".join(f"{line}\n" for line in lines))
    assert read(shell, topic, len(lines), "--from-beginning") == lines


@pytest.mark.cell(PRODUCER, "its options")
@pytest.mark.cell(CONSUMER, "its options")
def test_keys_headers_and_nulls_come_back(shell: Shell, made: Made) -> None:
    topic = made()
    reading = ("parse.key=true", "key.separator=:", "parse.headers=true", "null.marker=NIL", "headers.separator=,")
    options = [argument for one in reading for argument in ("--reader-property", one)]
    produce(shell, topic, "h:1,h:2\tk1:v1\nh:\tk2:NIL\nNIL\tNIL:v3\n", *options)
    shown = read(shell, topic, 3, "--from-beginning", *printing("key", "headers", "offset", "partition"))
    assert shown == [
        "Partition:0\tOffset:0\th:1,h:2\tk1\tv1",
        "Partition:0\tOffset:1\th:\tk2\tnull",
        "Partition:0\tOffset:2\tNO_HEADERS\tnull\tv3",
    ]


@pytest.mark.cell(PRODUCER, "its options")
@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_it_compresses(shell: Shell, made: Made, codec: str) -> None:
    topic = made()
    lines = [f"{codec} {number}" for number in range(200)]
    produce(shell, topic, "".join(f"{line}\n" for line in lines), "--compression-codec", codec)
    assert read(shell, topic, 200, "--from-beginning") == lines


@pytest.mark.cell(PRODUCER, "its options")
@pytest.mark.parametrize(
    "options",
    [
        ("--request-required-acks", "0", "--command-property", "enable.idempotence=false"),
        ("--request-required-acks", "1", "--command-property", "enable.idempotence=false"),
        ("--request-required-acks", "all", "--sync"),
        ("--batch-size", "1", "--max-memory-bytes", "100000", "--message-send-max-retries", "5"),
    ],
    ids=" ".join,
)
def test_it_sends_as_it_is_told(shell: Shell, made: Made, options: tuple[str, ...]) -> None:
    topic = made()
    produce(shell, topic, "one\ntwo\nthree\n", *options)
    assert read(shell, topic, 3, "--from-beginning") == ["one", "two", "three"]


@pytest.mark.cell(PRODUCER, "its options")
def test_a_topic_that_is_not_there_is_created(shell: Shell, new_name: NewName) -> None:
    topic = new_name()
    assert shell.run("console-producer", "--topic", topic, stdin="first\n").status == 0
    assert read(shell, topic, 1, "--from-beginning") == ["first"]


@pytest.mark.cell(CONSUMER, "its options")
@pytest.mark.parametrize(
    ("offset", "first"), [("earliest", 0), ("7", 7), ("latest", None)], ids=["earliest", "7", "latest"]
)
def test_a_partition_is_read_from_an_offset(shell: Shell, filled: str, offset: str, first: int | None) -> None:
    arguments = ("--topic", filled, "--partition", "1", "--offset", offset, "--timeout-ms", "1500")
    shown = shell.run("console-consumer", *arguments, *printing("offset"))
    expected = [] if first is None else [f"Offset:{at}\tvalue-{2 * at + 1}" for at in range(first, 10)]
    assert shown.lines == expected


@pytest.mark.cell(CONSUMER, "its options")
def test_a_group_goes_on_where_it_was(shell: Shell, filled: str, new_name: NewName) -> None:
    """The first reads more than one partition holds: without a position in both, it would commit one of them only, and
    the second, which is not told to begin at the beginning, would begin the other at its end, as with Apache Kafka."""
    group = ("--group", new_name())
    first = read(shell, filled, 12, *group, "--from-beginning")
    second = read(shell, filled, 8, *group)
    assert sorted(first + second) == sorted(f"value-{number}" for number in range(20))


@pytest.mark.cell(CONSUMER, "its options")
def test_topics_are_included_by_pattern_and_times_are_printed(shell: Shell, filled: str) -> None:
    arguments = ("--include", f"{filled[:-1]}.", "--from-beginning", "--max-messages", "20", *TO_THE_END)
    shown = shell.done("console-consumer", *arguments, *printing("timestamp", "key"))
    assert shown[0] in (f"CreateTime:{BEGAN_MS}\tkey-0\tvalue-0", f"CreateTime:{BEGAN_MS}\tkey-1\tvalue-1")
    assert len(shown) == 20


@pytest.mark.cell(CONSUMER, "its options")
def test_only_committed_records_are_read_when_told_so(shell: Shell, filled: str) -> None:
    shown = read(shell, filled, 20, "--from-beginning", "--isolation-level", "read_committed")
    assert sorted(shown) == sorted(f"value-{number}" for number in range(20))


@pytest.mark.cell(CONSUMER, "its options")
def test_kafkas_formatter_reads_the_offsets_that_groups_have_committed(
    shell: Shell, filled: str, committed: Callable[..., str]
) -> None:
    group = committed(filled, 3, 4)
    shown = formatted(shell, "OffsetsMessageFormatter")
    offsets = {
        record["key"]["data"]["partition"]: record["value"]["data"]["offset"]
        for record in shown
        if record["key"]["data"]["group"] == group
    }
    assert offsets == {0: 3, 1: 4}


@pytest.mark.cell(CONSUMER, "its options")
def test_kafkas_formatter_reads_the_groups_metadata(shell: Shell, filled: str, new_name: NewName) -> None:
    group = new_name()
    read(shell, filled, 20, "--group", group, "--from-beginning")
    shown = formatted(shell, "GroupMetadataMessageFormatter")
    own = [record["value"]["data"] for record in shown if record["key"]["data"]["group"] == group]
    clients = [member["clientId"] for value in own for member in value["members"]]
    assert set(clients) == {"console-consumer"}
    assert (own[-1]["protocolType"], own[-1]["members"]) == ("consumer", [])


@pytest.mark.cell(PRODUCER, "its errors")
def test_a_record_that_is_too_large_is_told(shell: Shell, made: Made) -> None:
    topic = made(max_message_bytes="1000")
    outcome = shell.run("console-producer", "--topic", topic, stdin=f"{'x' * 2000}\n")
    assert "RecordTooLargeException" in outcome.err
    produce(shell, topic, "small\n")
    assert read(shell, topic, 1, "--from-beginning") == ["small"]


@pytest.mark.cell(PRODUCER, "its errors")
def test_a_missing_key_is_told(shell: Shell, made: Made) -> None:
    compact = made(cleanup_policy="compact")
    refused = shell.run("console-producer", "--topic", compact, stdin="no key\n")
    assert "Compacted topic cannot accept message without key" in refused.err


@pytest.mark.cell(CONSUMER, "its errors")
def test_an_offset_that_is_not_there_and_an_empty_topic_are_told(shell: Shell, filled: str, made: Made) -> None:
    beyond = ("--partition", "0", "--offset", "99", "--command-property", "auto.offset.reset=none")
    outcome = shell.run("console-consumer", "--topic", filled, *beyond, "--timeout-ms", "5000")
    assert "OffsetOutOfRangeException" in outcome.err
    empty = shell.run("console-consumer", "--topic", made(), "--from-beginning", "--timeout-ms", "1500")
    assert (empty.status, empty.lines) == (0, [])
    assert "Processed a total of 0 messages" in empty.err


@pytest.mark.cell(CONSUMER, "what it is for")
def test_the_consumer_waits_for_what_comes(shell: Shell, made: Made) -> None:
    topic = made()
    with shell.beside("console-consumer", "--topic", topic, "--from-beginning") as consumer:
        produce(shell, topic, "first\n")
        assert consumer.stdout is not None
        assert consumer.stdout.readline() == "first\n"
        produce(shell, topic, "second\n")
        assert until(consumer.stdout.readline, "the second line") == "second\n"
