"""From operations on configurations to the texts that hold afterwards."""

import logging

import pytest

from cluster.broker.configuration.alterations import Alteration, Operation, altered, check_alterations
from cluster.broker.configuration.loggers import check_logger_level, logger_levels, set_logger_level
from cluster.broker.configuration.resources import valid_topic
from cluster.log.config import TOPIC_CONFIGS
from cluster.protocol.errors import InvalidConfig, InvalidRequest, InvalidTopicException

POLICY = "cleanup.policy"


def outcome(current: dict[str, str], *alterations: Alteration) -> dict[str, str]:
    return altered(current, alterations, TOPIC_CONFIGS)


def test_set_and_delete() -> None:
    current = {"retention.ms": "1", "flush.ms": "2"}
    changed = outcome(
        current, Alteration("retention.ms", Operation.SET, "5"), Alteration("flush.ms", Operation.DELETE, None)
    )
    assert changed == {"retention.ms": "5"}
    assert current == {"retention.ms": "1", "flush.ms": "2"}


def test_what_is_appended_joins_the_default_when_nothing_was_set() -> None:
    assert outcome({}, Alteration(POLICY, Operation.APPEND, "compact")) == {POLICY: "delete,compact"}


def test_an_entry_is_not_appended_twice() -> None:
    assert outcome({POLICY: "compact"}, Alteration(POLICY, Operation.APPEND, "compact,delete")) == {
        POLICY: "compact,delete"
    }


def test_subtracting_leaves_the_rest() -> None:
    current = {POLICY: "compact,delete"}
    assert outcome(current, Alteration(POLICY, Operation.SUBTRACT, "compact")) == {POLICY: "delete"}
    assert outcome(current, Alteration(POLICY, Operation.SUBTRACT, "delete,compact")) == {POLICY: ""}


@pytest.mark.parametrize("name", ["retention.ms", "unheard.of"])
def test_only_lists_are_appended_to(name: str) -> None:
    with pytest.raises(InvalidConfig, match=f"Can't APPEND to key {name} because its type is not LIST"):
        outcome({}, Alteration(name, Operation.APPEND, "5"))


def test_a_value_has_a_greatest_length() -> None:
    with pytest.raises(InvalidConfig, match="cannot be longer than 32767 bytes"):
        outcome({}, Alteration("leader.replication.throttled.replicas", Operation.SET, "x" * 32768))


@pytest.mark.parametrize(
    ("alterations", "said"),
    [
        ([Alteration("a", Operation.SET, "1"), Alteration("a", Operation.DELETE, None)], "duplicate config keys"),
        ([Alteration("a", Operation.SET, None)], "Null value not supported for : a"),
        ([Alteration("a", 9, "1")], "Unknown operations type 9"),
    ],
)
def test_what_no_resource_takes(alterations: list[Alteration], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        check_alterations(alterations)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "the empty string is not allowed"),
        ("..", "'..' is not allowed"),
        ("x" * 250, "is longer than the max allowed length 249"),
        ("a b", "contains one or more characters other than ASCII alphanumerics"),
        ("naïve", "contains one or more characters other than ASCII alphanumerics"),
    ],
)
def test_a_topic_cannot_have_any_name(name: str, reason: str) -> None:
    with pytest.raises(InvalidTopicException, match=reason):
        valid_topic(name)
    assert valid_topic("a.b_c-9") == "a.b_c-9"


def test_loggers_have_levels_by_kafkas_names() -> None:
    name = "cluster.broker.a_logger_of_a_test"
    logging.getLogger(name)
    try:
        check_logger_level(name, "WARN")
        set_logger_level(name, "WARN")
        assert logging.getLogger(name).level == logging.WARNING
        assert logger_levels()[name] == "WARN"
        set_logger_level(name, None)
        assert logging.getLogger(name).level == logging.NOTSET
        assert logger_levels()[name] == logger_levels()["root"]
    finally:
        set_logger_level(name, None)


@pytest.mark.parametrize(
    ("name", "level", "said"),
    [
        ("nobody.here", "INFO", "Logger nobody.here does not exist!"),
        ("root", "LOUD", "Cannot set the log level of root to LOUD"),
        ("root", None, "Removing the log level of the root logger is not allowed"),
    ],
)
def test_a_logger_or_level_that_is_not_there_is_refused(name: str, level: str | None, said: str) -> None:
    with pytest.raises(InvalidConfig, match=said):
        check_logger_level(name, level)
