"""Consumer groups: state, members, and how far each is behind."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from cluster.client.admin.groups import GroupMember
from dashboard.queries.paging import Place, cut
from dashboard.queries.sentences import Sentence, Tone, counted
from dashboard.watch.history import History
from dashboard.watch.observation import Group, Observation

SORTS = ("group", "state", "members", "topics", "lag", "coordinator")
TONES = {
    "Stable": "good",
    "PreparingRebalance": "warn",
    "CompletingRebalance": "warn",
    "Assigning": "warn",
    "Reconciling": "warn",
    "Empty": "",
    "Dead": "bad",
}
WORDS = {"PreparingRebalance": "preparing rebalance", "CompletingRebalance": "completing rebalance"}


def state_words(state: str) -> str:
    return WORDS.get(state, state.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    key: str
    state: str
    tone: str
    protocol: str
    members: int | None
    topics: int
    lag: int | None
    coordinator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupList:
    rows: tuple[GroupLine, ...]
    place: Place
    total: int | None
    query: str
    sort: str
    descending: bool


def group_list(seen: Observation, query: QueryDict, page: int) -> GroupList:
    words = query.get("q", "").strip()
    sort = query.get("sort", "group").removeprefix("-")
    sort = sort if sort in SORTS else "group"
    descending = query.get("sort", "").startswith("-")
    groups = (seen.groups or {}).values()
    lines = [_line(seen, group) for group in groups if words.casefold() in group.group_id.casefold()]
    lines.sort(key=lambda line: line.key)
    lines.sort(key=lambda line: _rank(line, sort), reverse=descending)
    place, shown = cut(lines, page)
    return GroupList(
        rows=tuple(shown),
        place=place,
        total=None if seen.groups is None else len(groups),
        query=words,
        sort=sort,
        descending=descending,
    )


def _rank(line: GroupLine, sort: str) -> int | str:
    value: int | str | None = line.key if sort == "group" else getattr(line, sort)
    return -1 if value is None else value


def _line(seen: Observation, group: Group) -> GroupLine:
    return GroupLine(
        key=group.group_id,
        state=state_words(group.state),
        tone=TONES.get(group.state, ""),
        protocol=group.type,
        members=len(group.members) if group.described else None,
        topics=len({topic for topic, _ in (*group.committed, *_assigned(group))}),
        lag=seen.lag(group) if group.committed else None,
        coordinator=group.coordinator,
    )


def _assigned(group: Group) -> list[tuple[str, int]]:
    return [key for member in group.members for key in member.assignment]


def sentence_of_list(seen: Observation) -> Sentence:
    if seen.groups is None:
        reason = seen.failures.get("groups", "no coordinator has answered so far")
        return Sentence(headline="Groups", detail=f"Not known: {reason}.", tone=Tone.WARN)
    groups = seen.groups.values()
    if not groups:
        return Sentence(headline="Groups", detail="No group has read or committed anything yet.")
    moving = sum(group.state in ("PreparingRebalance", "CompletingRebalance") for group in groups)
    lags = [(seen.lag(group) or 0, group.group_id) for group in groups]
    worst, name = max(lags)
    text = f"{counted(len(groups), 'group').capitalize()}."
    if moving:
        text += f" {counted(moving, 'group').capitalize()} rebalancing now."
    text += (
        f" The furthest behind is {name}, with {worst:,} records to read." if worst else " All have read everything."
    )
    return Sentence(headline="Groups", detail=text, tone=Tone.WARN if moving else Tone.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class LagLine:
    """A partition that the group reads or has read. `share` is its lag against the group's largest, in percent."""

    key: str
    topic: str
    partition: int
    member: str
    client: str
    host: str
    committed: int | None
    end: int | None
    lag: int | None
    share: int
    state: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LagTable:
    rows: tuple[LagLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    member_id: str
    instance_id: str
    client_id: str
    host: str
    assignment: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    state: str
    tone: str
    members: int | None
    protocol: str
    type: str
    coordinator: int
    partitions: int
    uncommitted: int
    lag: int | None
    lag_history: tuple[int, ...]


def lag_table(seen: Observation, group: Group) -> LagTable:
    owners: dict[tuple[str, int], GroupMember] = {key: member for member in group.members for key in member.assignment}
    keys = sorted({*group.committed, *owners})
    lags = {key: _lag(seen, group.committed, key) for key in keys}
    largest = max((lag or 0 for lag in lags.values()), default=0)
    rows = []
    for key in keys:
        topic, partition = key
        member, lag = owners.get((topic, partition)), lags[key]
        state, tone = _state(seen, group, key, lag, member is not None)
        committed, end = group.committed.get(key), (seen.ends or {}).get(key)
        rows.append(
            LagLine(
                key=f"{topic}-{partition}",
                topic=topic,
                partition=partition,
                member=member.member_id if member else "",
                client=member.client_id if member else "",
                host=member.host.removeprefix("/") if member else "",
                committed=committed,
                # The two are asked one after the other; nobody commits what is not in the log.
                end=None if end is None else max(end, committed or 0),
                lag=lag,
                share=round(100 * (lag or 0) / largest) if largest else 0,
                state=state,
                tone=tone,
            )
        )
    return LagTable(rows=tuple(rows))


def _lag(seen: Observation, committed: Mapping[tuple[str, int], int], key: tuple[str, int]) -> int | None:
    if key not in committed or seen.ends is None or key not in seen.ends:
        return None
    return max(0, seen.ends[key] - committed[key])


def _state(seen: Observation, group: Group, key: tuple[str, int], lag: int | None, owned: bool) -> tuple[str, str]:
    if seen.shape and key not in seen.shape.partitions:
        return "topic is gone", ""
    if key not in group.committed:
        return "nothing committed", ""
    if lag is None:
        return "unknown", ""
    if not owned and group.members:
        return "no member", "warn"
    if not owned:
        return ("nobody reads", "warn") if lag else ("read to the end", "")
    # Between two commits every reader is behind: that alone is no reason to worry.
    return ("behind", "") if lag else ("ok", "good")


def member_lines(group: Group) -> tuple[MemberLine, ...]:
    lines = []
    for member in sorted(group.members, key=lambda member: (member.client_id, member.member_id)):
        topics: dict[str, list[int]] = {}
        for topic, partition in member.assignment:
            topics.setdefault(topic, []).append(partition)
        lines.append(
            MemberLine(
                member_id=member.member_id,
                instance_id=member.instance_id or "",
                client_id=member.client_id,
                host=member.host.removeprefix("/"),
                assignment=tuple((topic, tuple(sorted(numbers))) for topic, numbers in sorted(topics.items())),
            )
        )
    return tuple(lines)


def group_figures(seen: Observation, history: History, group: Group) -> GroupFigures:
    return GroupFigures(
        state=state_words(group.state),
        tone=TONES.get(group.state, ""),
        members=len(group.members) if group.described else None,
        protocol=group.protocol,
        type=group.type,
        coordinator=group.coordinator,
        partitions=len({*group.committed, *_assigned(group)}),
        uncommitted=len({*_assigned(group)} - group.committed.keys()),
        lag=seen.lag(group) if group.committed else None,
        lag_history=tuple(history.lag.get(group.group_id, ())),
    )


def sentence_of(seen: Observation, history: History, group: Group, table: LagTable) -> Sentence:
    worst = max(table.rows, key=lambda row: row.lag or 0, default=None)
    readers = counted(len(group.members), "member")
    topics = len({row.topic for row in table.rows})
    reads = f"{readers} read{'s' if len(group.members) == 1 else ''} {counted(len(table.rows), 'partition')}"
    reads += f" of {counted(topics, 'topic')}"
    behind = (
        f" Worst is {worst.key}, {worst.lag:,} records behind{_trend(history, group)}." if worst and worst.lag else ""
    )
    if group.state in ("PreparingRebalance", "CompletingRebalance"):
        text = f"Rebalancing: nobody reads until its members have agreed.{behind}"
        return Sentence(headline=group.group_id, detail=text, tone=Tone.WARN)
    if not group.members:
        left = f" {seen.lag(group) or 0:,} records wait." if behind else " It had read everything."
        text = f"Nobody reads: the group has no member.{left if group.committed else ''}"
        return Sentence(headline=group.group_id, detail=text, tone=Tone.WARN if behind else Tone.PLAIN)
    if behind:
        return Sentence(headline=group.group_id, detail=f"Reads: {reads}.{behind}", tone=Tone.WARN)
    return Sentence(headline=group.group_id, detail=f"Keeps up: {reads}.", tone=Tone.GOOD)


def _trend(history: History, group: Group) -> str:
    points = list(history.lag.get(group.group_id, ()))[-12:]
    if len(points) < 4:
        return ""
    if points[-1] < points[0]:
        return " and draining"
    return " and growing" if points[-1] > points[0] else ""
