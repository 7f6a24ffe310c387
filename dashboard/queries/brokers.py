"""Brokers: who is up, what each leads and holds, and how evenly."""

from collections import Counter
from dataclasses import dataclass

from dashboard.queries.sentences import Sentence, Tone, be, brokers, counted
from dashboard.watch.nodes import Node
from dashboard.watch.observation import Observation, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLine:
    """A broker. `node` is None where it is not ours to start and stop; skews are percent above or below the mean."""

    key: int
    up: bool
    state: str
    tone: str
    host: str
    port: int | None
    rack: str
    controller: bool
    leaders: int
    leader_skew: float | None
    replicas: int
    replica_skew: float | None
    in_sync: int
    size_bytes: int | None
    offline_directories: tuple[str, ...]
    node: Node | None

    @property
    def unhappy_end(self) -> str:
        """How it ended last, when that was not in good order."""
        unhappy = self.node and self.node.last_exit not in ("", "clean")
        return (self.node.last_exit_detail or self.node.last_exit) if self.node and unhappy else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerTable:
    rows: tuple[BrokerLine, ...]
    managed: bool


def broker_table(seen: Observation) -> BrokerTable:
    """Every broker that is alive, that a partition counts on, or that is managed here."""
    nodes = {node.broker_id: node for node in seen.nodes or ()}
    shape = seen.shape or Shape(cluster_id="", controller_id=None, brokers={}, topics={})
    ids = sorted({*shape.broker_ids, *nodes})
    tally = _Tally(seen, shape)
    return BrokerTable(
        rows=tuple(_line(seen, shape, broker, nodes.get(broker), tally) for broker in ids), managed=bool(nodes)
    )


class _Tally:
    """What the brokers lead, hold and keep in sync, counted once for all of them."""

    def __init__(self, seen: Observation, shape: Shape) -> None:
        partitions = shape.partitions.values()
        self.leaders = Counter(each.leader for each in partitions if each.leader in seen.alive)
        self.replicas = Counter(broker for each in partitions for broker in each.replicas)
        self.in_sync = Counter(broker for each in partitions for broker in each.isr if broker in seen.alive)
        self.sizes: Counter[int] = Counter()
        for (broker, _, _), size in (seen.sizes or {}).items():
            self.sizes[broker] += size


def _line(seen: Observation, shape: Shape, broker: int, node: Node | None, tally: _Tally) -> BrokerLine:
    listed_as = shape.brokers.get(broker)
    up = broker in seen.alive
    offline = (seen.offline_directories or {}).get(broker, ()) if up else ()
    state, tone = state_of(up, node, tally.replicas[broker] - tally.in_sync[broker])
    if offline:
        state, tone = "disk offline", "bad"
    return BrokerLine(
        key=broker,
        up=up,
        state=state,
        tone=tone,
        host=listed_as.host if listed_as else "",
        port=listed_as.port if listed_as else None,
        rack=(listed_as.rack or "") if listed_as else "",
        controller=up and broker == shape.controller_id,
        leaders=tally.leaders[broker],
        leader_skew=_skew(tally.leaders, broker, len(seen.alive)) if up else None,
        replicas=tally.replicas[broker],
        replica_skew=_skew(tally.replicas, broker, len(shape.broker_ids)),
        in_sync=tally.in_sync[broker],
        offline_directories=offline,
        size_bytes=tally.sizes[broker] if seen.sizes is not None and (up or broker in tally.sizes) else None,
        node=node,
    )


def state_of(up: bool, node: Node | None, behind: int) -> tuple[str, str]:
    """What a broker is doing, and the tone of the chip that says so."""
    if up and node and node.state == "stopping":
        return "shutting down", "warn"
    if up:
        return ("catching up", "warn") if behind > 0 else ("up", "good")
    if node is None:
        return "down", "bad"
    if not node.wanted:
        return "stopped", ""
    match node.state:
        case "starting" | "running":
            return "starting", "warn"
        case "waiting":
            return "starts again soon", "warn"
        case _:
            return "down", "bad"


def _skew(counts: Counter[int], broker: int, brokers: int) -> float | None:
    total = sum(counts.values())
    return None if not total or brokers < 2 else 100 * (counts[broker] * brokers / total - 1)


def sentence_of_list(seen: Observation, table: BrokerTable) -> Sentence:
    up = [row.key for row in table.rows if row.up]
    stopped = [row.key for row in table.rows if row.state == "stopped"]
    down = [row.key for row in table.rows if not row.up and row.state != "stopped"]
    behind = [row.key for row in table.rows if row.state == "catching up"]
    broken = [row.key for row in table.rows if row.offline_directories]
    controller = next((row.key for row in table.rows if row.controller), None)
    text = f"{len(up)} of {counted(len(table.rows), 'broker')} up."
    for numbers, word in (
        (down, "not up"),
        (stopped, "stopped on purpose"),
        (broken, "short of a log directory"),
        (behind, "catching up"),
    ):
        if numbers:
            text += f" {brokers(numbers)} {be(numbers)} {word}."
    if controller is not None:
        text += f" Broker {controller} is the controller."
    tone = Tone.BAD if down or broken or not up else Tone.WARN if stopped or behind else Tone.GOOD
    return Sentence(headline="Brokers", detail=text, tone=tone)


def sentence_of(row: BrokerLine) -> Sentence:
    headline = f"Broker {row.key}"
    if row.up and row.state == "up":
        text = f"Up: leads {counted(row.leaders, 'partition')} and holds {counted(row.replicas, 'replica')}"
        text += ", all in sync." if row.replicas else "."
        return Sentence(headline=headline, detail=text, tone=Tone.GOOD)
    if row.offline_directories:
        where = ", ".join(row.offline_directories)
        text = f"Up, but without {where}: that log directory is offline (KAFKA_STORAGE_ERROR)."
        text += f" {row.replicas - row.in_sync:,} of {counted(row.replicas, 'replica')} not in sync."
        return Sentence(headline=headline, detail=text, tone=Tone.BAD)
    if row.up:
        behind = row.replicas - row.in_sync
        text = f"{row.state.capitalize()}: {behind:,} of {counted(row.replicas, 'replica')} not in sync yet."
        return Sentence(headline=headline, detail=text, tone=Tone.WARN)
    text = f"{row.state.capitalize()}."
    if row.unhappy_end:
        text += f" It ended so: {row.unhappy_end}."
    text += f" Its {counted(row.replicas, 'replica')} wait for it; other brokers lead what they can."
    return Sentence(headline=headline, detail=text, tone=Tone.PLAIN if row.state == "stopped" else Tone.BAD)
