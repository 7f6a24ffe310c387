"""Frames: the size, the header and the body that requests and responses travel in.

    request   int32 size, int16 key, int16 version, int32 correlation id, nullable string client id,
              from the API's first flexible version on: tagged fields; body
    response  int32 size, int32 correlation id, from the first flexible version on (never for ApiVersions): tagged
              fields; body

The client id stays int16-prefixed also in flexible versions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from cluster.protocol.api import ApiKey
from cluster.protocol.catalog import API_SPECS, ApiSpec
from cluster.protocol.decoding import skip_tagged_fields
from cluster.protocol.encoding import Cuts, size_of_records
from cluster.protocol.errors import ErrorCode, ProtocolViolation
from cluster.protocol.primitives import Buffer
from cluster.protocol.schema import decode_prefix, encode_into, interleave

SIZE: Final = struct.Struct(">i")
_REQUEST: Final = struct.Struct(">ihhih")
_RESPONSE: Final = struct.Struct(">ii")
_REQUEST_HEADER: Final = struct.Struct(">hhih")
_CORRELATION_ID: Final = struct.Struct(">i")
_ERROR_CODE: Final = struct.Struct(">h")
_NULL: Final = -1
_UNSUPPORTED_VERSION: Final = ErrorCode.UNSUPPORTED_VERSION.value
_NO_TAGGED_FIELDS: Final = b"\0"


@dataclass(slots=True, kw_only=True)
class Request:
    """A request as it was received. `frame` is what it was decoded from, without the size; records are views into it.

    `unsupported_version` is set for an ApiVersions of a version that nobody here knows: it has no body, and is
    answered in version 0 (which `api_version` then says) with UNSUPPORTED_VERSION, so that the client can ask again.
    """

    api_key: ApiKey
    api_version: int
    correlation_id: int
    client_id: str | None
    body: Any
    frame: Buffer
    unsupported_version: bool = False


class Asked(NamedTuple):
    """What an answer needs of its request, which it must not hold."""

    api_key: ApiKey
    api_version: int
    correlation_id: int


def encode_request(
    api_key: ApiKey, version: int, correlation_id: int, client_id: str | None, message: Any
) -> list[Buffer]:
    """The buffers of a request, its size included. Raises ValueError for a version or value that does not exist."""
    name = client_id.encode() if client_id is not None else b""
    written = bytearray(
        _REQUEST.pack(0, api_key, version, correlation_id, _NULL if client_id is None else len(name)),
    )
    written += name
    if _is_flexible(API_SPECS[api_key], version):
        written += _NO_TAGGED_FIELDS
    return _finish(written, message, version)


def encode_response(api_key: ApiKey, version: int, correlation_id: int, message: Any) -> list[Buffer]:
    """The buffers of a response, its size included. Raises ValueError for a version or value that does not exist."""
    written = bytearray(_RESPONSE.pack(0, correlation_id))
    if _has_flexible_response_header(api_key, version):
        written += _NO_TAGGED_FIELDS
    return _finish(written, message, version)


def parse_request(frame: Buffer) -> Request:
    """The request in a frame (without the size). Raises ProtocolViolation, also for an API or version not served."""
    try:
        key, version, correlation_id, length = _REQUEST_HEADER.unpack_from(frame)
    except struct.error as error:
        raise ProtocolViolation("a request shorter than its header") from error
    spec = API_SPECS.get(key)
    if spec is None:
        raise ProtocolViolation(f"a request for API {key}, which is not served")
    client_id, position = _client_id(frame, length)
    unsupported = not spec.min_version <= version <= spec.max_version
    if unsupported and spec.key is not ApiKey.API_VERSIONS:
        raise ProtocolViolation(f"{spec.name} v{version} is not served")
    body = None if unsupported else _request_body(spec, version, frame, position)
    return Request(
        api_key=spec.key,
        api_version=0 if unsupported else version,
        correlation_id=correlation_id,
        client_id=client_id,
        body=body,
        frame=frame,
        unsupported_version=unsupported,
    )


def decode_response(api_key: ApiKey, version: int, frame: Buffer) -> tuple[int, Any]:
    """The correlation id and the message of a response frame (without the size). Raises ProtocolViolation.

    An ApiVersions answer with UNSUPPORTED_VERSION is of version 0, whatever was asked for.
    """
    spec = API_SPECS[api_key]
    try:
        (correlation_id,) = _CORRELATION_ID.unpack_from(frame)
        position = _CORRELATION_ID.size
        if _has_flexible_response_header(api_key, version):
            position = _after_tagged_fields(frame, position)
        if api_key is ApiKey.API_VERSIONS and _ERROR_CODE.unpack_from(frame, position)[0] == _UNSUPPORTED_VERSION:
            version = 0
    except (IndexError, struct.error) as error:
        raise ProtocolViolation("a response shorter than its header") from error
    return correlation_id, _body(spec.response, version, frame, position)


def _is_flexible(spec: ApiSpec, version: int) -> bool:
    return spec.flexible_since is not None and version >= spec.flexible_since


def _has_flexible_response_header(api_key: ApiKey, version: int) -> bool:
    return api_key is not ApiKey.API_VERSIONS and _is_flexible(API_SPECS[api_key], version)


def _finish(written: bytearray, message: Any, version: int) -> list[Buffer]:
    cuts: Cuts = []
    encode_into(message, version, written, cuts)
    size = len(written) - SIZE.size + sum(size_of_records(records) for _, records in cuts)
    SIZE.pack_into(written, 0, size)
    return interleave(written, cuts)


def _client_id(frame: Buffer, length: int) -> tuple[str | None, int]:
    start = _REQUEST_HEADER.size
    if length == _NULL:
        return None, start
    end = start + length
    if not start <= end <= len(frame):
        raise ProtocolViolation(f"a client id of {length} bytes")
    return str(frame[start:end], "utf-8", "replace"), end


def _after_tagged_fields(frame: Buffer, position: int) -> int:
    first = frame[position]
    return skip_tagged_fields(frame, position + 1, first, len(frame)) if first else position + 1


def _request_body(spec: ApiSpec, version: int, frame: Buffer, position: int) -> Any:
    if _is_flexible(spec, version):
        try:
            position = _after_tagged_fields(frame, position)
        except IndexError as error:
            raise ProtocolViolation("a request shorter than its header") from error
    # What follows the body is left alone, as by Kafka's broker: librdkafka 2.16 writes its Metadata v13 for all topics
    # three bytes too long.
    return decode_prefix(spec.request, version, frame, position)[0]


def _body(cls: type[Any], version: int, frame: Buffer, position: int) -> Any:
    message, end = decode_prefix(cls, version, frame, position)
    if end != len(frame):
        raise ProtocolViolation(f"{cls.__name__} v{version} ends at {end} of {len(frame)} bytes")
    return message
