"""kafka-consumer-groups --reset-offsets, of groups that have read four and five records of two partitions with ten."""

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from tests.clients.tools.conftest import BEGAN_MS, DAY_S, MINUTE_MS
from tests.clients.tools.shell import Shell
from tests.clients.tools.tables import rows

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
RESETS = "kafka-consumer-groups --reset-offsets"
Committed = Callable[..., str]
Made = Callable[..., str]
Written = Callable[[str], str]

THIRD = datetime.fromtimestamp((BEGAN_MS + 2 * MINUTE_MS) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
AFTER_THE_LAST = datetime.fromtimestamp((BEGAN_MS + 60 * MINUTE_MS) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def reset(shell: Shell, group: str, *options: str) -> dict[tuple[str, int], int]:
    """Reset; where the tool says that the group is to go on, by topic and partition."""
    told = shell.done("consumer-groups", "--reset-offsets", "--group", group, *options)
    found = rows(told, "GROUP", "TOPIC", "PARTITION", "NEW-OFFSET")
    assert {row["GROUP"] for row in found} <= {group}
    return {(row["TOPIC"], int(row["PARTITION"])): int(row["NEW-OFFSET"]) for row in found}


def current(shell: Shell, group: str) -> dict[tuple[str, int], int]:
    """Where the group is, as it is described."""
    told = rows(shell.done("consumer-groups", "--describe", "--group", group), "GROUP", "TOPIC", "PARTITION")
    return {(row["TOPIC"], int(row["PARTITION"])): int(row["CURRENT-OFFSET"]) for row in told}


def cells(exported: Sequence[str]) -> list[list[str]]:
    """The rows of an exported plan in CSV."""
    return sorted(row for row in csv.reader(exported) if row)


@pytest.mark.cell(RESETS, "what it is for")
@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        (("--to-earliest",), 0, 0),
        (("--to-latest",), 10, 10),
        (("--to-offset", "7"), 7, 7),
        (("--to-offset", "99"), 10, 10),
        (("--shift-by", "2"), 6, 7),
        (("--shift-by", "-3"), 1, 2),
        (("--shift-by", "-9"), 0, 0),
        (("--by-duration", f"PT{DAY_S + 3600}S"), 0, 0),
        (("--by-duration", "PT1H"), 10, 10),
        (("--to-datetime", THIRD), 2, 2),
        (("--to-datetime", f"{THIRD}+01:00"), 0, 0),
        (("--to-datetime", AFTER_THE_LAST), 10, 10),
        (("--to-current",), 4, 5),
    ],
    ids=lambda value: "".join(value) if isinstance(value, tuple) else "",
)
def test_a_group_goes_where_it_is_sent(
    shell: Shell, filled: str, committed: Committed, options: tuple[str, ...], first: int, second: int
) -> None:
    group = committed(filled, 4, 5)
    wanted = {(filled, 0): first, (filled, 1): second}
    assert reset(shell, group, "--topic", filled, *options, "--execute") == wanted
    assert current(shell, group) == wanted


@pytest.mark.cell(RESETS, "its options")
def test_a_dry_run_changes_nothing(shell: Shell, filled: str, committed: Committed) -> None:
    group = committed(filled, 4, 5)
    planned = reset(shell, group, "--all-topics", "--to-earliest", "--dry-run")
    assert planned == {(filled, 0): 0, (filled, 1): 0}
    assert current(shell, group) == {(filled, 0): 4, (filled, 1): 5}


@pytest.mark.cell(RESETS, "its options")
def test_a_plan_is_exported_and_carried_out_from_its_file(
    shell: Shell, filled: str, committed: Committed, written: Written
) -> None:
    group, other = committed(filled, 4, 5), committed(filled, 1, 1)
    planned = ("--reset-offsets", "--group", group, "--all-topics", "--to-current", "--export")
    exported = shell.done("consumer-groups", *planned)
    assert cells(exported) == [[filled, "0", "4"], [filled, "1", "5"]]
    path = written("\n".join(exported))
    assert reset(shell, other, "--from-file", path, "--execute") == {(filled, 0): 4, (filled, 1): 5}
    assert current(shell, other) == {(filled, 0): 4, (filled, 1): 5}


@pytest.mark.cell(RESETS, "its options")
def test_several_groups_are_exported_and_carried_out_from_one_file(
    shell: Shell, filled: str, committed: Committed, written: Written
) -> None:
    groups = [committed(filled, 4, 5), committed(filled, 2, 3)]
    named = [argument for group in groups for argument in ("--group", group)]
    planned = ("--reset-offsets", *named, "--topic", filled, "--shift-by", "1", "--export")
    exported = shell.done("consumer-groups", *planned)
    shifted = {groups[0]: ("5", "6"), groups[1]: ("3", "4")}
    assert cells(exported) == sorted(
        [group, filled, str(partition), at] for group, ats in shifted.items() for partition, at in enumerate(ats)
    )
    path = written("\n".join(exported))
    # The tool prints a stack trace when it finds that the file is not of the older format, and goes on.
    assert shell.run("consumer-groups", "--reset-offsets", *named, "--from-file", path, "--execute").status == 0
    assert current(shell, groups[0]) == {(filled, 0): 5, (filled, 1): 6}
    assert current(shell, groups[1]) == {(filled, 0): 3, (filled, 1): 4}


@pytest.mark.cell(RESETS, "its options")
def test_one_partition_alone_is_reset(shell: Shell, filled: str, committed: Committed) -> None:
    group = committed(filled, 4, 5)
    assert reset(shell, group, "--topic", f"{filled}:1", "--to-earliest", "--execute") == {(filled, 1): 0}
    assert current(shell, group) == {(filled, 0): 4, (filled, 1): 0}


@pytest.mark.cell(RESETS, "its options")
def test_a_group_that_was_not_there_begins_where_it_is_sent(shell: Shell, filled: str, made: Made) -> None:
    group = f"new-{filled}"
    reset(shell, group, "--topic", filled, "--topic", made(), "--to-offset", "3", "--execute")
    assert {at for (topic, _), at in current(shell, group).items() if topic == filled} == {3}


@pytest.mark.cell(RESETS, "its errors")
def test_unknown_topics_and_partitions_are_told(shell: Shell, filled: str, committed: Committed) -> None:
    group = committed(filled, 4, 5)
    for topic in ("gone", f"{filled}:7"):
        options = ("--reset-offsets", "--group", group, "--topic", topic, "--to-earliest", "--execute")
        outcome = shell.run("consumer-groups", *options)
        assert "UnknownTopicOrPartition" in outcome.err or "does not exist" in outcome.out + outcome.err
    assert current(shell, group) == {(filled, 0): 4, (filled, 1): 5}
