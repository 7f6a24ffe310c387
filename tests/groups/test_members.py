"""The roster of a group."""

import pytest

from cluster.groups.effects import Caller, Waiter
from cluster.groups.members import Member, Roster, subscribed_topics
from tests.groups.bench.members import subscription


def _member(name: str, *protocols: str, instance: str | None = None, waiter: Waiter | None = None) -> Member:
    return Member(
        member_id=name,
        instance_id=instance,
        client_id="client",
        client_host="/127.0.0.1",
        rebalance_timeout_ms=60_000,
        session_timeout_ms=10_000,
        protocols=tuple((protocol, b"") for protocol in protocols or ("range",)),
        joining=waiter,
    )


def _waiter() -> Waiter:
    return Waiter(token=0, request=None, caller=Caller(api_version=9))


def _roster(*members: Member) -> Roster:
    roster = Roster()
    for member in members:
        roster.add(member)
    return roster


def test_the_first_member_leads_and_the_next_one_after_it():
    roster = _roster(_member("a"), _member("b"))
    assert roster.leader_id == "a"
    roster.remove("a")
    assert roster.leader_id == "b"
    roster.remove("b")
    assert roster.leader_id is None


def test_the_protocol_with_most_votes_among_those_that_all_support_wins():
    roster = _roster(
        _member("a", "sticky", "range", "roundrobin"),
        _member("b", "range", "roundrobin"),
        _member("c", "roundrobin", "range"),
    )
    assert roster.select_protocol() == "range"
    assert roster.supports_any(["sticky", "range"])
    assert not roster.supports_any(["sticky"])


def test_a_tie_is_decided_by_the_eldest_member():
    roster = _roster(_member("a", "range", "roundrobin"), _member("b", "roundrobin", "range"))
    assert roster.select_protocol() == "range"


def test_a_protocol_named_twice_counts_once():
    roster = _roster(_member("a", "range", "range"), _member("b", "range"))
    assert roster.select_protocol() == "range"
    roster.remove("b")
    roster.remove("a")
    assert not roster.supports_any(["range"]) or not roster.members


def test_an_update_changes_what_is_supported():
    roster = _roster(_member("a", "range"), _member("b", "range"))
    roster.update(roster.members["a"], (("sticky", b""), ("range", b"new")), 1, 2)
    assert roster.members["a"].metadata("range") == b"new"
    assert not roster.supports_any(["sticky"])
    roster.remove("b")
    assert roster.supports_any(["sticky"])


def test_all_have_joined_when_no_member_and_no_given_id_is_missing():
    roster = _roster(_member("a"), _member("b"))
    assert not roster.all_joined
    assert roster.park_join(roster.members["a"], _waiter()) is None
    roster.park_join(roster.members["b"], _waiter())
    assert roster.all_joined
    roster.pending_joins["c"] = None
    assert not roster.all_joined
    roster.add(_member("c", waiter=_waiter()))
    assert roster.all_joined
    roster.release_join(roster.members["c"])
    assert not roster.all_joined


def test_a_second_join_of_a_member_takes_the_place_of_the_first():
    roster = _roster(_member("a"))
    first, second = _waiter(), _waiter()
    roster.park_join(roster.members["a"], first)
    assert roster.park_join(roster.members["a"], second) is first
    assert roster.joined == 1


def test_a_leader_that_has_not_rejoined_gives_way_to_one_that_has():
    roster = _roster(_member("a", instance="i"), _member("b"))
    assert not roster.elect_joined_leader()
    roster.park_join(roster.members["b"], _waiter())
    assert roster.elect_joined_leader()
    assert roster.leader_id == "b"


def test_a_replaced_static_member_keeps_assignment_and_leadership():
    leader = _member("a", instance="i", waiter=_waiter())
    leader.assignment = b"mine"
    roster = _roster(leader, _member("b"))
    old, new = roster.replace_static("a", "a2")
    assert (old.member_id, old.joining is not None) == ("a", True)
    assert (new.member_id, new.assignment, new.joining) == ("a2", b"mine", None)
    assert roster.leader_id == "a2"
    assert roster.static_ids == {"i": "a2"}
    assert roster.joined == 0


def test_the_longest_rebalance_timeout_counts():
    patient = _member("b")
    patient.rebalance_timeout_ms = 90_000
    assert _roster(_member("a"), patient).rebalance_timeout_ms == 90_000
    assert Roster().rebalance_timeout_ms == 0


@pytest.mark.parametrize("topics", [(), ("orders",), ("orders", "größe")])
def test_the_topics_of_a_subscription_are_read(topics: tuple[str, ...]):
    assert subscribed_topics(subscription(*topics)) == topics


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut off"),
        (b"\0", "cut off"),
        (subscription("orders")[:9], "runs over"),
        (b"\0\0\0\0\0\1\xff\xff", "runs over"),
        (b"\0\0\x7f\xff\xff\xff", "cut off"),
        (b"\0\0\0\0\0\1\0\1\xff", "utf-8"),
    ],
)
def test_a_malformed_subscription_is_refused(data: bytes, why: str):
    with pytest.raises(ValueError, match=why):
        subscribed_topics(data)
