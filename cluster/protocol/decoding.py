"""The decoder compiler: from a declaration and a version to one flat function that reads it.

A run of fixed-width fields, together with the length that follows it (or its first byte, where it is a varint),
is one `struct` read. Strings and records are sliced without a look at the end of the buffer: an overrun leaves the
position behind the end, which the caller checks once. What is counted is checked before it is allocated.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.fields import FIXED_WIDTH, FieldInfo, Wire, fields_of
from cluster.protocol.primitives import Buffer, finish_unsigned_varint, read_unsigned_varint
from cluster.protocol.source import UNPACK_REPEATED, Source, smallest_value

Decoder = Callable[[bytes | memoryview, int, int], tuple[Any, int]]
"""(buffer, position, size of the buffer) to (object, position after it). Records become views into the buffer."""


def compile_decoder(cls: type[Any], version: int, flexible: bool) -> Decoder:
    """The function that reads a message or struct of this version."""
    writer = _DecoderWriter(version, flexible)
    if _has_records(cls):
        with writer.source.block("if type(buf) is bytes:"):
            writer.source.line("buf = memoryview(buf)")
    writer.object(cls, "message")
    writer.source.line("return message, pos")
    decoder: Decoder = writer.source.compile(f"decode of {cls.__name__} v{version}")
    return decoder


def skip_tagged_fields(buffer: Buffer, position: int, first: int, size: int) -> int:
    """Skip a section of tagged fields whose count began with the byte `first`. Returns the position after it."""
    count = first
    if first > 0x7F:
        count, position = finish_unsigned_varint(buffer, position, first)
    for _ in range(count):
        _, position = read_unsigned_varint(buffer, position)
        length, position = read_unsigned_varint(buffer, position)
        position += length
        if position > size:
            raise ProtocolViolation("a tagged field ends behind its frame")
    return position


def _has_records(cls: type[Any]) -> bool:
    return any(
        info.wire is Wire.RECORDS or (info.struct is not None and _has_records(info.struct)) for info in fields_of(cls)
    )


def _bad_length(name: str, length: int) -> NoReturn:
    raise ProtocolViolation(f"{name} has the length {length}")


def _bad_tag(name: str) -> NoReturn:
    raise ProtocolViolation(f"the tagged field {name} is not as long as it says")


class _Reads:
    """Writes reads of single values. Fixed-width ones wait in `_run` until something of variable length comes."""

    def __init__(self, version: int, flexible: bool) -> None:
        self.source = Source("decode(buf, pos, size)")
        self._version = version
        self._flexible = flexible
        self._run: list[tuple[str, str]] = []
        for name, function in (
            ("new", object.__new__),
            ("finish", finish_unsigned_varint),
            ("varint", read_unsigned_varint),
            ("skip_tags", skip_tagged_fields),
            ("bad_length", _bad_length),
            ("bad_tag", _bad_tag),
        ):
            self.source.bind(name, function)

    def _flush(self) -> None:
        run, self._run = self._run, []
        if not run:
            return
        formats = "".join(text for text, _ in run)
        if formats == "B":
            self.source.line(f"{run[0][1]} = buf[pos]")
            self.source.line("pos += 1")
            return
        layout = struct.Struct(">" + formats)
        unpack = self.source.bind(f"read_{formats.replace('?', 'o')}", layout.unpack_from)
        self.source.line(f"{''.join(target + ', ' for _, target in run)}= {unpack}(buf, pos)")
        self.source.line(f"pos += {layout.size}")

    def _length(self, info: FieldInfo, *, short: bool = False) -> tuple[str, str]:
        """Read a length. Returns its variable, and the expression of how many bytes or elements follow."""
        variable = self.source.fresh("n")
        if self._flexible and info.compact:
            self._run.append(("B", variable))
            self._flush()
            with self.source.block(f"if {variable} > 127:"):
                self._finish(variable, large=info.wire is Wire.RECORDS)
            return variable, f"{variable} - 1"
        self._run.append(("h" if short else "i", variable))
        self._flush()
        return variable, variable

    def _finish(self, variable: str, *, large: bool) -> None:
        """Read the rest of a varint; for a large one, three bytes without a call."""
        if not large:
            self.source.line(f"{variable}, pos = finish(buf, pos, {variable})")
            return
        with self.source.block("if buf[pos] > 127 and buf[pos + 1] < 128:"):
            self.source.line(f"{variable} = {variable} & 127 | (buf[pos] & 127) << 7 | buf[pos + 1] << 14")
            self.source.line("pos += 2")
        with self.source.block("else:"):
            self.source.line(f"{variable}, pos = finish(buf, pos, {variable})")

    @contextmanager
    def _unless_null(self, info: FieldInfo, variable: str, target: str, *, element: bool) -> Iterator[None]:
        """Deal with a null or negative length; what is added inside deals with the other ones."""
        compact = self._flexible and info.compact
        if element or info.nullable is None or self._version not in info.nullable:
            with self.source.block(f"if {variable} < {1 if compact else 0}:"):
                self.source.line(f"bad_length({info.name!r}, {variable})")
            yield
            return
        with self.source.block(f"if {variable} == {0 if compact else -1}:"):
            self.source.line(f"{target} = None")
        if not compact:
            with self.source.block(f"elif {variable} < -1:"):
                self.source.line(f"bad_length({info.name!r}, {variable})")
        with self.source.block("else:"):
            yield

    def _value(self, info: FieldInfo, target: str, *, element: bool) -> None:
        if info.wire in FIXED_WIDTH:
            self._run.append((info.wire.value, target))
            return
        variable, size = self._length(info, short=info.wire is Wire.STRING)
        with self._unless_null(info, variable, target, element=element):
            piece = f"buf[pos:(pos := pos + {size})]"
            match info.wire:
                case Wire.STRING:
                    self.source.line(f"{target} = str({piece}, 'utf-8', 'replace')")
                case Wire.BYTES:
                    self.source.line(f"{target} = bytes({piece})")
                case _:
                    self.source.line(f"{target} = {piece}")


class _DecoderWriter(_Reads):
    """Writes the source of one decoder."""

    def object(self, cls: type[Any], variable: str) -> None:
        """Read a struct into a variable."""
        is_frozen = cls.__dataclass_params__.frozen
        class_name = self.source.bind(cls.__name__, cls)
        if not is_frozen:
            self.source.line(f"{variable} = new({class_name})")
        separator = "_" if is_frozen else "."
        tagged: list[FieldInfo] = []
        arguments: list[str] = []
        for info in fields_of(cls):
            target = f"{variable}{separator}{info.name}"
            if self._version not in info.versions or info.tag is not None:
                self._default(cls, info, target)
            else:
                self._field(info, target)
            if info.tag is not None and self._version in info.versions:
                tagged.append(info)
            arguments.append(f"{info.name}={target}")
        if self._flexible:
            self._tagged_fields(tagged, variable + separator)
        self._flush()
        if is_frozen:
            self.source.line(f"{variable} = {class_name}({', '.join(arguments)})")

    def _default(self, cls: type[Any], info: FieldInfo, target: str) -> None:
        if isinstance(info.default, list):
            self.source.line(f"{target} = []")
        elif info.wire is Wire.STRUCT and info.default is not None:
            self.source.line(f"{target} = {self.source.bind(f'{cls.__name__}_{info.name}', info.default)}")
        else:
            self.source.line(f"{target} = {info.default!r}")

    def _field(self, info: FieldInfo, target: str) -> None:
        if info.is_array:
            self._array(info, target)
        elif info.wire is Wire.STRUCT:
            self._struct(info, target)
        else:
            self._value(info, target, element=False)

    def _struct(self, info: FieldInfo, target: str) -> None:
        assert info.struct is not None
        variable = self.source.fresh("o")
        if info.nullable is None or self._version not in info.nullable:
            self.object(info.struct, variable)
        else:
            marker = self.source.fresh("m")
            self._run.append(("b", marker))
            self._flush()
            with self.source.block(f"if {marker} < 0:"):
                self.source.line(f"{variable} = None")
            with self.source.block("else:"):
                self.object(info.struct, variable)
        self.source.line(f"{target} = {variable}")

    def _array(self, info: FieldInfo, target: str) -> None:
        variable, count = self._length(info)
        with self._unless_null(info, variable, target, element=False):
            smallest = smallest_value(info, self._version, self._flexible)
            with self.source.block(f"if ({count}) * {smallest} > size - pos:"):
                self.source.line(f"bad_length({info.name!r}, {variable})")
            if info.wire in FIXED_WIDTH:
                unpack = self.source.bind(f"read_all_{info.wire.name}", UNPACK_REPEATED[info.wire])
                self.source.line(f"{target} = list({unpack}[{count}](buf, pos))")
                self.source.line(f"pos += ({count}) * {FIXED_WIDTH[info.wire]}")
            else:
                self._elements(info, target, count)

    def _elements(self, info: FieldInfo, target: str, count: str) -> None:
        append, element = self.source.fresh("append"), self.source.fresh("e")
        self.source.line(f"{target} = items = []")
        self.source.line(f"{append} = items.append")
        with self.source.block(f"for _ in range({count}):"):
            if info.struct is not None:
                self.object(info.struct, element)
            else:
                self._value(info, element, element=True)
            self.source.line(f"{append}({element})")

    def _tagged_fields(self, tagged: list[FieldInfo], prefix: str) -> None:
        count = self.source.fresh("t")
        self._run.append(("B", count))
        self._flush()
        with self.source.block(f"if {count}:"):
            if not tagged:
                self.source.line(f"pos = skip_tags(buf, pos, {count}, size)")
                return
            with self.source.block(f"if {count} > 127:"):
                self.source.line(f"{count}, pos = finish(buf, pos, {count})")
            with self.source.block(f"for _ in range({count}):"):
                self._tagged_field(tagged, prefix)

    def _tagged_field(self, tagged: list[FieldInfo], prefix: str) -> None:
        end = self.source.fresh("end")
        self.source.line("tag, pos = varint(buf, pos)")
        self.source.line(f"{end}, pos = varint(buf, pos)")
        self.source.line(f"{end} += pos")
        with self.source.block(f"if {end} > size:"):
            self.source.line(f"bad_length('a tagged field', {end} - pos)")
        for index, info in enumerate(tagged):
            with self.source.block(f"{'elif' if index else 'if'} tag == {info.tag}:"):
                self._field(info, prefix + info.name)
                self._flush()
                with self.source.block(f"if pos != {end}:"):
                    self.source.line(f"bad_tag({info.name!r})")
        with self.source.block("else:"):
            self.source.line(f"pos = {end}")
