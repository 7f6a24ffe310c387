"""What the tools tell of a broker that is away, and how they lead back to it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.clients.tools.shell import Shell
from tests.clients.tools.tables import PartitionLine, partitions
from tests.support.cluster import Cluster
from tests.support.patience import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
TOPICS, ELECTIONS, CLUSTER = "kafka-topics", "kafka-leader-election", "kafka-cluster"
PRODUCER = "kafka-console-producer"
AWAY = 3


@dataclass(frozen=True, slots=True)
class Left:
    """Topics of one partition each whose first replica is the broker that is away."""

    led_again: str
    """By another replica, with as many in sync as it needs."""
    under_minimum: str
    leaderless: str


@pytest.fixture(scope="module")
def left(brokers: Cluster, shell: Shell) -> Iterator[Left]:
    topics = Left("led-again", "under-minimum", "leaderless")
    for topic, replicas, minimum in ((topics.led_again, "3:1:2", 2), (topics.under_minimum, "3:1:2", 3)):
        configs = ("--config", f"min.insync.replicas={minimum}")
        shell.done("topics", "--create", "--topic", topic, "--replica-assignment", replicas, *configs)
    shell.done("topics", "--create", "--topic", topics.leaderless, "--replica-assignment", "3")
    until(lambda: leader(shell, topics.led_again) == str(AWAY), "it leads before it goes")
    brokers.stop(AWAY)
    until(lambda: leader(shell, topics.led_again) == "1", "another leads")
    yield topics
    # The last test has it back; without that one it comes here.
    if _state(shell) == "fenced":
        brokers.start(AWAY)


def described(shell: Shell, *options: str) -> list[PartitionLine]:
    return partitions(shell.done("topics", "--describe", *options))


def leader(shell: Shell, topic: str) -> str:
    return next((line.leader for line in described(shell, "--topic", topic)), "")


def _state(shell: Shell) -> str:
    lines = shell.done("cluster", "list-endpoints", "--include-fenced-brokers")
    return next(words[4] for words in map(str.split, lines) if words[0] == str(AWAY))


@pytest.mark.cell(TOPICS, "its options")
@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("--under-replicated-partitions", {"led_again", "under_minimum", "leaderless"}),
        ("--under-min-isr-partitions", {"under_minimum", "leaderless"}),
        ("--at-min-isr-partitions", {"led_again"}),
        ("--unavailable-partitions", {"leaderless"}),
    ],
)
def test_partitions_in_need_are_found(shell: Shell, left: Left, option: str, names: set[str]) -> None:
    topics = {left.led_again: "led_again", left.under_minimum: "under_minimum", left.leaderless: "leaderless"}
    found = {topics[line.topic] for line in described(shell, option) if line.topic in topics}
    assert found == names


@pytest.mark.cell(TOPICS, "its options")
def test_a_partition_without_a_leader_is_described(shell: Shell, left: Left) -> None:
    (line,) = described(shell, "--topic", left.leaderless)
    assert (line.leader, line.replicas, line.isr) == ("none", (AWAY,), ())


@pytest.mark.cell(PRODUCER, "its errors")
def test_too_few_replicas_in_sync_are_told(shell: Shell, left: Left) -> None:
    patience = ("--command-property", "delivery.timeout.ms=2000", "--request-timeout-ms", "1000")
    refused = shell.run("console-producer", "--topic", left.under_minimum, *patience, stdin="x\n")
    assert "NotEnoughReplicasException" in refused.err
    taken = shell.run("console-producer", "--topic", left.led_again, *patience, stdin="x\n")
    assert "ERROR" not in taken.err


@pytest.mark.cell(CLUSTER, "its options")
def test_a_broker_that_is_away_is_told_as_fenced(shell: Shell, left: Left) -> None:
    assert _state(shell) == "fenced"
    assert [line.split()[0] for line in shell.done("cluster", "list-endpoints")[1:]] == ["1", "2"]


@pytest.mark.cell(ELECTIONS, "its errors")
@pytest.mark.parametrize(
    ("kind", "error"),
    [("preferred", "PreferredLeaderNotAvailableException"), ("unclean", "EligibleLeadersNotAvailableException")],
)
def test_nobody_is_elected_who_is_not_there(shell: Shell, left: Left, kind: str, error: str) -> None:
    topic = left.led_again if kind == "preferred" else left.leaderless
    outcome = shell.run("leader-election", "--election-type", kind, "--topic", topic, "--partition", "0")
    assert outcome.status == 1
    assert error in outcome.out


@pytest.mark.cell(ELECTIONS, "what it is for")
def test_the_preferred_leader_is_elected_once_it_is_back(
    brokers: Cluster, shell: Shell, left: Left, written: Callable[[str], str]
) -> None:
    brokers.start(AWAY)
    until(lambda: _state(shell) == "unfenced", "it is back", 60)
    until(lambda: leader(shell, left.leaderless) == str(AWAY), "it leads what nobody else could")

    def in_sync() -> bool:
        lines = [*described(shell, "--topic", left.led_again), *described(shell, "--topic", left.under_minimum)]
        return all(len(line.isr) == 3 for line in lines)

    until(in_sync, "it is in sync", 60)
    path = written(json.dumps({"partitions": [{"topic": left.led_again, "partition": 0}]}))
    printed = shell.done("leader-election", "--election-type", "preferred", "--path-to-json-file", path)
    assert printed == [f"Successfully completed leader election (PREFERRED) for partitions {left.led_again}-0"]
    until(lambda: leader(shell, left.led_again) == str(AWAY), "it leads again")
    shell.done("leader-election", "--election-type", "preferred", "--all-topic-partitions")
    until(lambda: leader(shell, left.under_minimum) == str(AWAY), "it leads all again")
