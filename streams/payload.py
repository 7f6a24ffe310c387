"""What the bytes of a key, a value or a header look like to a reader: null, empty, JSON, text or hex."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from streams.json_text import is_json

PREVIEW_BYTES = 400
LARGE_BYTES = 20_000
_READABLE_CONTROLS = frozenset("\t\n\r")
# Python calls these unprintable; yet emoji are joined by them, and whole languages write them between their words.
_READABLE_CATEGORIES = frozenset({"Cf", "Zs", "Zl", "Zp"})


class Form(StrEnum):
    """How a reader wants bytes written; AUTO decides by what they are."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"
    HEX = "hex"


class Kind(StrEnum):
    NULL = "null"
    EMPTY = "empty"
    JSON = "json"
    TEXT = "text"
    HEX = "hex"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Bytes as text. `truncated` says that `text` shows only a beginning; `note` says why another form was taken."""

    kind: Kind
    text: str = ""
    size_bytes: int = 0
    truncated: bool = False
    note: str = ""


def payload_of(data: bytes | None, form: Form = Form.AUTO, limit_bytes: int = LARGE_BYTES) -> Payload:
    """Write `data` in the wanted form; what cannot be written so is written in hex, with a note."""
    if data is None:
        return Payload(kind=Kind.NULL)
    if not data:
        return Payload(kind=Kind.EMPTY)
    head = data[:limit_bytes]
    truncated = len(data) > limit_bytes
    kind, text, note = _written(head, form, truncated)
    return Payload(kind=kind, text=text, size_bytes=len(data), truncated=truncated, note=note)


def _written(head: bytes, form: Form, truncated: bool) -> tuple[Kind, str, str]:
    if form is Form.HEX:
        return Kind.HEX, head.hex(" "), ""
    text = _decoded(head, truncated)
    if text is None:
        if form is Form.TEXT:
            return Kind.TEXT, head.decode("utf-8", "replace"), "not valid UTF-8: broken characters are marked �"
        return Kind.HEX, head.hex(" "), "" if form is Form.AUTO else "not valid UTF-8, so shown as hex"
    if form is Form.TEXT:
        return Kind.TEXT, text, ""
    if form is Form.AUTO and not _readable(text):
        return Kind.HEX, head.hex(" "), ""
    if not truncated and is_json(text):
        return Kind.JSON, text, ""
    return Kind.TEXT, text, "not valid JSON, so shown as text" if form is Form.JSON and not truncated else ""


def _decoded(head: bytes, truncated: bool) -> str | None:
    """The text, or None when it is not UTF-8; a character that the limit cut in two does not count."""
    try:
        return head.decode()
    except UnicodeDecodeError as error:
        if truncated and error.end == len(head) and len(head) - error.start < 4:
            return head[: error.start].decode()
        return None


def _readable(text: str) -> bool:
    return all(
        character.isprintable()
        or character in _READABLE_CONTROLS
        or unicodedata.category(character) in _READABLE_CATEGORIES
        for character in text
    )
