"""The supervisor without processes: what it sends to the nursery and signals, as wishes and news come in."""

import asyncio
import signal
import time
from collections.abc import Callable

import pytest

from cluster.supervisor.nursery.wire import Exited, Preload, Spawn, Spawned
from cluster.supervisor.part import Part, State
from cluster.supervisor.supervisor import Supervisor
from cluster.supervisor.wishes import Desired, Wishes
from cluster.worker.vitals import Vitals

PID = 4_000_001


class World:
    """Records what a supervisor does; no process is ever touched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[str] = []
        self.signals: list[tuple[int, signal.Signals]] = []
        self.seen: list[tuple[str, State]] = []
        self.broker = Part(name="broker-1", title="broker 1", broker_id=1, spawn=spawn("broker-1", "worker"))
        self.valkey = Part(name="valkey", title="valkey", spawn=spawn("valkey", "program"))
        self.supervisor = Supervisor([self.valkey, self.broker], self._send, [self])
        self.wishes = Wishes(self.supervisor)
        self.vitals: Vitals | None = Vitals(cpu_s=1.0, rests=True)
        monkeypatch.setattr("os.kill", lambda pid, number: self.signals.append((pid, number)))
        monkeypatch.setattr(Vitals, "of", lambda pid: self.vitals)

    def _send(self, message: Preload | Spawn) -> None:
        assert isinstance(message, Spawn)
        self.sent.append(message.part)

    def changed(self, part: Part) -> None:
        if not self.seen or self.seen[-1] != (part.name, part.state):
            self.seen.append((part.name, part.state))

    def run_broker(self) -> None:
        self.supervisor.start(self.broker)
        self.supervisor.heard(Spawned(part="broker-1", pid=PID))
        self.supervisor.noticed(PID, {"READY": "1"})

    def end_broker(self, wait_status: int = 0) -> None:
        self.supervisor.heard(Exited(part="broker-1", pid=PID, wait_status=wait_status))


def spawn(part: str, recipe: str) -> Spawn:
    return Spawn(part=part, recipe=recipe, log="/dev/null")


def wish(running: bool = True, restarts: int = 0, kills: int = 0) -> list[Desired]:
    return [Desired(part="broker-1", running=running, restarts=restarts, kills=kills)]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


async def test_a_part_is_ready_when_it_says_so(world: World) -> None:
    world.run_broker()
    assert world.seen == [("broker-1", State.STARTING), ("broker-1", State.READY)]


async def test_news_of_a_process_that_is_nobodys_is_ignored(world: World) -> None:
    world.supervisor.start(world.broker)
    world.supervisor.noticed(PID, {"READY": "1"})
    assert world.broker.state is State.STARTING


async def test_a_broker_that_is_no_longer_wanted_is_stopped_in_good_order_and_stays_down(world: World) -> None:
    world.run_broker()
    world.wishes.follow(wish(running=False))
    assert world.signals == [(PID, signal.SIGTERM), (PID, signal.SIGCONT)]
    world.end_broker()
    assert world.broker.state is State.STOPPED


async def test_a_broker_that_is_wanted_again_is_started_again(world: World) -> None:
    world.run_broker()
    world.wishes.follow(wish(running=False))
    world.end_broker()
    world.wishes.follow(wish(running=True))
    assert world.sent == ["broker-1", "broker-1"]


async def test_wanted_again_while_it_still_stops_it_comes_back_after_its_end(world: World) -> None:
    world.run_broker()
    world.wishes.follow(wish(running=False))
    world.wishes.follow(wish(running=True))
    world.end_broker()
    await until(lambda: world.sent == ["broker-1", "broker-1"])


async def test_a_kill_request_kills_once(world: World) -> None:
    world.run_broker()
    world.wishes.follow(wish(kills=3))
    assert world.signals == []
    world.wishes.follow(wish(kills=4))
    world.wishes.follow(wish(kills=4))
    assert world.signals == [(PID, signal.SIGKILL)]


async def test_a_restart_request_stops_in_good_order_and_starts_at_once(world: World) -> None:
    world.run_broker()
    world.wishes.follow(wish(restarts=0))
    world.wishes.follow(wish(restarts=1))
    assert world.broker.state is State.STOPPING
    world.end_broker()
    await until(lambda: world.sent == ["broker-1", "broker-1"])
    assert world.broker.restarts == 1


async def test_a_part_that_dies_waits_before_it_is_started_again(world: World) -> None:
    world.run_broker()
    world.end_broker(wait_status=signal.SIGKILL)
    assert (world.broker.state, world.broker.delay_s) == (State.WAITING, 1.0)
    assert world.sent == ["broker-1"]
    await until(lambda: world.sent == ["broker-1", "broker-1"])


async def test_a_part_that_does_not_leave_is_killed_after_its_grace(world: World) -> None:
    world.broker.grace_s = 0.02
    world.run_broker()
    world.wishes.follow(wish(running=False))
    await until(lambda: (PID, signal.SIGKILL) in world.signals)


async def test_the_transport_of_tasks_goes_last(world: World) -> None:
    world.supervisor.start(world.valkey)
    world.supervisor.heard(Spawned(part="valkey", pid=PID + 1))
    world.run_broker()
    closing = asyncio.create_task(world.supervisor.close())
    await until(lambda: world.broker.state is State.STOPPING)
    assert world.valkey.state is State.STARTING
    world.end_broker()
    await until(lambda: world.valkey.state is State.STOPPING)
    world.supervisor.heard(Exited(part="valkey", pid=PID + 1, wait_status=0))
    await closing


async def test_while_everything_stops_no_wish_starts_anything(world: World) -> None:
    world.run_broker()
    closing = asyncio.create_task(world.supervisor.close())
    await until(lambda: world.broker.state is State.STOPPING)
    world.wishes.follow(wish(running=True))
    world.end_broker()
    await closing
    assert world.sent == ["broker-1"]


async def test_a_part_told_to_stop_before_it_has_a_process_is_stopped_when_it_gets_one(world: World) -> None:
    world.supervisor.start(world.broker)
    world.wishes.follow(wish(running=False))
    assert world.signals == []
    world.supervisor.heard(Spawned(part="broker-1", pid=PID))
    assert world.signals == [(PID, signal.SIGTERM)]


async def test_a_broker_that_shows_life_is_left_alone_and_one_that_does_not_is_killed(world: World) -> None:
    world.broker.watchdog_s = 0.2
    world.run_broker()
    for _ in range(5):
        await asyncio.sleep(0.08)
        world.supervisor.noticed(PID, {"WATCHDOG": "1"})
    assert world.signals == []
    await until(lambda: world.signals == [(PID, signal.SIGKILL)])
    world.end_broker(signal.SIGKILL)
    assert (world.broker.state, world.broker.says()) == (State.WAITING, "no sign of life for 0.2 s")


async def test_a_supervisor_that_slept_itself_holds_no_silence_against_a_broker(world: World) -> None:
    world.broker.watchdog_s = 0.2
    world.run_broker()
    time.sleep(0.6)  # noqa: ASYNC251 (the loop itself is to be late)
    await asyncio.sleep(0.05)
    assert world.signals == []
    await until(lambda: world.signals == [(PID, signal.SIGKILL)])


async def test_a_silent_broker_that_does_not_get_its_turn_is_left_alone(world: World) -> None:
    world.broker.watchdog_s, world.vitals = 0.2, Vitals(cpu_s=1.0, rests=False)
    world.run_broker()
    await asyncio.sleep(0.9)
    assert world.signals == []
    world.vitals = Vitals(cpu_s=1.0, rests=True)
    await until(lambda: world.signals == [(PID, signal.SIGKILL)])


async def test_a_silent_broker_that_is_gone_is_not_killed_as_well(world: World) -> None:
    world.broker.watchdog_s, world.vitals = 0.1, None
    world.run_broker()
    await asyncio.sleep(0.6)
    assert world.signals == []
