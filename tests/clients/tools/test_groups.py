"""kafka-consumer-groups: what groups are there, and what they do."""

import re
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.clients.tools.shell import Shell
from tests.clients.tools.tables import rows
from tests.support.patience import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
LISTED, DELETED = "kafka-consumer-groups --list, --describe", "kafka-consumer-groups --delete, --delete-offsets"
RESETS, OF_ALL_KINDS = "kafka-consumer-groups --reset-offsets", "kafka-groups"
Committed = Callable[..., str]
Made = Callable[..., str]
OFFSETS = ("GROUP", "TOPIC", "PARTITION")


@pytest.fixture(scope="module")
def member(shell: Shell) -> Iterator[tuple[str, str]]:
    """A group and the topic that its one member reads, in a process of its own, for all tests here."""
    topic, group = "read-by-a-member", "with-a-member"
    shell.done("topics", "--create", "--topic", topic, "--partitions", "2", "--if-not-exists")
    settings = ("client.id=reader", "group.instance.id=constant", "auto.commit.interval.ms=200")
    options = [argument for setting in settings for argument in ("--command-property", setting)]
    arguments = ("--topic", topic, "--group", group, "--from-beginning", *options)
    with shell.beside("console-consumer", *arguments) as consumer:
        shell.done("console-producer", "--topic", topic, stdin="one\ntwo\nthree\n")
        _lines(consumer, 3)
        until(lambda: _committed(shell, group) == 3, "the member has committed")
        yield group, topic


def _lines(process: subprocess.Popen[str], count: int) -> None:
    assert process.stdout is not None
    assert all(process.stdout.readline() for _ in range(count))


def _committed(shell: Shell, group: str) -> int:
    told = rows(shell.done("consumer-groups", "--describe", "--group", group), *OFFSETS)
    return sum(int(row["CURRENT-OFFSET"]) for row in told if row["CURRENT-OFFSET"] != "-")


@pytest.mark.cell(LISTED, "what it is for")
def test_groups_are_listed_with_states_and_types(
    shell: Shell, member: tuple[str, str], filled: str, committed: Committed
) -> None:
    active, idle = member[0], committed(filled, 1, 1)
    assert {active, idle} <= set(shell.done("consumer-groups", "--list"))
    states = {row["GROUP"]: row["STATE"] for row in rows(shell.done("consumer-groups", "--list", "--state"), "GROUP")}
    assert (states[active], states[idle]) == ("Stable", "Empty")
    types = rows(shell.done("consumer-groups", "--list", "--type"), "GROUP")
    assert {row["TYPE"] for row in types if row["GROUP"] in (active, idle)} == {"Classic"}


@pytest.mark.cell(LISTED, "its options")
@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--state", "Stable"), {"active"}),
        (("--state", "empty"), {"idle"}),
        (("--state", "empty,stable"), {"active", "idle"}),
        (("--state", "dead"), set()),
        (("--type", "classic"), {"active", "idle"}),
        (("--type", "consumer"), set()),
        (("--type", "classic", "--state", "stable"), {"active"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_groups_are_chosen_by_state_and_type(
    shell: Shell, member: tuple[str, str], filled: str, committed: Committed, options: tuple[str, ...], names: set[str]
) -> None:
    groups = {member[0]: "active", committed(filled, 1, 1): "idle"}
    listed = [row["GROUP"] for row in rows(shell.done("consumer-groups", "--list", *options), "GROUP")]
    assert {groups[name] for name in listed if name in groups} == names


@pytest.mark.cell(LISTED, "what it is for")
def test_offsets_and_lag_are_described_with_who_reads(shell: Shell, member: tuple[str, str]) -> None:
    group, topic = member
    for option in ((), ("--offsets",), ("--offsets", "--verbose")):
        told = rows(shell.done("consumer-groups", "--describe", "--group", group, *option), *OFFSETS)
        assert [(row["TOPIC"], row["PARTITION"]) for row in told] == [(topic, "0"), (topic, "1")]
        assert sum(int(row["LOG-END-OFFSET"]) for row in told) == 3
        assert {row["LAG"] for row in told} <= {"0", "-"}
        assert {(row["HOST"], row["CLIENT-ID"]) for row in told} == {("/127.0.0.1", "reader")}
        assert all(re.fullmatch(r"constant-[\w-]{36}", row["CONSUMER-ID"]) for row in told)


@pytest.mark.cell(LISTED, "what it is for")
def test_members_are_described_with_what_they_read(shell: Shell, member: tuple[str, str]) -> None:
    group, topic = member
    heading = ("GROUP", "CONSUMER-ID")
    (told,) = rows(shell.done("consumer-groups", "--describe", "--group", group, "--members"), *heading)
    assert (told["GROUP-INSTANCE-ID"], told["CLIENT-ID"], told["#PARTITIONS"]) == ("constant", "reader", "2")
    (verbose,) = rows(shell.done("consumer-groups", "--describe", "--group", group, "--members", "--verbose"), *heading)
    assert verbose["CURRENT-ASSIGNMENT"] == f"{topic}:0,1"


@pytest.mark.cell(LISTED, "what it is for")
def test_a_groups_state_is_described_with_its_coordinator(shell: Shell, member: tuple[str, str]) -> None:
    lines = shell.done("consumer-groups", "--describe", "--group", member[0], "--state")
    pattern = rf"{member[0]}\s+127\.0\.0\.1:\d+\s+\([123]\)\s+range\s+Stable\s+1\s*"
    assert any(re.fullmatch(pattern, line) for line in lines), lines
    lines = shell.done("consumer-groups", "--describe", "--group", member[0], "--state", "--verbose")
    assert any(re.fullmatch(rf"{member[0]}\s.*\srange\s+Stable\s.*\s1\s*", line) for line in lines), lines


@pytest.mark.cell(LISTED, "its options")
def test_all_groups_are_described_at_once(
    shell: Shell, member: tuple[str, str], filled: str, committed: Committed
) -> None:
    idle = committed(filled, 4, 5)
    lines = shell.done("consumer-groups", "--describe", "--all-groups", "--offsets")
    first = {line.split()[0] for line in lines if line}
    assert {member[0], idle} <= first
    (own,) = [line.split() for line in lines if line.startswith(f"{idle} ") and line.split()[2] == "1"]
    assert own[3:6] == ["5", "10", "5"]
    states = shell.done("consumer-groups", "--describe", "--all-groups", "--state")
    assert any(re.match(rf"{idle}\s.*\sEmpty\s+0", line) for line in states)


@pytest.mark.cell(OF_ALL_KINDS, "what it is for")
@pytest.mark.cell(OF_ALL_KINDS, "its options")
@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), {"active", "idle"}),
        (("--group-type", "classic"), {"active", "idle"}),
        (("--group-type", "consumer"), set()),
        (("--protocol", "consumer"), {"active"}),
        (("--consumer",), {"active", "idle"}),
        (("--share",), set()),
        (("--streams",), set()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_groups_of_all_kinds_are_listed(
    shell: Shell, member: tuple[str, str], filled: str, committed: Committed, options: tuple[str, ...], names: set[str]
) -> None:
    groups = {member[0]: "active", committed(filled, 1, 1): "idle"}
    lines = [line.split() for line in shell.done("groups", "--list", *options)]
    listed = {words[0]: words[1:] for words in lines if words and words[0] in groups}
    assert {groups[name] for name in listed} == names
    assert all(words == ["Classic", "consumer"] for name, words in listed.items() if groups[name] == "active")


@pytest.mark.cell(OF_ALL_KINDS, "its errors")
def test_a_kind_that_is_none_is_told(shell: Shell) -> None:
    outcome = shell.run("groups", "--list", "--group-type", "nonsense")
    assert outcome.status == 1
    assert "--group-type must be a valid group type" in outcome.out + outcome.err


@pytest.mark.cell(LISTED, "its errors")
@pytest.mark.parametrize("what", ["--offsets", "--members", "--state"])
def test_a_group_that_is_not_there_is_told(shell: Shell, what: str) -> None:
    outcome = shell.run("consumer-groups", "--describe", "--group", "nobody", what)
    assert "GroupIdNotFoundException: Group nobody not found." in outcome.out + outcome.err


@pytest.mark.cell(DELETED, "what it is for")
def test_groups_are_deleted(shell: Shell, filled: str, committed: Committed) -> None:
    groups = [committed(filled, 1, 1), committed(filled, 2, 2)]
    options = [argument for group in groups for argument in ("--group", group)]
    (told,) = shell.done("consumer-groups", "--delete", *options)
    assert "was successful" in told
    assert not set(groups) & set(shell.done("consumer-groups", "--list"))


@pytest.mark.cell(DELETED, "what it is for")
def test_offsets_are_deleted(shell: Shell, filled: str, committed: Committed) -> None:
    group = committed(filled, 4, 5)
    one = shell.done("consumer-groups", "--delete-offsets", "--group", group, "--topic", f"{filled}:0")
    assert rows(one, "TOPIC", "PARTITION") == [{"TOPIC": filled, "PARTITION": "0", "STATUS": "Successful"}]
    told = rows(shell.done("consumer-groups", "--describe", "--group", group), *OFFSETS)
    assert [(row["PARTITION"], row["CURRENT-OFFSET"]) for row in told] == [("1", "5")]


@pytest.mark.cell(DELETED, "its options")
def test_all_offsets_of_a_topic_are_deleted(shell: Shell, filled: str, made: Made, committed: Committed) -> None:
    group = committed(filled, 4, 5)
    told = rows(shell.done("consumer-groups", "--delete-offsets", "--group", group, "--topic", filled), "TOPIC")
    assert [(row["PARTITION"], row["STATUS"]) for row in told] == [("0", "Successful"), ("1", "Successful")]
    assert "unable to match" not in shell.run("consumer-groups", "--describe", "--group", group).err


@pytest.mark.cell(DELETED, "its errors")
def test_a_group_with_members_is_kept(shell: Shell, member: tuple[str, str]) -> None:
    group, topic = member
    outcome = shell.run("consumer-groups", "--delete", "--group", group)
    assert "GroupNotEmptyException" in outcome.out + outcome.err
    outcome = shell.run("consumer-groups", "--delete-offsets", "--group", group, "--topic", topic)
    assert "Encountered some partition-level error" in outcome.out
    assert "GroupSubscribedToTopicException" in outcome.out + outcome.err or "Not allowed" in outcome.out
    assert group in shell.done("consumer-groups", "--list")


@pytest.mark.cell(RESETS, "its errors")
def test_a_group_with_members_is_not_reset(shell: Shell, member: tuple[str, str]) -> None:
    group, topic = member
    options = ("--reset-offsets", "--group", group, "--topic", topic, "--to-earliest", "--execute")
    outcome = shell.run("consumer-groups", *options)
    assert f"'{group}' is inactive, but the current state is Stable" in outcome.out + outcome.err


@pytest.mark.cell(DELETED, "its errors")
def test_what_is_not_there_cannot_be_deleted(shell: Shell, filled: str, committed: Committed) -> None:
    outcome = shell.run("consumer-groups", "--delete", "--group", "nobody")
    assert "GroupIdNotFoundException" in outcome.out
    outcome = shell.run("consumer-groups", "--delete-offsets", "--group", "nobody", "--topic", filled)
    assert "The group id does not exist" in outcome.out + outcome.err
    outcome = shell.run("consumer-groups", "--delete-offsets", "--group", committed(filled, 1, 1), "--topic", "gone:0")
    assert "unknown" in (outcome.out + outcome.err).lower()
