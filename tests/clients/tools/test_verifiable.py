"""kafka-verifiable-producer, kafka-verifiable-consumer and kafka-replica-verification, each in a process of its own."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.tools.shell import Outcome, Shell

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
PRODUCER, CONSUMER, REPLICAS = "kafka-verifiable-producer", "kafka-verifiable-consumer", "kafka-replica-verification"
Made = Callable[..., str]


def events(told: Outcome, name: str) -> list[dict[str, Any]]:
    found = (json.loads(line) for line in told.lines if line.startswith("{"))
    return [event for event in found if event["name"] == name]


@pytest.mark.cell(PRODUCER, "what it is for")
@pytest.mark.cell(CONSUMER, "what it is for")
@pytest.mark.cell(PRODUCER, "its options")
@pytest.mark.cell(CONSUMER, "its options")
def test_what_is_acknowledged_is_read_and_committed(shell: Shell, made: Made) -> None:
    topic = made(3)
    options = ("--max-messages", "500", "--acks", "-1", "--value-prefix", "7", "--repeating-keys", "10")
    produced = shell.alone("verifiable-producer", "--topic", topic, *options)
    sent = events(produced, "producer_send_success")
    assert sorted(event["value"] for event in sent) == sorted(f"7.{number}" for number in range(500))
    assert {event["key"] for event in sent} == {str(number) for number in range(10)}
    (summary,) = events(produced, "tool_data")
    assert (summary["sent"], summary["acked"]) == (500, 500)

    member = ("--group-id", f"verified-{topic}", "--group-instance-id", "constant", "--reset-policy", "earliest")
    strategy = ("--assignment-strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor")
    arguments = ("--topic", topic, *member, *strategy, "--max-messages", "500", "--verbose")
    consumed = shell.alone("verifiable-consumer", *arguments)
    read = {(event["partition"], event["offset"]) for event in events(consumed, "record_data")}
    assert read == {(event["partition"], event["offset"]) for event in sent}
    assigned = [place for event in events(consumed, "partitions_assigned") for place in event["partitions"]]
    assert sorted(place["partition"] for place in assigned) == [0, 1, 2]
    commits = events(consumed, "offsets_committed")
    assert commits
    assert all(event["success"] for event in commits)


@pytest.mark.cell(PRODUCER, "its errors")
def test_a_record_that_is_refused_is_told_and_not_counted(shell: Shell, made: Made) -> None:
    topic = made(max_message_bytes="60")
    produced = shell.alone("verifiable-producer", "--topic", topic, "--max-messages", "1", "--acks", "-1")
    (error,) = events(produced, "producer_send_error")
    assert (error["topic"], error["value"]) == (topic, "0")
    assert error["exception"].endswith(".RecordTooLargeException")
    (summary,) = events(produced, "tool_data")
    assert (summary["sent"], summary["acked"]) == (1, 0)


@pytest.mark.cell(CONSUMER, "its errors")
def test_a_group_that_has_no_offset_and_may_not_choose_one_ends(shell: Shell, made: Made) -> None:
    topic = made()
    arguments = ("--topic", topic, "--group-id", f"without-{topic}", "--reset-policy", "none", "--max-messages", "1")
    consumed = shell.alone("verifiable-consumer", *arguments)
    said = f"NoOffsetForPartitionException: Undefined offset with no reset policy for partitions: [{topic}-0]"
    assert said in consumed.err
    (assigned,), (revoked,) = events(consumed, "partitions_assigned"), events(consumed, "partitions_revoked")
    assert assigned["partitions"] == revoked["partitions"] == [{"topic": topic, "partition": 0}]
    assert not events(consumed, "records_consumed")


@pytest.mark.cell(REPLICAS, "what it is for")
@pytest.mark.cell(REPLICAS, "its options")
def test_replicas_that_are_alike_have_no_lag(shell: Shell, filled: str) -> None:
    arguments = ("--topics-include", filled, "--time", "-2", "--report-interval-ms", "500", "--max-wait-ms", "100")
    with shell.beside("replica-verification", *arguments) as tool:
        assert tool.stdout is not None
        told = [tool.stdout.readline() for _ in range(4)]
    assert "verification process is started" in told[0]
    for line in told[2:]:
        assert re.search(rf"max lag is 0 for partition {filled}-[01] at offset 10 among 2 partitions", line), told


@pytest.mark.cell(REPLICAS, "its errors")
@pytest.mark.parametrize(("included", "error"), [("no-such-.*", "No topics found"), ("[", "[ is an invalid regex")])
def test_nothing_to_verify_is_told(shell: Shell, filled: str, included: str, error: str) -> None:
    outcome = shell.alone("replica-verification", "--topics-include", included)
    assert outcome.status == 1
    assert error in outcome.err
