"""Something that happened to a cluster, as a sentence."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

NO_LEADER = -1
ONE_STORY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    `subject` is what it is about, `what` the rest of the sentence; a topic's name makes the subject a link. A `tally`
    (words and a number of partitions) lets neighbours be told as one.
    """

    at: datetime
    subject: str
    what: str
    detail: str = ""
    topic: str = ""
    tally: tuple[str, int] | None = None


def tell(told: deque[Change], change: Change) -> None:
    """Add a change as the newest; what goes on in small steps is told as one."""
    last = told[0] if told else None
    if last and last.tally and change.tally and _one_story(last, change):
        told.popleft()
        words, count = change.tally[0], last.tally[1] + change.tally[1]
        change = replace(change, what=f"{words} on {partitions(count)}", tally=(words, count))
    told.appendleft(change)


def _one_story(last: Change, change: Change) -> bool:
    if not last.tally or not change.tally or change.at - last.at > ONE_STORY:
        return False
    return last.subject == change.subject and last.tally[0] == change.tally[0]


def moved(lost: Counter[int], gained: Counter[int], at: datetime) -> Iterator[Change]:
    """Leadership that went from some brokers to others."""
    if orphans := gained.pop(NO_LEADER, 0):
        yield Change(
            at=at, subject=partitions(orphans), what="lost its leader" if orphans == 1 else "lost their leaders"
        )
    if gained:
        places = ", ".join(f"{count:,} to broker {broker}" for broker, count in sorted(gained.items()))
        gave = ", ".join(f"broker {broker}" for broker in sorted(lost) if broker != NO_LEADER)
        what = f"moved from {gave}" if gave else "was taken up again"
        yield Change(at=at, subject=f"Leadership of {partitions(gained.total())}", what=what, detail=places)


def in_sync(fell: Counter[int], caught_up: Counter[int], at: datetime) -> Iterator[Change]:
    """Replicas that left the in-sync sets, or came back."""
    for broker, count in sorted(fell.items()):
        yield _synced(at, broker, "is out of sync", count)
    for broker, count in sorted(caught_up.items()):
        yield _synced(at, broker, "is in sync again", count)


def _synced(at: datetime, broker: int, words: str, count: int) -> Change:
    return Change(at=at, subject=f"Broker {broker}", what=f"{words} on {partitions(count)}", tally=(words, count))


def partitions(count: int) -> str:
    return "1 partition" if count == 1 else f"{count:,} partitions"
