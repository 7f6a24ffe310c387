"""The language in which messages are declared: wire types, fields with version ranges, structs.

    @message("3-13", flexible="9+")
    class ProduceRequest:
        transactional_id: str | None = field("3+", None)
        acks: Int16 = 0
        topic_data: list[TopicProduceData] = array()

A plain default stands for a field of every version. Messages and structs are dataclasses with slots and keyword
arguments; the structs that stand alone in a tagged field are frozen values, so that one default serves everybody.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final, TypeVar, dataclass_transform

from cluster.protocol.primitives import Uuid

T = TypeVar("T")

ALL_VERSIONS: Final = "0+"
LAST_VERSION: Final = 0x7FFF


class Wire(Enum):
    """How a value lies on the wire. The text of a fixed-width one is its `struct` format."""

    BOOL = "?"
    INT8 = "b"
    INT16 = "h"
    UINT16 = "H"
    INT32 = "i"
    INT64 = "q"
    FLOAT64 = "d"
    UUID = "16s"
    STRING = "string"
    BYTES = "bytes"
    RECORDS = "records"
    STRUCT = "struct"


FIXED_WIDTH: Final = {
    Wire.BOOL: 1,
    Wire.INT8: 1,
    Wire.INT16: 2,
    Wire.UINT16: 2,
    Wire.INT32: 4,
    Wire.INT64: 8,
    Wire.FLOAT64: 8,
    Wire.UUID: 16,
}
"""Bytes of each fixed-width type."""

Int8 = Annotated[int, Wire.INT8]
Int16 = Annotated[int, Wire.INT16]
UInt16 = Annotated[int, Wire.UINT16]
Int32 = Annotated[int, Wire.INT32]
Int64 = Annotated[int, Wire.INT64]
Records = Annotated[Any, Wire.RECORDS]
"""Record batches. Decoded: a memoryview into the frame, or None. To encode: None, a buffer, or a list of buffers."""

_PLAIN_TYPES: Final = {bool: Wire.BOOL, float: Wire.FLOAT64, str: Wire.STRING, bytes: Wire.BYTES, Uuid: Wire.UUID}


@dataclass(frozen=True, slots=True)
class Versions:
    """A range of versions, both ends included."""

    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> Versions:
        """Read Kafka's notation: `3`, `3-13`, `9+`."""
        first, dash, last = text.partition("-")
        if dash:
            return cls(int(first), int(last))
        return cls(int(first.removesuffix("+")), LAST_VERSION if first.endswith("+") else int(first))

    def __contains__(self, version: int) -> bool:
        return self.first <= version <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageInfo:
    """What holds for a whole message: its versions, and from which on it is flexible (None: in none)."""

    versions: Versions
    flexible_since: int | None

    def is_flexible(self, version: int) -> bool:
        """True when this version has compact lengths and tagged fields (KIP-482)."""
        return self.flexible_since is not None and version >= self.flexible_since


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInfo:
    """One field as the compilers want it. `nullable` is None when it never is; `tag` is None for an ordinary field."""

    name: str
    wire: Wire
    is_array: bool
    struct: type[Any] | None
    versions: Versions
    nullable: Versions | None
    tag: int | None
    ignorable: bool
    compact: bool
    default: Any


def field(
    versions: str,
    default: Any,
    *,
    nullable: str | None = None,
    tag: int | None = None,
    ignorable: bool = False,
    compact: bool = True,
) -> Any:
    """A field of some versions. One that is not `ignorable` must have its default where a version lacks it."""
    metadata = {
        "versions": versions,
        "nullable": nullable,
        "tag": tag,
        "ignorable": ignorable,
        "compact": compact,
    }
    if default is list:
        return dataclasses.field(default_factory=list, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def array(
    versions: str = ALL_VERSIONS, *, nullable: str | None = None, tag: int | None = None, ignorable: bool = False
) -> Any:
    """A field that holds a list and is empty by default."""
    return field(versions, list, nullable=nullable, tag=tag, ignorable=ignorable)


@dataclass_transform(kw_only_default=True)
def struct(cls: type[T]) -> type[T]:
    """Declare a struct that lies inside messages."""
    return dataclass(slots=True, kw_only=True)(cls)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """Declare a small struct that is a field of its own and not an element of an array."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


_messages: dict[type[Any], MessageInfo] = {}


@dataclass_transform(kw_only_default=True)
def message(versions: str, *, flexible: str | None = None) -> Callable[[type[T]], type[T]]:
    """Declare a message: the versions that exist, and those that are flexible."""
    flexible_since = Versions.parse(flexible).first if flexible is not None else None
    info = MessageInfo(versions=Versions.parse(versions), flexible_since=flexible_since)

    def declare(cls: type[T]) -> type[T]:
        declared = struct(cls)
        _messages[declared] = info
        return declared

    return declare


def message_info(cls: type[Any]) -> MessageInfo:
    """What `message` declared about a class. Raises KeyError for a class that is no message."""
    return _messages[cls]


def fields_of(cls: type[Any]) -> tuple[FieldInfo, ...]:
    """The fields of a message or struct, in the order of the wire."""
    return tuple(_field_info(declared) for declared in dataclasses.fields(cls))


def _field_info(declared: dataclasses.Field[Any]) -> FieldInfo:
    annotation, optional = _strip_optional(declared.type)
    is_array = typing.get_origin(annotation) is list
    wire, struct_class = _wire_of(typing.get_args(annotation)[0] if is_array else annotation)
    nullable = declared.metadata.get("nullable") or (ALL_VERSIONS if optional or wire is Wire.RECORDS else None)
    return FieldInfo(
        name=declared.name,
        wire=wire,
        is_array=is_array,
        struct=struct_class,
        versions=Versions.parse(declared.metadata.get("versions", ALL_VERSIONS)),
        nullable=Versions.parse(nullable) if nullable is not None else None,
        tag=declared.metadata.get("tag"),
        ignorable=declared.metadata.get("ignorable", False),
        compact=declared.metadata.get("compact", True),
        default=[] if declared.default_factory is list else declared.default,
    )


def _strip_optional(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, False
    (inner,) = (arg for arg in typing.get_args(annotation) if arg is not types.NoneType)
    return inner, True


def _wire_of(annotation: Any) -> tuple[Wire, type[Any] | None]:
    if typing.get_origin(annotation) is Annotated:
        return next(item for item in annotation.__metadata__ if isinstance(item, Wire)), None
    if annotation in _PLAIN_TYPES:
        return _PLAIN_TYPES[annotation], None
    return Wire.STRUCT, annotation
