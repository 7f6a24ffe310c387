"""kafka-get-offsets and kafka-delete-records."""

import json
from collections.abc import Callable

import pytest

from tests.clients.tools.conftest import BEGAN_MS, MINUTE_MS
from tests.clients.tools.shell import Shell

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
OFFSETS, DELETIONS = "kafka-get-offsets", "kafka-delete-records"
Made = Callable[..., str]
Written = Callable[[str], str]


def told(shell: Shell, *options: str) -> dict[str, int]:
    """`topic:partition` -> offset."""
    lines = shell.done("get-offsets", *options)
    return {place: int(offset) for place, _, offset in (line.rpartition(":") for line in lines)}


@pytest.mark.cell(OFFSETS, "what it is for")
def test_the_ends_of_a_topics_partitions_are_told(shell: Shell, filled: str) -> None:
    assert told(shell, "--topic", filled) == {f"{filled}:0": 10, f"{filled}:1": 10}


@pytest.mark.cell(OFFSETS, "its options")
@pytest.mark.parametrize(
    ("time", "offset"),
    [
        ("latest", 10),
        ("-1", 10),
        ("earliest", 0),
        ("-2", 0),
        ("max-timestamp", 9),
        ("-3", 9),
        ("earliest-local", 0),
        ("-4", 0),
        ("latest-tiered", None),
        ("-5", None),
        ("earliest-pending-upload", None),
        ("-6", None),
        (str(BEGAN_MS + 4 * MINUTE_MS), 4),
        (str(BEGAN_MS + 4 * MINUTE_MS + 1), 5),
        (str(BEGAN_MS + 3600_000), None),
        ("0", 0),
    ],
)
def test_offsets_are_told_at_any_time(shell: Shell, filled: str, time: str, offset: int | None) -> None:
    expected = {} if offset is None else {f"{filled}:0": offset, f"{filled}:1": offset}
    assert told(shell, "--topic", filled, "--time", time) == expected


@pytest.mark.cell(OFFSETS, "its options")
def test_partitions_are_chosen_by_numbers_and_patterns(shell: Shell, filled: str) -> None:
    assert told(shell, "--topic", filled, "--partitions", "1") == {f"{filled}:1": 10}
    assert told(shell, "--topic", f"{filled[:-1]}.") == {f"{filled}:0": 10, f"{filled}:1": 10}
    for pattern in (f"{filled}:1", f"{filled}:1-2", f"{filled}:1-", f"{filled[:-1]}.:1"):
        assert told(shell, "--topic-partitions", pattern) == {f"{filled}:1": 10}
    assert told(shell, "--topic-partitions", f"{filled}:0,{filled}:1") == {f"{filled}:0": 10, f"{filled}:1": 10}


@pytest.mark.cell(OFFSETS, "its options")
def test_internal_topics_are_left_out(shell: Shell, filled: str, committed: Callable[..., str]) -> None:
    committed(filled, 1, 1)
    assert {"__consumer_offsets:0", f"{filled}:0"} <= told(shell).keys()
    everything = told(shell, "--exclude-internal-topics")
    assert f"{filled}:0" in everything
    assert not any(place.startswith("__consumer_offsets") for place in everything)


@pytest.mark.cell(OFFSETS, "its errors")
def test_what_matches_nothing_is_told(shell: Shell, filled: str) -> None:
    for options in (("--topic", "gone"), ("--topic", filled, "--partitions", "9")):
        outcome = shell.run("get-offsets", *options)
        assert outcome.status == 1
        assert "Could not match any topic-partitions with the specified filters" in outcome.err


def plan(*places: tuple[str, int, int]) -> str:
    partitions = [{"topic": topic, "partition": partition, "offset": offset} for topic, partition, offset in places]
    return json.dumps({"version": 1, "partitions": partitions})


@pytest.mark.cell(DELETIONS, "what it is for")
def test_records_before_an_offset_are_deleted(shell: Shell, filled: str, written: Written) -> None:
    path = written(plan((filled, 0, 4), (filled, 1, -1)))
    lines = shell.done("delete-records", "--offset-json-file", path)
    assert {f"partition: {filled}-0\tlow_watermark: 4", f"partition: {filled}-1\tlow_watermark: 10"} <= set(lines)
    assert told(shell, "--topic", filled, "--time", "earliest") == {f"{filled}:0": 4, f"{filled}:1": 10}
    arguments = ("--topic", filled, "--from-beginning", "--max-messages", "6", "--timeout-ms", "10000")
    assert shell.done("console-consumer", *arguments) == [f"value-{2 * offset}" for offset in range(4, 10)]


@pytest.mark.cell(DELETIONS, "its options")
def test_what_is_deleted_already_stays_so(shell: Shell, filled: str, written: Written) -> None:
    for offset in (6, 2, 0):
        lines = shell.done("delete-records", "--offset-json-file", written(plan((filled, 0, offset))))
        assert f"partition: {filled}-0\tlow_watermark: 6" in lines


@pytest.mark.cell(DELETIONS, "its errors")
def test_records_that_are_not_there_cannot_be_deleted(shell: Shell, filled: str, made: Made, written: Written) -> None:
    def error(*place: tuple[str, int, int]) -> str:
        lines = shell.run("delete-records", "--offset-json-file", written(plan(*place))).lines
        return next(line for line in lines if line.startswith("partition: ") and "error" in line)

    assert "OffsetOutOfRangeException" in error((filled, 0, 11))
    compact = made(cleanup_policy="compact")
    assert "PolicyViolationException" in error((compact, 0, 0))
