"""Writing the source of a function at run time, and the pieces that generated codecs share."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from cluster.protocol.fields import FIXED_WIDTH, FieldInfo, Wire, fields_of

MAX_CACHED_REPEATS: Final = 64


class Source:
    """The lines of a function under construction, and the objects that its global names stand for."""

    def __init__(self, signature: str) -> None:
        self._lines = [f"def {signature}:"]
        self._depth = 1
        self._counter = 0
        self._names: dict[str, Any] = {}

    def line(self, text: str) -> None:
        """Add a line at the current depth."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, opening: str) -> Iterator[None]:
        """Add a line that opens a block; what is added inside is indented."""
        self.line(opening)
        self._depth += 1
        yield
        self._depth -= 1

    def fresh(self, prefix: str) -> str:
        """A local name that nothing else uses."""
        self._counter += 1
        return f"{prefix}{self._counter}"

    def bind(self, name: str, value: Any) -> str:
        """Let a global name stand for an object; the same name always for the same object."""
        self._names[name] = value
        return name

    def compile(self, name: str) -> Any:
        """The function that the lines define."""
        text = "\n".join(self._lines)
        exec(compile(text, f"<{name}>", "exec"), self._names)
        return self._names[name.partition(" ")[0]]


class Repeats(dict[int, Callable[..., Any]]):
    """For each count, `Struct.pack` or `Struct.unpack_from` of that many equal values. Large counts are not kept."""

    def __init__(self, wire: Wire, method: str) -> None:
        self._wire = wire
        self._method = method

    def __missing__(self, count: int) -> Callable[..., Any]:
        repeated = f"{count}{self._wire.value}" if self._wire is not Wire.UUID else self._wire.value * count
        function: Callable[..., Any] = getattr(struct.Struct(">" + repeated), self._method)
        if count <= MAX_CACHED_REPEATS:
            self[count] = function
        return function


PACK_REPEATED: Final = {wire: Repeats(wire, "pack") for wire in FIXED_WIDTH}
UNPACK_REPEATED: Final = {wire: Repeats(wire, "unpack_from") for wire in FIXED_WIDTH}


def smallest_size(cls: type[Any], version: int, flexible: bool) -> int:
    """Bytes of the shortest encoding of a struct: how many of them can lie in what is left of a frame."""
    present = [info for info in fields_of(cls) if info.tag is None and version in info.versions]
    return sum(smallest_field(info, version, flexible) for info in present) + flexible


def smallest_field(info: FieldInfo, version: int, flexible: bool) -> int:
    """Bytes of the shortest encoding of a field."""
    compact = flexible and info.compact
    if info.is_array:
        return 1 if compact else 4
    return smallest_value(info, version, flexible)


def smallest_value(info: FieldInfo, version: int, flexible: bool) -> int:
    """Bytes of the shortest encoding of a value, or of one element of an array."""
    compact = flexible and info.compact
    match info.wire:
        case Wire.STRING:
            return 1 if compact else 2
        case Wire.BYTES | Wire.RECORDS:
            return 1 if compact else 4
        case Wire.STRUCT:
            assert info.struct is not None
            nullable = info.nullable is not None and version in info.nullable and not info.is_array
            return 1 if nullable else smallest_size(info.struct, version, flexible)
        case fixed:
            return FIXED_WIDTH[fixed]
