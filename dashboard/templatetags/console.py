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
