"""How the console writes figures, times and records: formatting only, nothing is computed here."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now

from streams.json_text import TokenKind, indented, on_one_line
from streams.payload import Kind, Payload

register = template.Library()

UNKNOWN = "—"
GOLDEN_STEP = 31
ONE_LINE = 240
HEX_COLUMNS = 16

DURATIONS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000))
TIME_UNITS_MS = {"ms": 1, "seconds": 1_000, "minutes": 60_000, "hours": 3_600_000}
BINARY_SIZES = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))
LARGEST_INT, LARGEST_LONG = 2**31 - 1, 2**63 - 1
# What says how often or when something is done is then never done; what says how much or how long has then no limit.
EVENTS = frozenset({"flush", "interval", "roll", "delay"})
LIMITS = frozenset({"max", "retention", "limit", "rate"})
MEASURES = frozenset({"bytes", *TIME_UNITS_MS})


@register.filter
def count(value: int | None) -> str:
    """12418 as 12,418; what is not known as a dash."""
    return UNKNOWN if value is None else f"{value:,}"


@register.filter
def compact(value: float | None) -> str:
    """12418 as 12.4 k, 0.2 as 0.2, for places with little room."""
    if value is None:
        return UNKNOWN
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if abs(value) >= limit:
            return f"{value / (1e3 if unit == ' k' else limit):.1f}{unit}"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _size(value: float) -> tuple[str, str]:
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000:
            return (f"{value:.0f}" if unit == "B" or value >= 100 else f"{value:.1f}"), unit
        value /= 1000
    return f"{value:.1f}", "TB"


@register.filter
def size(value: float | None) -> str:
    """4123456789 as 4.1 GB."""
    return UNKNOWN if value is None else " ".join(_size(value))


@register.filter
def big_size(value: float | None) -> SafeString | str:
    """A size for a figure: the number large, its unit small."""
    return UNKNOWN if value is None else format_html("{} <small>{}</small>", *_size(value))


@register.filter
def big_size_rate(value: float | None) -> SafeString | str:
    """Bytes per second for a figure."""
    return UNKNOWN if value is None else format_html("{} <small>{}/s</small>", *_size(value))


@register.filter
def duration(seconds: float | None) -> str:
    """0.31 as 0.3 s, 754 as 12 min, 90000 as 25 h."""
    if seconds is None:
        return UNKNOWN
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, divisor, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


@register.filter
def ago(moment: datetime | None) -> str:
    """How long before now, in words."""
    return UNKNOWN if moment is None else f"{duration(max(0.0, (now() - moment).total_seconds()))} ago"


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A time of day in UTC; the day, the milliseconds and the age on hover."""
    if value is None:
        return UNKNOWN
    utc = value.astimezone(UTC)
    title = f"{utc:%Y-%m-%d %H:%M:%S}.{utc.microsecond // 1000:03d} UTC, {ago(value)}"
    return format_html('<time datetime="{}" title="{}">{}</time>', utc.isoformat(), title, f"{utc:%H:%M:%S}")


@register.filter
def clock(value: datetime | None) -> SafeString | str:
    """A time of day in UTC to the millisecond; day and age on hover."""
    if value is None:
        return UNKNOWN
    utc = value.astimezone(UTC)
    text = f"{utc:%H:%M:%S}.{utc.microsecond // 1000:03d}"
    title = f"{utc:%Y-%m-%d}, {ago(value)}"
    return format_html('<time datetime="{}" title="{}">{}</time>', utc.isoformat(), title, text)


@register.filter
def day_and_time(value: datetime | None) -> SafeString | str:
    """A full timestamp in UTC with milliseconds; its age on hover."""
    if value is None:
        return UNKNOWN
    utc = value.astimezone(UTC)
    text = f"{utc:%Y-%m-%d %H:%M:%S}.{utc.microsecond // 1000:03d}"
    return format_html('<time datetime="{}" title="{}">{} UTC</time>', utc.isoformat(), ago(value), text)


@register.filter
def in_words(value: str | None, name: str) -> str:
    """
    What a configuration's raw value stands for, by the unit in its name: `"604800000"|in_words:"retention.ms"` is
    7 days. Empty where the value says it all, or its unit is not known.
    """
    number, words = _number(value or ""), frozenset(name.split("."))
    if number is None:
        return ""
    counted = number == LARGEST_INT and words & LIMITS and not words & MEASURES
    if counted or number >= LARGEST_LONG:
        return "never" if words & EVENTS or name == "segment.ms" else "unlimited"
    return _special_in_words(number, name, words) if number < 0 else _amount_in_words(number, name, words)


def _number(text: str) -> float | None:
    try:
        return int(text) if text.removeprefix("-").isdecimal() else float(text) if text[:1].isdecimal() else None
    except ValueError:
        return None


def _special_in_words(number: float, name: str, words: frozenset[str]) -> str:
    """Kafka's own meanings of -1 and -2."""
    if number == -2 and "local" in words:
        return f"as {name.replace('local.', '')}"
    if number == -1 and "socket" in words:
        return "as the system has it"
    return "unlimited" if number == -1 and words & LIMITS and words & MEASURES else ""


def _amount_in_words(number: float, name: str, words: frozenset[str]) -> str:
    last = name.rpartition(".")[2]
    if last in TIME_UNITS_MS:
        return _time_in_words(round(number * TIME_UNITS_MS[last]), TIME_UNITS_MS[last])
    if name.endswith((".throttled.rate", ".bytes.per.second")):
        text = _size_in_words(number)
        return text and f"{text}/s"
    return _size_in_words(number) if "bytes" in words or name.endswith(".buffer.size") else ""


def _time_in_words(ms: int, written_in_ms: int) -> str:
    """7 days, 1 hour 30 minutes, ≈ 24 days 21 hours; nothing where the unit that it is written in is as good."""
    index = next((index for index, (_, unit) in enumerate(DURATIONS) if unit <= ms), len(DURATIONS))
    if index == len(DURATIONS) or DURATIONS[index][1] <= written_in_ms:
        return ""
    (word, unit), *finer = DURATIONS[index : index + 2]
    if not finer:
        return f"{ms / unit:.4g} second{'' if ms == unit else 's'}"
    fine_word, fine = finer[0]
    whole, rest = divmod(round(ms / fine), unit // fine)
    text = plural(whole, word) + (f" {plural(rest, fine_word)}" if rest else "")
    return text if ms % fine == 0 else f"≈ {text}"


def _size_in_words(number: float) -> str:
    """1 GiB, 1.5 MiB, ≈ 977 KiB: what is not just so is said to be near; nothing below 1 KiB."""
    for unit, unit_bytes in BINARY_SIZES:
        if number >= unit_bytes:
            text = f"{number / unit_bytes:.1f}".removesuffix(".0")
            return f"{text} {unit}" if float(text) * unit_bytes == number else f"≈ {text} {unit}"
    return ""


@register.filter
def hue(partition: int) -> int:
    """A colour for a partition's number, far from its neighbours'."""
    return partition * GOLDEN_STEP % 360


@register.filter
def plural(number: int | None, word: str) -> str:
    """`3|plural:"broker"` is 3 brokers; irregular words are given as singular,plural."""
    singular, _, many = word.partition(",")
    return f"{count(number)} {singular if number == 1 else many or singular + 's'}"


ROLES = {
    "leader": "leader",
    "replica": "in sync",
    "behind": "catching up",
    "offline": "offline",
    "absent": "no replica",
}


@register.filter
def role(kind: str) -> str:
    """What a cell of the replica map stands for, in words."""
    return ROLES[kind]


@register.filter
def payload(value: Payload) -> SafeString:
    """Bytes on one line of a table, cut where a line ends anyway."""
    if value.kind in (Kind.NULL, Kind.EMPTY):
        return _absent(value)
    if value.kind is Kind.JSON:
        return format_html('<span class="json">{}</span>', _marked(on_one_line(value.text), ONE_LINE))
    text = value.text[:ONE_LINE]
    return format_html("{}{}", " ".join(text.split("\n")), "…" if len(value.text) > ONE_LINE or value.truncated else "")


@register.filter
def payload_block(value: Payload) -> SafeString:
    """Bytes for reading: JSON indented, hex in lines with its characters beside it."""
    if value.kind in (Kind.NULL, Kind.EMPTY):
        return _absent(value)
    if value.kind is Kind.JSON:
        return format_html('<span class="json">{}</span>', _marked(indented(value.text), None))
    if value.kind is Kind.HEX:
        return format_html('<span class="hex">{}</span>', "\n".join(_hex_lines(bytes.fromhex(value.text))))
    return format_html("{}", value.text)


def _absent(value: Payload) -> SafeString:
    return format_html('<span class="null">{}</span>', "null" if value.kind is Kind.NULL else "empty")


def _marked(parts: Iterable[tuple[TokenKind, str]], limit: int | None) -> SafeString:
    pieces, length = [], 0
    for kind, text in parts:
        if limit is not None and length + len(text) > limit:
            pieces.append(format_html("{}…", text[: limit - length]))
            break
        length += len(text)
        pieces.append(format_html('<span class="{}">{}</span>', kind, text) if kind else format_html("{}", text))
    return mark_safe("".join(pieces))


def _hex_lines(data: bytes) -> Iterator[str]:
    for start in range(0, len(data), HEX_COLUMNS):
        line = data[start : start + HEX_COLUMNS]
        characters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in line)
        yield f"{start:06x}  {line.hex(' '):<{HEX_COLUMNS * 3}} {characters}"


@register.filter
def place(request: HttpRequest) -> str:
    """The entry of the navigation under which a page stands, from the first part of its address."""
    first = request.path.strip("/").partition("/")[0]
    return {"": "overview", "create-topic": "topics"}.get(first, first)


@register.filter
def prose(text: str) -> SafeString:
    """A text in which `words` between backticks are code."""
    parts = text.split("`")
    pieces = (format_html("<code>{}</code>" if index % 2 else "{}", part) for index, part in enumerate(parts))
    return mark_safe("".join(pieces))


@register.filter
def skew(percent: float | None) -> str:
    """How far from the mean: +12 %, −3 %, even."""
    if percent is None:
        return UNKNOWN
    return "even" if abs(percent) < 0.5 else f"{percent:+.0f} %".replace("-", "−")


@register.inclusion_tag("components/sort.html", takes_context=True)
def sort(context: dict[str, Any], listing: Any, key: str, title: str, kind: str = "", hint: str = "") -> dict[str, Any]:
    """A column's head that orders the list by it; a second click turns the order round."""
    first = "-" + key if kind == "num" else key
    turned = key if listing.descending else "-" + key
    return {
        "request": context.get("request"),
        "current": listing.sort,
        "descending": listing.descending,
        "key": key,
        "title": title,
        "numeric": kind == "num",
        "hint": hint,
        "target": turned if listing.sort == key else first,
    }


@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """A form field with its label, help and errors beside it."""
    return {"field": bound}


@register.inclusion_tag("components/spark.html")
def spark(values: Sequence[float], label: str) -> dict[str, Any]:
    """A short history as a line; nothing while there are fewer than two points."""
    top = max(values, default=0) * 1.15 or 1
    step = 100 / (len(values) - 1) if len(values) > 1 else 0
    points = " ".join(f"{index * step:.1f},{30 - value / top * 28:.1f}" for index, value in enumerate(values))
    return {"points": points if len(values) > 1 else "", "label": label}
