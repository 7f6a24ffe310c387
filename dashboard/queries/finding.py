"""What a few letters may mean: topics, groups and brokers whose name contains them."""

from dataclasses import dataclass

from dashboard.watch.observation import Observation

SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    kind: str
    name: str
    url_name: str
    argument: str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    items: tuple[Hit, ...]
    total: int


def find(seen: Observation, words: str) -> Hits:
    """Names that begin with the words come first."""
    wanted = words.casefold()
    hits = [
        *(Hit(kind="broker", name=f"broker {b}", url_name="broker", argument=b) for b in _brokers(seen)),
        *(Hit(kind="topic", name=name, url_name="topic", argument=name) for name in _topics(seen)),
        *(Hit(kind="group", name=name, url_name="group", argument=name) for name in seen.groups or ()),
    ]
    found = [hit for hit in hits if wanted and wanted in hit.name.casefold()]
    found.sort(key=lambda hit: (not hit.name.casefold().startswith(wanted), hit.name))
    return Hits(items=tuple(found[:SHOWN]), total=len(found))


def _brokers(seen: Observation) -> tuple[int, ...]:
    return seen.shape.broker_ids if seen.shape else ()


def _topics(seen: Observation) -> tuple[str, ...]:
    return tuple(seen.shape.topics) if seen.shape else ()
