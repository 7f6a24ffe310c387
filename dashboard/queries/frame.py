"""What surrounds every page: the cluster's name, the counts beside the navigation, freshness, trouble."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from dashboard.watch.observation import Observation

STALE_MS = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A place in the navigation. `count` is None where there is nothing to count, or it is not known."""

    title: str
    url_name: str
    count: int | None = None
    alert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    headline: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    cluster_name: str
    summary: str
    managed: bool
    bootstrap: str
    entries: tuple[Entry, ...]
    trouble: Trouble | None
    seen_at: datetime | None
    age_ms: int

    @property
    def freshness(self) -> str:
        """`live` or `stale`, as the mark beside the age says."""
        return "live" if self.seen_at and self.age_ms < STALE_MS else "stale"


def frame_of(seen: Observation) -> Frame:
    shape = seen.shape
    managed = bool(seen.nodes)
    known = len(shape.broker_ids) if shape else 0
    down = known - len(seen.alive)
    return Frame(
        cluster_name="local" if managed else settings.BOOTSTRAP_SERVERS[0].partition(":")[0],
        summary=f"{known} broker{'' if known == 1 else 's'} · {'managed' if managed else 'any Kafka'}",
        managed=managed,
        bootstrap=settings.BOOTSTRAP_SERVERS[0],
        entries=(
            Entry(title="Overview", url_name="overview"),
            Entry(title="Brokers", url_name="brokers", count=known if shape else None, alert=down > 0),
            Entry(
                title="Topics",
                url_name="topics",
                count=sum(not topic.internal for topic in shape.topics.values()) if shape else None,
                alert=bool(shape and shape.offline),
            ),
            Entry(title="Groups", url_name="groups", count=None if seen.groups is None else len(seen.groups)),
            Entry(title="Live tail", url_name="tail"),
        ),
        trouble=_trouble(seen),
        seen_at=seen.seen_at,
        age_ms=int((timezone.now() - seen.seen_at).total_seconds() * 1000) if seen.seen_at else 0,
    )


def _trouble(seen: Observation) -> Trouble | None:
    if not seen.unreachable:
        return _of_database(seen)
    since = f"What stands below is as of {seen.seen_at:%H:%M:%S} UTC." if seen.seen_at else "Nothing was seen so far."
    detail = f"{since} It is tried again all the time; this page recovers by itself. Last answer: {seen.unreachable}."
    return Trouble(headline="No broker answers.", detail=detail)


def _of_database(seen: Observation) -> Trouble | None:
    reason = seen.failures.get("nodes")
    if reason is None:
        return None
    known = "Who is to run here, throughput and the latest changes are as last seen; the rest is as it is now."
    waiting = "The cluster goes on as it is led; new leaders, topics and configurations wait for the database."
    return Trouble(headline="The database does not answer.", detail=f"{waiting} {known} Last answer: {reason}.")
