"""kafka-topics."""

import re
from collections.abc import Callable

import pytest

from tests.clients.tools.shell import Shell
from tests.clients.tools.tables import partitions
from tests.support.patience import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
TOPICS = "kafka-topics"
NewName = Callable[[], str]
Made = Callable[..., str]


@pytest.mark.cell(TOPICS, "what it is for")
def test_topics_are_created_listed_described_grown_and_deleted(shell: Shell, new_name: NewName) -> None:
    topic = new_name()
    sizes = ("--partitions", "3", "--replication-factor", "2", "--config", "retention.ms=5000")
    assert shell.done("topics", "--create", "--topic", topic, *sizes) == [f"Created topic {topic}."]
    assert topic in shell.done("topics", "--list")
    described = until(lambda: _described(shell, topic, 3), f"{topic} described")
    heading = (
        rf"Topic: {topic}\tTopicId: \S{{22}}\tPartitionCount: 3\tReplicationFactor: 2\t"
        r"Configs: \S*retention.ms=5000\S*"
    )
    assert re.fullmatch(heading, described[0])
    for line in partitions(described):
        assert line.leader == str(line.replicas[0])
        assert len(line.replicas) == len(line.isr) == 2
    assert shell.done("topics", "--alter", "--topic", topic, "--partitions", "5") == []
    until(lambda: _described(shell, topic, 5), "five partitions")
    assert shell.done("topics", "--delete", "--topic", topic) == []
    until(lambda: topic not in shell.done("topics", "--list"), f"{topic} gone")


def _described(shell: Shell, topic: str, count: int) -> list[str] | None:
    lines = shell.done("topics", "--describe", "--topic", topic)
    found = partitions(lines)
    return lines if len(found) == count and all(line.leader != "none" for line in found) else None


@pytest.mark.cell(TOPICS, "its options")
def test_replicas_are_assigned_by_hand(shell: Shell, new_name: NewName) -> None:
    topic = new_name()
    shell.done("topics", "--create", "--topic", topic, "--replica-assignment", "3:1,2:3")
    shell.done("topics", "--alter", "--topic", topic, "--partitions", "3", "--replica-assignment", "3:1,2:3,1:2")
    lines = partitions(until(lambda: _described(shell, topic, 3), "three partitions"))
    assert [line.replicas for line in lines] == [(3, 1), (2, 3), (1, 2)]


@pytest.mark.cell(TOPICS, "its options")
def test_topics_are_chosen_by_pattern_id_and_overrides(shell: Shell, made: Made) -> None:
    plain, special = made(), made(retention_ms="12345")
    pattern = f"{plain[:-2]}.*"
    assert shell.done("topics", "--list", "--topic", pattern) == sorted([plain, special])
    described = shell.done("topics", "--describe", "--topic", pattern)
    assert {line.topic for line in partitions(described)} == {plain, special}
    wanted = next(line for line in described if f"Topic: {special}\t" in line)
    topic_id = re.search(r"TopicId: (\S{22})", wanted)
    assert topic_id is not None
    by_id = shell.done("topics", "--describe", "--topic-id", topic_id[1])
    assert {line.topic for line in partitions(by_id)} == {special}
    overridden = shell.done("topics", "--describe", "--topics-with-overrides", "--topic", special)
    assert [line.split("\t")[0] for line in overridden] == [f"Topic: {special}"]
    assert partitions(overridden) == []


@pytest.mark.cell(TOPICS, "its options")
def test_internal_topics_are_told_and_left_out(shell: Shell, filled: str, committed: Callable[..., str]) -> None:
    committed(filled, 1, 1)
    assert "__consumer_offsets" in shell.done("topics", "--list")
    assert "__consumer_offsets" not in shell.done("topics", "--list", "--exclude-internal")
    described = shell.done("topics", "--describe", "--topic", "__consumer_offsets")
    assert "cleanup.policy=compact" in described[0]
    assert len(partitions(described)) == 5


@pytest.mark.cell(TOPICS, "its options")
def test_a_description_comes_in_pages(shell: Shell, made: Made) -> None:
    topics = [made(3), made(2)]
    pattern = f"{topics[0][:-2]}.*"
    described = shell.done("topics", "--describe", "--topic", pattern, "--partition-size-limit-per-response", "1")
    found = sorted((line.topic, line.partition) for line in partitions(described))
    assert found == [(topics[0], 0), (topics[0], 1), (topics[0], 2), (topics[1], 0), (topics[1], 1)]


@pytest.mark.cell(TOPICS, "its options")
def test_partitions_with_just_enough_replicas_are_found(shell: Shell, made: Made) -> None:
    tight, safe = made(min_insync_replicas="3"), made(min_insync_replicas="1")
    at_minimum = partitions(shell.done("topics", "--describe", "--at-min-isr-partitions"))
    assert tight in {line.topic for line in at_minimum}
    assert safe not in {line.topic for line in at_minimum}
    for option in ("--under-min-isr-partitions", "--under-replicated-partitions", "--unavailable-partitions"):
        assert shell.done("topics", "--describe", "--topic", tight, option) == []


@pytest.mark.cell(TOPICS, "its options")
def test_what_is_there_or_gone_already_is_no_error_when_told_so(shell: Shell, made: Made, new_name: NewName) -> None:
    topic = made()
    assert shell.done("topics", "--create", "--topic", topic, "--if-not-exists") == []
    gone = new_name()
    assert shell.done("topics", "--alter", "--topic", gone, "--partitions", "9", "--if-exists") == []
    assert shell.done("topics", "--describe", "--topic", gone, "--if-exists") == []
    assert shell.done("topics", "--delete", "--topic", gone, "--if-exists") == []


@pytest.mark.cell(TOPICS, "its errors")
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--create", "--topic", "TOPIC"), "Topic 'TOPIC' already exists."),
        (("--create", "--topic", "a b"), r"Topic name is invalid: 'a b' contains .* characters .*"),
        (("--create", "--topic", "x" * 250), r".*the length of '.*' is longer than the max allowed length 249"),
        (("--create", "--topic", "new", "--replication-factor", "9"), r"Unable to replicate .* 9 time\(s\): .*"),
        (("--create", "--topic", "new", "--replica-assignment", "1:9"), r".*[Bb]roker.*9.*"),
        (("--create", "--topic", "new", "--config", "retention.ms=soon"), r"Invalid value soon for configuration .*"),
        (("--alter", "--topic", "TOPIC", "--partitions", "1"), r"The topic TOPIC currently has 2 partition\(s\); .*"),
        (("--describe", "--topic", "gone"), r"Topic 'gone' does not exist as expected"),
        (("--describe", "--topic-id", "6FWZQDqPQtWlOtbqAXtiSg"), r"TopicId '\S+' does not exist as expected"),
        (("--delete", "--topic", "gone"), r"Topic 'gone' does not exist as expected"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)
def test_kafkas_errors_are_told(shell: Shell, made: Made, arguments: tuple[str, ...], error: str) -> None:
    topic = made(2)
    outcome = shell.run("topics", *(argument.replace("TOPIC", topic) for argument in arguments))
    assert outcome.status == 1
    told = outcome.lines[-1].removeprefix("Error while executing topic command : ")
    assert re.fullmatch(error.replace("TOPIC", topic), told), told
