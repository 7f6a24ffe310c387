"""Sentences that say what is so, the worst first."""

from dataclasses import dataclass
from enum import StrEnum

from dashboard.watch.observation import Observation, Shape


class Tone(StrEnum):
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    PLAIN = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    headline: str
    detail: str
    tone: Tone = Tone.PLAIN


def counted(number: int, word: str, many: str = "") -> str:
    """3 brokers, 1 broker, no broker."""
    return f"{number or 'no'} {word}" if number < 2 else f"{number:,} {many or word + 's'}"


def listed(numbers: list[int]) -> str:
    """1, 2 and 3."""
    words = [str(number) for number in numbers]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def brokers(numbers: list[int]) -> str:
    """Broker 2, or Brokers 1 and 3."""
    return f"{'Broker' if len(numbers) == 1 else 'Brokers'} {listed(numbers)}"


def be(numbers: list[int]) -> str:
    return "is" if len(numbers) == 1 else "are"


def health_of(seen: Observation) -> Sentence:
    """The state of the cluster: its worst trouble as the headline, all of them in the detail."""
    shape = seen.shape
    if shape is None or seen.unreachable:
        return Sentence(headline="No broker answers", detail=_silence(seen), tone=Tone.BAD)
    details = [_brokers(seen, shape), _leaders(shape), _behind(seen, shape)]
    headline, tone = _worst(seen, shape)
    return Sentence(headline=headline, detail=" ".join(part for part in details if part), tone=tone)


def _silence(seen: Observation) -> str:
    stopped = [node for node in seen.nodes or () if not node.wanted]
    if seen.nodes and len(stopped) == len(seen.nodes):
        return "All brokers are stopped on purpose. Start one, and the cluster goes on where it was."
    if any(node.state in ("starting", "waiting") for node in seen.nodes or ()):
        return "Brokers are being started; the cluster goes on where it was as soon as one answers."
    return "What is shown is what was last seen. The cluster is asked again all the time."


def _worst(seen: Observation, shape: Shape) -> tuple[str, Tone]:
    down = sorted(set(shape.broker_ids) - seen.alive)
    refusing = shape.under_min_isr(seen.min_isr or {})
    behind = {broker for key in shape.under_replicated for broker in _missing(shape, key)} & seen.alive
    if shape.offline:
        return f"{counted(len(shape.offline), 'partition').capitalize()} without a leader", Tone.BAD
    if refusing:
        return f"{counted(len(refusing), 'partition').capitalize()} cannot take acks=all", Tone.BAD
    if down:
        stopped = {node.broker_id for node in seen.nodes or () if not node.wanted}
        return f"{brokers(down)} {'stopped' if stopped >= set(down) else 'down'}, everything is served", Tone.WARN
    if behind:
        return f"Healthy, {counted(len(behind), 'broker')} catching up", Tone.WARN
    if shape.under_replicated:
        return "Served, but short of replicas", Tone.WARN
    if not shape.topics:
        return "Healthy, and empty", Tone.GOOD
    return "Healthy", Tone.GOOD


def _missing(shape: Shape, key: tuple[str, int]) -> set[int]:
    partition = shape.partitions[key]
    return set(partition.replicas) - set(partition.isr)


def _brokers(seen: Observation, shape: Shape) -> str:
    down = set(shape.broker_ids) - seen.alive
    on_purpose = sorted(down & {node.broker_id for node in seen.nodes or () if not node.wanted})
    text = f"{len(seen.alive)} of {counted(len(shape.broker_ids), 'broker')} up."
    if on_purpose:
        text += f" {brokers(on_purpose)} {be(on_purpose)} stopped on purpose."
    return text


def _leaders(shape: Shape) -> str:
    total, offline = len(shape.partitions), len(shape.offline)
    if not total:
        return "There is no topic yet."
    if offline:
        return f"{total - offline:,} of {counted(total, 'partition')} can be read and written."
    return "The only partition has a leader." if total == 1 else f"All {total:,} partitions have a leader."


def _behind(seen: Observation, shape: Shape) -> str:
    count = len(shape.under_replicated)
    if not count:
        return ""
    waiting = any(_missing(shape, key) & seen.alive for key in shape.under_replicated)
    outlook = "catching up now" if waiting else "back in sync once their brokers return"
    return f"{counted(count, 'partition').capitalize()} {'has' if count == 1 else 'have'} a replica behind, {outlook}."
