"""The encoder compiler: from a declaration and a version to one flat function that writes it.

Everything but records goes into one bytearray; where records belong, only their place and a reference to them is
noted. A run of fixed-width fields, together with the length that follows it, is one `struct` write.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final, NoReturn

from cluster.protocol.fields import FIXED_WIDTH, FieldInfo, Wire, fields_of
from cluster.protocol.primitives import Buffer, unsigned_varint
from cluster.protocol.source import PACK_REPEATED, Source

Cuts = list[tuple[int, Buffer | list[Buffer]]]
"""Where in the written bytes records belong, and which."""

Encoder = Callable[[Any, bytearray, Cuts], None]
"""(message, bytes written so far, cuts so far): both are added to."""

ZERO_BYTE: Final = "x"


class UnsupportedFieldVersion(ValueError):
    """A field is set that the version to be written does not have and that must not be lost."""


def compile_encoder(cls: type[Any], version: int, flexible: bool) -> Encoder:
    """The function that writes a message or struct of this version."""
    # Handlers know nothing of versions: they fill a response as if for the latest one.
    writer = _EncoderWriter(version, flexible, lenient=cls.__name__.endswith("Response"))
    writer.object(cls, "message")
    writer.source.line("return None")
    encoder: Encoder = writer.source.compile(f"encode of {cls.__name__} v{version}")
    return encoder


def size_of_records(records: Buffer | list[Buffer]) -> int:
    """Bytes of records, whether they lie in one buffer or in several."""
    return sum(map(len, records)) if isinstance(records, list) else len(records)


def _unsupported(cls: str, name: str, version: int) -> NoReturn:
    raise UnsupportedFieldVersion(f"{cls}.{name} is set, but version {version} does not have it")


class _Writes:
    """Writes writes of single values. Fixed-width ones wait in `_run` until something of variable length comes."""

    def __init__(self, version: int, flexible: bool) -> None:
        self.source = Source("encode(message, w, cuts)")
        self._version = version
        self._flexible = flexible
        self._run: list[tuple[str, str]] = []
        self._output = "w"
        self.source.bind("varint", unsigned_varint)
        self.source.bind("unsupported", _unsupported)

    def _nullable(self, info: FieldInfo) -> bool:
        return info.nullable is not None and self._version in info.nullable

    def _flush(self, length: str | None = None, *, large: bool = False) -> None:
        """Write what waits and, when given, the varint that a variable holds, in one go where it has its usual size."""
        run, self._run = self._run, []
        if length is None:
            if run:
                self._write(run)
            return
        with self.source.block(f"if {length} < 128:"):
            self._write([*run, ("B", length)])
        if large:
            with self.source.block(f"elif 16384 <= {length} < 2097152:"):
                low, middle = f"{length} & 127 | 128", f"{length} >> 7 & 127 | 128"
                self._write([*run, ("B", low), ("B", middle), ("B", f"{length} >> 14")])
        with self.source.block("else:"):
            if run:
                self._write(run)
            self.source.line(f"{self._output} += varint({length})")

    def _write(self, run: list[tuple[str, str]]) -> None:
        match run:
            case [("B", expression)]:
                self.source.line(f"{self._output}.append({expression})")
            case [(text, _)] if text == ZERO_BYTE:
                self.source.line(f"{self._output}.append(0)")
            case _:
                self.source.line(f"{self._output} += {self._pack(run)}")

    def _pack(self, run: list[tuple[str, str]]) -> str:
        formats = "".join(text for text, _ in run)
        pack = self.source.bind(f"write_{formats.replace('?', 'o')}", struct.Struct(">" + formats).pack)
        return f"{pack}({', '.join(expression for text, expression in run if text != ZERO_BYTE)})"

    def _length(self, info: FieldInfo, variable: str, *, short: bool = False) -> None:
        """Write a length that a variable holds, -1 standing for null."""
        if self._flexible and info.compact:
            self.source.line(f"{variable} += 1")
            self._flush(variable, large=info.wire is Wire.RECORDS)
        else:
            self._run.append(("h" if short else "i", variable))
            self._flush()

    def _measure(self, info: FieldInfo, value: str, size: str, prepare: str, *, element: bool) -> str:
        """Put the length of a value, -1 for null, into a variable."""
        length = self.source.fresh("n")
        if not self._nullable(info) or element:
            if prepare:
                self.source.line(prepare)
            self.source.line(f"{length} = {size}")
            return length
        with self.source.block(f"if {value} is None:"):
            self.source.line(f"{length} = -1")
        with self.source.block("else:"):
            if prepare:
                self.source.line(prepare)
            self.source.line(f"{length} = {size}")
        return length

    def _value(self, info: FieldInfo, expression: str, *, element: bool) -> None:
        if info.wire in FIXED_WIDTH:
            self._run.append((info.wire.value, expression))
            return
        value = self.source.fresh("v")
        is_text = info.wire is Wire.STRING
        self.source.line(f"{value} = {expression}")
        prepare = f"{value} = {value}.encode()" if is_text else ""
        length = self._measure(info, value, f"len({value})", prepare, element=element)
        self._length(info, length, short=is_text)
        if not self._nullable(info) or element:
            self.source.line(f"{self._output} += {value}")
            return
        with self.source.block(f"if {value}:"):
            self.source.line(f"{self._output} += {value}")

    def _records(self, info: FieldInfo, expression: str) -> None:
        value = self.source.fresh("v")
        self.source.line(f"{value} = {expression}")
        size = f"len({value}) if type({value}) is not list else sum(map(len, {value}))"
        length = self._measure(info, value, size, "", element=False)
        self._length(info, length)
        with self.source.block(f"if {value}:"):
            self.source.line(f"cuts.append((len(w), {value}))")


class _EncoderWriter(_Writes):
    """Writes the source of one encoder. A lenient one leaves out what its version has no place for."""

    def __init__(self, version: int, flexible: bool, *, lenient: bool) -> None:
        super().__init__(version, flexible)
        self._lenient = lenient

    def object(self, cls: type[Any], variable: str) -> None:
        """Write the struct that a variable holds."""
        tagged: list[FieldInfo] = []
        for info in fields_of(cls):
            if self._version not in info.versions:
                self._absent(cls, info, variable)
        for info in fields_of(cls):
            if self._version not in info.versions:
                continue
            if info.tag is not None:
                tagged.append(info)
            else:
                self._field(info, f"{variable}.{info.name}")
        if self._flexible:
            self._tagged_fields(cls, tagged, variable)
        self._flush()

    def _absent(self, cls: type[Any], info: FieldInfo, variable: str) -> None:
        if info.ignorable or self._lenient:
            return
        with self.source.block(f"if {self._differs(cls, info, f'{variable}.{info.name}')}:"):
            self.source.line(f"unsupported({cls.__name__!r}, {info.name!r}, {self._version})")

    def _differs(self, cls: type[Any], info: FieldInfo, expression: str) -> str:
        """The expression that is true when a field does not have its default."""
        if info.default is None:
            return f"{expression} is not None"
        if isinstance(info.default, list):
            return expression if self._nullable(info) is False else f"({expression} is None or {expression})"
        if info.wire is Wire.STRUCT:
            default = self.source.bind(f"{cls.__name__}_{info.name}", info.default)
            return f"({expression} is not {default} and {expression} != {default})"
        return f"{expression} != {info.default!r}"

    def _field(self, info: FieldInfo, expression: str) -> None:
        if info.is_array:
            self._array(info, expression)
        elif info.wire is Wire.STRUCT:
            self._struct(info, expression)
        elif info.wire is Wire.RECORDS:
            self._records(info, expression)
        else:
            self._value(info, expression, element=False)

    def _struct(self, info: FieldInfo, expression: str) -> None:
        assert info.struct is not None
        variable = self.source.fresh("o")
        self.source.line(f"{variable} = {expression}")
        if not self._nullable(info):
            self.object(info.struct, variable)
            return
        self._flush()
        with self.source.block(f"if {variable} is None:"):
            self.source.line(f"{self._output}.append(255)")
        with self.source.block("else:"):
            self._run.append(("b", "1"))
            self.object(info.struct, variable)

    def _array(self, info: FieldInfo, expression: str) -> None:
        value = self.source.fresh("v")
        self.source.line(f"{value} = {expression}")
        length = self._measure(info, value, f"len({value})", "", element=False)
        self._length(info, length)
        with self.source.block(f"if {value}:"):
            if info.wire in FIXED_WIDTH:
                pack = self.source.bind(f"write_all_{info.wire.name}", PACK_REPEATED[info.wire])
                self.source.line(f"{self._output} += {pack}[len({value})](*{value})")
                return
            element = self.source.fresh("e")
            with self.source.block(f"for {element} in {value}:"):
                if info.struct is not None:
                    self.object(info.struct, element)
                else:
                    self._value(info, element, element=True)

    def _tagged_fields(self, cls: type[Any], tagged: list[FieldInfo], variable: str) -> None:
        if not tagged:
            self._run.append((ZERO_BYTE, ""))
            return
        run, self._run = self._run, []
        by_tag = sorted(tagged, key=lambda info: info.tag or 0)
        conditions = [self._differs(cls, info, f"{variable}.{info.name}") for info in by_tag]
        with self.source.block(f"if {' or '.join(conditions)}:"):
            if run:
                self._write(run)
            self._section([(info, f"{variable}.{info.name}") for info in by_tag], conditions)
        with self.source.block("else:"):
            self._write([*run, (ZERO_BYTE, "")])

    def _section(self, fields: list[tuple[FieldInfo, str]], conditions: list[str]) -> None:
        count, section, outer = self.source.fresh("t"), self.source.fresh("w"), self._output
        self.source.line(f"{count} = 0")
        self.source.line(f"{section} = bytearray()")
        for (info, expression), condition in zip(fields, conditions, strict=True):
            with self.source.block(f"if {condition}:"):
                self._output = self.source.fresh("w")
                self.source.line(f"{count} += 1")
                self.source.line(f"{self._output} = bytearray()")
                self._field(info, expression)
                self._flush()
                self.source.line(f"{section} += varint({info.tag}) + varint(len({self._output})) + {self._output}")
        self._output = outer
        self.source.line(f"{outer}.append({count})")
        self.source.line(f"{outer} += {section}")
