"""What the observer remembers of the last minutes: moved leaders, changes, records per second, sums of lag."""

import time
from collections import deque
from collections.abc import Callable, Mapping

from django.utils import timezone

from dashboard.watch.changes import Change, tell
from dashboard.watch.differences import changes_between, moved_leaders
from dashboard.watch.observation import Observation, PartitionKey, Shape

RING_S = 6.0
POINTS = 120
CHANGES = 40
RATE_WINDOW_S = 5.0


class History:
    """Learns from each new observation. Times are of the monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._moved: dict[PartitionKey, float] = {}
        self._ends: deque[tuple[float, Mapping[PartitionKey, int]]] = deque()
        self.topic_rates: Mapping[str, float] | None = None
        self.records_in: deque[float] = deque(maxlen=POINTS)
        self.total_lag: deque[int] = deque(maxlen=POINTS)
        self.lag: dict[str, deque[int]] = {}
        self.changes: deque[Change] = deque(maxlen=CHANGES)

    @property
    def records_per_s(self) -> float | None:
        return None if self.topic_rates is None else sum(self.topic_rates.values())

    def moved_recently(self) -> frozenset[PartitionKey]:
        """Partitions that got another leader within the last seconds."""
        since = self._clock() - RING_S
        self._moved = {key: at for key, at in self._moved.items() if at >= since}
        return frozenset(self._moved)

    def learn(self, before: Observation, after: Observation, name: str) -> None:
        """Take in the reading `name` that turned one observation into the next."""
        if name == "shape" and before.shape and after.shape and before.shape is not after.shape:
            self._learn_shape(before.shape, after.shape)
        if name == "ends" and after.ends is not None and "ends" not in after.failures:
            self._learn_ends(after.ends)
        if name == "groups" and after.groups is not None and after.ends is not None:
            self._learn_lag(after)

    def _learn_shape(self, before: Shape, after: Shape) -> None:
        at = self._clock()
        self._moved.update({key: at for key, _, _ in moved_leaders(before, after)})
        for change in changes_between(before, after, timezone.now()):
            tell(self.changes, change)

    def _learn_ends(self, ends: Mapping[PartitionKey, int]) -> None:
        at = self._clock()
        if self._ends and at - self._ends[-1][0] > 2 * RATE_WINDOW_S:
            # Nobody looked for a while: a rate over the gap would be true, but a line through it would not.
            self._ends.clear()
            self.records_in.clear()
        self._ends.append((at, ends))
        while len(self._ends) > 2 and at - self._ends[1][0] >= RATE_WINDOW_S:
            self._ends.popleft()
        then, earlier = self._ends[0]
        if at - then < 0.5:
            return
        rates: dict[str, float] = {}
        for key, end in ends.items():
            grown = max(0, end - earlier.get(key, end))
            rates[key[0]] = rates.get(key[0], 0.0) + grown / (at - then)
        self.topic_rates = rates
        self.records_in.append(sum(rates.values()))

    def _learn_lag(self, observation: Observation) -> None:
        groups = observation.groups or {}
        self.total_lag.append(sum(observation.lag(group) or 0 for group in groups.values()))
        self.lag = {name: points for name, points in self.lag.items() if name in groups}
        for name, group in groups.items():
            lag = observation.lag(group)
            if lag is not None and group.committed:
                self.lag.setdefault(name, deque(maxlen=POINTS)).append(lag)
