"""Members of a group, polled side by side until they share what there is."""

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from tests.clients.driver import Driver, Part, Read
from tests.support.patience import until

Member = tuple[Driver, str]
PARTITIONS = 6


def _opened(_: Member) -> None:
    """Members that are open already."""


class Turns:
    """Polls each member in a thread of its own: some libraries wait within a poll until all members have joined.

    Some wait so already when they are opened, for members that join again only when they are polled: with `opening`
    each is opened in its thread.
    """

    def __init__(self, members: Sequence[Member], opening: Callable[[Member], None] = _opened) -> None:
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(len(members))
        self.owned: dict[Member, set[Part]] = {}
        self.read: dict[Member, list[Read]] = defaultdict(list)
        self._polling = [self._pool.submit(self._poll, member, opening) for member in members]

    def _poll(self, member: Member, opening: Callable[[Member], None]) -> None:
        opening(member)
        driver, name = member
        while not self._ended.is_set():
            self.read[member] += driver.poll(name, timeout_ms=500)
            self.owned[member] = driver.assignment(name)

    def until(self, holds: Callable[[], bool], what: str, timeout: float = 60) -> None:
        """Raises what a poll has raised."""

        def met() -> bool:
            for polling in self._polling:
                if polling.done():
                    polling.result()
            return holds()

        until(met, what, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the last polls too: the drivers are free again."""
        self._ended.set()
        self._pool.shutdown()


def wait_shared(
    topic: str,
    *members: Member,
    partitions: int = PARTITIONS,
    timeout: float = 60,
    opening: Callable[[Member], None] = _opened,
) -> list[set[Part]]:
    """Poll every member until each has its share and together they have all partitions; what each has."""
    every, share = {(topic, number) for number in range(partitions)}, partitions // len(members)
    with Turns(members, opening) as turns:

        def shared() -> bool:
            owned = list(turns.owned.values())
            fair = len(owned) == len(members) and all(len(one) == share for one in owned)
            return fair and set.union(*owned) == every

        turns.until(shared, f"{len(members)} members share {topic}", timeout)
    return [turns.owned[member] for member in members]
