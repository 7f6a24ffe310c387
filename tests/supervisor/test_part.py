"""One supervised part: how it moves between its states, and when it is started again."""

import signal

import pytest

from cluster.supervisor.nursery.wire import Spawn
from cluster.supervisor.part import LONGEST_DELAY_S, LOOK_S, Part, State
from cluster.worker.exits import Ending, Exit
from cluster.worker.vitals import Vitals

KILLED = Exit.of(signal.SIGKILL)
CLEAN = Exit.of(0)
CRASHED = Exit.of(70 << 8)
REFUSED = Exit.of(78 << 8)


@pytest.fixture
def part() -> Part:
    return Part(name="broker-1", title="broker 1", spawn=Spawn(part="broker-1", recipe="worker", log="x.log"))


def fail_at_start(part: Part, now: float) -> float:
    part.starting(now)
    part.exited(CRASHED, now)
    return part.delay_s


def test_the_ways_to_end_are_told_apart() -> None:
    assert [one.ending for one in (CLEAN, KILLED, REFUSED, CRASHED)] == [
        Ending.CLEAN,
        Ending.KILLED,
        Ending.REFUSED,
        Ending.CRASHED,
    ]
    assert KILLED.detail == "killed by SIGKILL"


def test_a_part_that_keeps_failing_waits_ever_longer(part: Part) -> None:
    assert [fail_at_start(part, 100.0 + turn) for turn in range(7)] == [
        1,
        2,
        4,
        8,
        16,
        LONGEST_DELAY_S,
        LONGEST_DELAY_S,
    ]


def test_a_part_that_held_out_a_while_begins_with_the_short_wait_again(part: Part) -> None:
    for turn in range(4):
        fail_at_start(part, float(turn))
    part.starting(10.0)
    part.ready(11.0)
    part.exited(KILLED, 20.0)
    assert (part.state, part.delay_s, part.restarts) == (State.WAITING, 1.0, 5)


def test_a_part_that_is_not_wanted_stays_down(part: Part) -> None:
    part.starting(1.0)
    part.ready(2.0)
    part.wanted = False
    part.stopping(3.0)
    assert part.kill_at == 3.0 + part.grace_s
    part.exited(CLEAN, 4.0)
    assert (part.state, part.next_deadline, part.restarts) == (State.STOPPED, None, 0)


def test_a_part_stopped_to_be_restarted_begins_at_once(part: Part) -> None:
    part.starting(1.0)
    part.ready(2.0)
    part.stopping(3.0)
    part.exited(CLEAN, 4.0)
    assert (part.state, part.start_at) == (State.WAITING, 4.0)


def test_ready_after_it_was_told_to_stop_is_late_news(part: Part) -> None:
    part.starting(1.0)
    part.stopping(2.0)
    assert not part.ready(2.5)
    assert part.state is State.STOPPING


def test_an_impossible_move_is_a_bug(part: Part) -> None:
    with pytest.raises(AssertionError, match="no way from stopped to stopping"):
        part.stopping(1.0)


def test_what_a_part_said_of_itself_explains_its_end(part: Part) -> None:
    part.starting(1.0)
    part.reason = "port 9092 is in use"
    part.exited(REFUSED, 1.5)
    assert part.says() == "port 9092 is in use"
    part.starting(2.0)
    part.exited(KILLED, 3.0)
    assert part.says() == "killed by SIGKILL"


def test_a_part_without_a_watchdog_may_be_silent(part: Part) -> None:
    part.starting(1.0)
    part.ready(2.0)
    assert part.next_deadline is None


def test_a_part_with_a_watchdog_has_to_show_life_from_its_readiness_to_its_end(part: Part) -> None:
    part.watchdog_s = 4.0
    part.starting(1.0)
    part.alive(1.5)
    assert part.next_deadline is None
    part.ready(2.0)
    assert part.next_deadline == 6.0
    part.alive(3.0)
    assert part.next_deadline == 7.0
    part.stopping(4.0)
    part.alive(5.0)
    assert part.next_deadline == 4.0 + part.grace_s


def silent(part: Part) -> Part:
    part.watchdog_s = 4.0
    part.starting(1.0)
    part.ready(2.0)
    return part


def resting(cpu_s: float = 1.0) -> Vitals:
    return Vitals(cpu_s=cpu_s, rests=True)


def wanting(cpu_s: float = 1.0) -> Vitals:
    return Vitals(cpu_s=cpu_s, rests=False)


def test_a_part_that_fell_silent_says_so_until_it_is_started_again(part: Part) -> None:
    silent(part)
    assert not part.silent(6.0, resting())
    part.alive(6.1)
    assert not part.silent(10.1, resting())
    assert part.silent(10.4, resting())
    part.exited(KILLED, 10.5)
    assert (part.says(), part.delay_s) == ("no sign of life for 4 s", 1.0)
    part.starting(11.5)
    part.ready(12.0)
    part.exited(KILLED, 13.0)
    assert part.says() == "killed by SIGKILL"


def test_a_silent_part_that_waits_for_its_turn_is_left_alone_until_it_has_shown_that_it_hangs(part: Part) -> None:
    silent(part)
    looks = [wanting(1.0), wanting(1.0), resting(1.1), wanting(1.1), resting(1.2), resting(1.3)]
    for number, look in enumerate(looks):
        assert not part.silent(6.0 + number * LOOK_S, look)
        assert part.next_deadline == pytest.approx(6.0 + (number + 1) * LOOK_S)
    assert part.silent(9.0, resting(1.3))


def test_a_silent_part_that_computes_for_as_long_as_it_may_be_silent_hangs(part: Part) -> None:
    silent(part)
    assert not part.silent(6.0, wanting(1.0))
    assert not part.silent(9.0, wanting(4.9))
    assert part.silent(10.0, wanting(5.0))


def test_a_part_that_leaves_by_itself_owes_no_sign_of_life(part: Part) -> None:
    part.watchdog_s = 4.0
    part.starting(1.0)
    part.ready(2.0)
    part.leaves()
    part.alive(3.0)
    assert part.next_deadline is None
