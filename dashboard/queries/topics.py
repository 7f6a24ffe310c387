"""Topics as a list: search, order, pages."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from cluster.client.admin.descriptions import Topic
from dashboard.queries.paging import Place, cut
from dashboard.queries.sentences import Sentence, Tone, counted
from dashboard.watch.history import History
from dashboard.watch.observation import Observation

SORTS = ("name", "partitions", "replication", "records", "size", "rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLine:
    """A topic in the list. Figures are None while they are not known; `size_bytes` counts every replica."""

    key: str
    internal: bool
    partitions: int
    replication_factor: int
    offline: int
    under_replicated: int
    records: int | None
    size_bytes: int | None
    records_per_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicList:
    """`total` topics exist: without the internal ones, unless those are shown."""

    rows: tuple[TopicLine, ...]
    place: Place
    total: int
    query: str
    internal: bool
    sort: str
    descending: bool


def topic_list(seen: Observation, history: History, query: QueryDict, page: int) -> TopicList:
    words, internal = query.get("q", "").strip(), query.get("internal") == "1"
    sort = query.get("sort", "name").removeprefix("-")
    sort = sort if sort in SORTS else "name"
    descending = query.get("sort", "").startswith("-")
    topics = [topic for topic in seen.shape.topics.values() if internal or not topic.internal] if seen.shape else []
    found = [topic for topic in topics if words.casefold() in topic.name.casefold()]
    figures = Figures(seen, history)
    found.sort(key=lambda topic: topic.name)
    found.sort(key=lambda topic: figures.rank(topic, sort), reverse=descending)
    place, shown = cut(found, page)
    return TopicList(
        rows=tuple(figures.line(topic) for topic in shown),
        place=place,
        total=len(topics),
        query=words,
        internal=internal,
        sort=sort,
        descending=descending,
    )


class Figures:
    """The figures of topics, summed from those of partitions once for all topics of a list."""

    def __init__(self, seen: Observation, history: History) -> None:
        shape = seen.shape
        self._rates = history.topic_rates
        self._records = _by_topic(_spans(seen)) if seen.ends is not None and seen.starts is not None else None
        self._sizes = None
        if seen.sizes is not None:
            self._sizes = _by_topic([(topic, size) for (_, topic, _), size in seen.sizes.items()])
        self._offline = _by_topic([(topic, 1) for topic, _ in shape.offline]) if shape else {}
        self._under = _by_topic([(topic, 1) for topic, _ in shape.under_replicated]) if shape else {}

    def line(self, topic: Topic) -> TopicLine:
        name = topic.name
        return TopicLine(
            key=name,
            internal=topic.internal,
            partitions=len(topic.partitions),
            replication_factor=replication_factor(topic),
            offline=self._offline.get(name, 0),
            under_replicated=self._under.get(name, 0),
            records=None if self._records is None else self._records.get(name, 0),
            size_bytes=None if self._sizes is None else self._sizes.get(name, 0),
            records_per_s=None if self._rates is None else self._rates.get(name, 0.0),
        )

    def rank(self, topic: Topic, sort: str) -> float | str:
        match sort:
            case "partitions":
                return len(topic.partitions)
            case "replication":
                return replication_factor(topic)
            case "records":
                return (self._records or {}).get(topic.name, 0)
            case "size":
                return (self._sizes or {}).get(topic.name, 0)
            case "rate":
                return (self._rates or {}).get(topic.name, 0.0)
            case _:
                return topic.name


def replication_factor(topic: Topic) -> int:
    return max((len(partition.replicas) for partition in topic.partitions), default=0)


def _spans(seen: Observation) -> list[tuple[str, int]]:
    starts = seen.starts or {}
    return [(topic, end - starts.get((topic, index), end)) for (topic, index), end in (seen.ends or {}).items()]


def _by_topic(pairs: list[tuple[str, int]]) -> Mapping[str, int]:
    sums: dict[str, int] = {}
    for topic, number in pairs:
        sums[topic] = sums.get(topic, 0) + number
    return sums


def sentence_of_list(seen: Observation) -> Sentence:
    shape = seen.shape
    if shape is None:
        return Sentence(headline="Topics", detail="Not seen yet: no broker has answered so far.", tone=Tone.BAD)
    own = {topic.name: topic for topic in shape.topics.values() if not topic.internal}
    offline = len({topic for topic, _ in shape.offline} & own.keys())
    behind = len({topic for topic, _ in shape.under_replicated} & own.keys())
    partitions = sum(len(topic.partitions) for topic in own.values())
    size = f"{counted(len(own), 'topic')} with {counted(partitions, 'partition')}".capitalize()
    if offline:
        text = f"{size}; {counted(offline, 'topic')} not to be used in full, as a partition has no leader."
        return Sentence(headline="Topics", detail=text, tone=Tone.BAD)
    if behind:
        text = f"{size}; {counted(behind, 'topic')} short of in-sync replicas."
        return Sentence(headline="Topics", detail=text, tone=Tone.WARN)
    text = f"{size}, all replicas in sync." if own else "There is no topic yet."
    return Sentence(headline="Topics", detail=text, tone=Tone.GOOD)
