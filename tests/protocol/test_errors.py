"""Error codes and their exceptions."""

from __future__ import annotations

import pytest
from kio.schema.errors import ErrorCode as OracleCode

from cluster.protocol import errors
from cluster.protocol.errors import (
    RETRIABLE,
    ErrorCode,
    KafkaError,
    NotLeaderOrFollower,
    ProtocolViolation,
    UnknownServerError,
    error_for,
)

CODES = [code for code in ErrorCode if code is not ErrorCode.NONE]


def test_numbers_and_names_are_those_of_kafka() -> None:
    ours = {code.value: code.name.lower() for code in ErrorCode}
    theirs = {code.value: code.name for code in OracleCode}
    assert {value: ours.get(value) for value in theirs} == theirs


def test_what_may_be_tried_again_is_what_kafka_says() -> None:
    assert {code.value for code in RETRIABLE if code.value in set(OracleCode)} == {
        code.value for code in OracleCode if code.retriable
    }


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_every_code_has_an_exception_of_its_name(code: ErrorCode) -> None:
    expected = getattr(errors, "".join(word.capitalize() for word in code.name.split("_")))
    error = error_for(code, "why")
    assert type(error) is expected
    assert isinstance(error, KafkaError)
    assert (error.code, error.message, str(error)) == (code, "why", "why")


def test_an_exception_without_a_message_reads_as_its_code() -> None:
    assert NotLeaderOrFollower().message is None
    assert str(NotLeaderOrFollower()) == "NOT_LEADER_OR_FOLLOWER"


def test_a_code_of_a_later_kafka_is_an_unknown_server_error() -> None:
    error = error_for(9999)
    assert isinstance(error, UnknownServerError)
    assert "9999" in str(error)


def test_success_is_no_error() -> None:
    with pytest.raises(ValueError, match="NONE"):
        error_for(ErrorCode.NONE)


def test_a_violation_of_the_protocol_is_not_answered_with_a_code() -> None:
    assert not issubclass(ProtocolViolation, KafkaError)
