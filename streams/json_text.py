"""JSON as text: tokens that keep every character of numbers and strings, laid out anew. Nothing is rounded."""

import json
import re
from collections.abc import Iterator
from enum import StrEnum

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?\d[\d.eE+-]*)|(?P<word>true|false|null)|(?P<mark>[{}\[\],:])|\s+"""
)
_INDENT = "  "
DEEPEST = 200


class TokenKind(StrEnum):
    KEY = "k"
    STRING = "s"
    NUMBER = "n"
    WORD = "w"
    MARK = ""


Token = tuple[TokenKind, str]


def is_json(text: str) -> bool:
    """Whether the whole text is one JSON value. Numbers are not converted, so that a long one costs nothing."""
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(word: str) -> str:
    raise ValueError(f"{word} is not JSON")


def tokens(text: str) -> Iterator[Token]:
    """The tokens of valid JSON without the white space between them; a string before a colon is a key."""
    held: str | None = None
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        if kind is None:
            continue
        if held is not None:
            yield (TokenKind.KEY if token == ":" else TokenKind.STRING), held
            held = None
        if kind == "string":
            held = token
        else:
            yield TokenKind[kind.upper()], token
    if held is not None:
        yield TokenKind.STRING, held


def on_one_line(text: str) -> Iterator[Token]:
    """Tokens with a blank after each comma and colon, for a table's cell."""
    for kind, token in tokens(text):
        yield kind, f"{token} " if kind is TokenKind.MARK and token in ",:" else token


def indented(text: str) -> Iterator[Token]:
    """Tokens with line breaks and two blanks for each level, for reading."""
    depth, opened = 0, False
    for kind, token in tokens(text):
        if kind is TokenKind.MARK and token in "]}":
            depth -= 1
            lead = "" if opened else _new_line(depth)
        else:
            lead = _new_line(depth) if opened else ""
        opened = kind is TokenKind.MARK and token in "[{"
        depth += opened
        if lead:
            yield TokenKind.MARK, lead
        yield kind, token
        if token == "," and kind is TokenKind.MARK:
            yield TokenKind.MARK, _new_line(depth)
        elif token == ":" and kind is TokenKind.MARK:
            yield TokenKind.MARK, " "


def _new_line(depth: int) -> str:
    return "\n" + _INDENT * min(depth, DEEPEST)
