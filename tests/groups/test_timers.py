"""Deadlines by key."""

import random

from cluster.groups.effects import Instant
from cluster.groups.timers import Timers


def _fire_all(timers: Timers, now_ms: int) -> None:
    while (action := timers.pop_due(now_ms)) is not None:
        action(Instant(ms=now_ms, wall_ms=0))


def test_the_earliest_deadline_is_next_and_fires_first():
    timers, fired = Timers(), []
    timers.schedule("late", 30, lambda _: fired.append("late"))
    timers.schedule("early", 10, lambda _: fired.append("early"))
    assert timers.next_deadline() == 10
    _fire_all(timers, 9)
    assert fired == []
    _fire_all(timers, 40)
    assert fired == ["early", "late"]
    assert timers.next_deadline() is None


def test_a_deadline_can_move_later_and_earlier():
    timers, fired = Timers(), []
    timers.schedule("one", 10, lambda _: fired.append("first"))
    timers.schedule("one", 50, lambda _: fired.append("second"))
    assert timers.next_deadline() == 50
    timers.schedule("one", 20, lambda _: fired.append("third"))
    assert timers.next_deadline() == 20
    _fire_all(timers, 100)
    assert fired == ["third"]


def test_a_cancelled_deadline_does_not_fire_and_its_key_can_be_used_again():
    timers, fired = Timers(), []
    timers.schedule("one", 10, lambda _: fired.append("cancelled"))
    timers.cancel("one")
    timers.cancel("never scheduled")
    assert timers.next_deadline() is None
    timers.schedule("one", 30, lambda _: fired.append("again"))
    _fire_all(timers, 30)
    assert fired == ["again"]


def test_deadlines_of_the_same_instant_fire_in_the_order_of_their_scheduling():
    timers, fired = Timers(), []
    for name in "abc":
        timers.schedule(name, 5, lambda _, name=name: fired.append(name))
    _fire_all(timers, 5)
    assert fired == ["a", "b", "c"]


def test_an_action_may_schedule_its_own_key_again():
    timers, fired = Timers(), []

    def again(now: Instant) -> None:
        fired.append(now.ms)
        timers.schedule("tick", now.ms + 10, again)

    timers.schedule("tick", 10, again)
    for now_ms in (10, 20, 30):
        _fire_all(timers, now_ms)
    assert fired == [10, 20, 30]


def test_heartbeats_do_not_grow_the_heap():
    timers = Timers()
    for now_ms in range(10_000):
        timers.schedule("member", now_ms + 45_000, lambda _: None)
    assert len(timers._heap) == 1
    assert timers.next_deadline() == 9_999 + 45_000


def test_timers_agree_with_a_plain_table_of_deadlines():
    draw = random.Random(7)
    timers, table, fired = Timers(), {}, []
    for now_ms in range(2_000):
        key = draw.randrange(12)
        if draw.random() < 0.3:
            timers.cancel(key)
            table.pop(key, None)
        else:
            table[key] = now_ms + draw.randrange(60)
            timers.schedule(key, table[key], lambda _, key=key: fired.append(key))
        assert timers.next_deadline() == min(table.values(), default=None)
        _fire_all(timers, now_ms)
        due = {key for key, deadline in table.items() if deadline <= now_ms}
        assert set(fired) == due
        assert len(fired) == len(due)
        fired.clear()
        table = {key: deadline for key, deadline in table.items() if key not in due}
