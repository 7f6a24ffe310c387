"""Recordings are compared by what they say, not by when and where it was said."""

from typing import Any

from cluster.protocol.messages.metadata import MetadataResponse, MetadataResponseBroker, MetadataResponseTopic
from cluster.protocol.messages.produce import ProducerState
from cluster.protocol.primitives import Uuid
from cluster.protocol.records.build import NewRecord, build_batch
from tests.conformance.compare import BROKEN, Difference, differences, unasked
from tests.conformance.plain import Plain
from tests.conformance.recorder import Exchange

NOW_MS = 1_800_000_000_000


def told(answer: Any, *, label: str = "asked", version: int = 3) -> Exchange:
    return Exchange("scenario", label, "Metadata", version, answer)


def plain(base_port: int = 9092) -> Plain:
    return Plain(base_port, "r1-", lambda: NOW_MS)


def test_equal_answers_do_not_differ() -> None:
    assert differences([told({"error_code": "NONE"})], [told({"error_code": "NONE"})]) == []


def test_the_same_difference_in_several_versions_is_one() -> None:
    ours = [told({"a": 1, "b": 5}, version=version) for version in (1, 2)]
    apache = [told({"a": 2, "b": 5}, version=version) for version in (1, 2)]
    assert differences(ours, apache) == [Difference("scenario", "asked", "Metadata", "a", 1, 2, (1, 2))]


def test_structs_are_matched_by_what_identifies_them() -> None:
    ours = [told({"topics": [{"name": "a", "n": 1}, {"name": "c", "n": 3}]})]
    apache = [told({"topics": [{"name": "b", "n": 2}, {"name": "c", "n": 4}]})]
    fields = [difference.field for difference in differences(ours, apache)]
    assert fields == ["topics[a]", "topics[c].n", "topics[b]"]


def test_a_question_asked_twice_is_compared_twice() -> None:
    found = differences([told(1), told(2)], [told(1), told(3)])
    assert [(difference.ours, difference.apache) for difference in found] == [(2, 3)]


def test_what_only_one_was_asked_differs_unless_the_other_could_not_go_on() -> None:
    asked = told(1, label="later")
    assert len(differences([asked], [])) == 1
    assert [found.label for found in differences([asked], [told("broke", label=BROKEN)])] == [BROKEN]


def test_versions_without_a_question_are_named() -> None:
    assert "Metadata v3" not in unasked([told(1)])
    assert "Metadata v4" in unasked([told(1)])


def test_hosts_ids_and_the_order_of_topics_are_the_same_in_any_cluster() -> None:
    def answer(port: int, controller: int, *topics: tuple[str, bytes]) -> MetadataResponse:
        return MetadataResponse(
            cluster_id=f"cluster at {port}",
            controller_id=controller,
            brokers=[MetadataResponseBroker(node_id=1, host="127.0.0.1", port=port)],
            topics=[MetadataResponseTopic(name=name, topic_id=Uuid(topic_id)) for name, topic_id in topics],
        )

    one, other = plain(9092), plain(19092)
    for seen, salt in ((one, b"1"), (other, b"2")):
        for name in (b"a", b"b"):
            seen.knows(Uuid((name + salt) * 8), name.decode())
    first = one.value("", answer(9092, 1, ("a", b"a1" * 8), ("b", b"b1" * 8)))
    second = other.value("", answer(19092, 3, ("b", b"b2" * 8), ("a", b"a2" * 8)))
    assert first == second


def test_times_of_now_are_alike_and_others_are_not() -> None:
    def state(last_timestamp: int) -> Any:
        return plain().value("", ProducerState(producer_id=7, last_timestamp=last_timestamp))

    assert state(NOW_MS - 5) == state(NOW_MS + 500)
    assert state(NOW_MS - 5) != state(NOW_MS - 90_000_000)


def test_records_are_compared_by_their_batches() -> None:
    def shown(value: bytes) -> Any:
        return plain().value("records", memoryview(build_batch([NewRecord(b"k", value, 5)])))

    (batch,) = shown(b"one")
    assert (batch["base_offset"], batch["record_count"], batch["crc_valid"]) == (0, 1, True)
    assert shown(b"one") == shown(b"one")
    assert shown(b"one") != shown(b"two")
