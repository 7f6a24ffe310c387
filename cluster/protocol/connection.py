"""Both sides of a connection without any I/O: bytes come in where `get_buffer` says, buffers go out in order."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Iterator
from typing import Any, Final, cast

from cluster.protocol.api import ApiKey
from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.frames import (
    SIZE,
    Asked,
    Request,
    decode_response,
    encode_request,
    encode_response,
    parse_request,
)
from cluster.protocol.messages.produce import ProduceRequest
from cluster.protocol.primitives import Buffer

RECEIVE_BYTES: Final = 64 * 1024
"""The reusable buffer: frames that fit into it are copied out of it."""

FIRST_BYTES: Final = 4 * 1024
"""What a big frame gets at first, whatever it says of its size: then memory follows what has arrived."""

TRUSTED_BYTES: Final = 2 * 1024 * 1024
"""A big frame gets all its memory at once where its sender has sent one as big before, up to this size."""

TRUSTED_RESPONSE_BYTES: Final = 16 * 1024 * 1024
"""An answer up to this size gets its memory at once: we asked for it."""

FOREIGN: Final = {b"\x16\x03": "TLS", b"GE": "HTTP", b"PO": "HTTP", b"HE": "HTTP", b"PU": "HTTP", b"OP": "HTTP"}
"""How what is not for a plain Kafka port begins."""

MAX_FRAME_BYTES: Final = 0x7FFFFFFF
MAX_CORRELATION_ID: Final = 0x7FFFFFFF


_new_bytearray: Final = ctypes.pythonapi.PyByteArray_FromStringAndSize
_new_bytearray.restype, _new_bytearray.argtypes = ctypes.py_object, (ctypes.c_char_p, ctypes.c_ssize_t)


def room_for(size: int) -> bytearray:
    """Memory for bytes that are about to arrive. Python would zero it first: a twentieth of what a broker computes."""
    return cast(bytearray, _new_bytearray(None, size))


def receive_buffer() -> memoryview:
    """A buffer to receive into, for one connection or for all those of one loop."""
    return memoryview(bytearray(RECEIVE_BYTES))


class FrameReceiver:
    """Cuts a stream into frames. The shape is that of `asyncio.BufferedProtocol`, whose loop writes into our memory.

    Every frame is a bytearray of its own, so that a batch in it can be patched in place and outlive its neighbours.
    Between `get_buffer` and `buffer_updated` nobody else may write into `scratch`; otherwise it can be shared.
    """

    def __init__(
        self, max_frame_bytes: int, scratch: memoryview | None = None, trusted_bytes: int = FIRST_BYTES
    ) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._small = scratch if scratch is not None else receive_buffer()
        self._rest = b""
        self._trusted = trusted_bytes
        self._big: bytearray | None = None
        self._big_size = 0
        self._big_end = 0
        self._frames: deque[bytearray] = deque()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go; never empty. Nobody may hold the one before any more."""
        if self._big is None:
            rest = len(self._rest)
            if rest:
                self._small[:rest] = self._rest
            return self._small[rest:]
        if self._big_end == len(self._big):
            self._big += bytes(self._grown_size() - len(self._big))
        return memoryview(self._big)[self._big_end :]

    def buffer_updated(self, nbytes: int) -> None:
        """That many bytes were written there. Raises ProtocolViolation for a frame of negative or excessive size."""
        if self._big is None:
            self._cut(len(self._rest) + nbytes)
            return
        self._big_end += nbytes
        if self._big_end == self._big_size:
            self._frames.append(self._big)
            self._trusted = max(self._trusted, min(self._big_size, TRUSTED_BYTES))
            self._big = None

    @property
    def pending(self) -> bool:
        """True while a complete frame has not been taken."""
        return bool(self._frames)

    @property
    def held_bytes(self) -> int:
        """Memory of frames that were not taken or are arriving, and what the next read of a big one will take."""
        if self._big is None:
            return (sum(map(len, self._frames)) if self._frames else 0) + len(self._rest)
        waiting = sum(map(len, self._frames))
        return waiting + (len(self._big) if self._big_end < len(self._big) else self._grown_size())

    @property
    def arrived_bytes(self) -> int:
        """What has arrived of the frame that is arriving."""
        return self._big_end if self._big is not None else len(self._rest)

    def frames(self) -> Iterator[bytearray]:
        """The complete frames, without their sizes; each is given once."""
        while self._frames:
            yield self._frames.popleft()

    def _cut(self, end: int) -> None:
        start, small = 0, self._small
        while end - start >= SIZE.size:
            (size,) = SIZE.unpack_from(small, start)
            if not 0 <= size <= self._max_frame_bytes:
                raise ProtocolViolation(_bad_size(size, small[start : start + 2]))
            body = start + SIZE.size
            if body + size > end:
                if size > len(small) - SIZE.size:
                    self._begin_big(size, small[body:end])
                    start = end
                break
            start = body + size
            self._frames.append(bytearray(small[body:start]))
        self._rest = bytes(small[start:end]) if start < end else b""

    def _begin_big(self, size: int, received: memoryview) -> None:
        self._big = room_for(min(size, max(self._trusted, 2 * len(received))))
        self._big[: len(received)] = received
        self._big_size, self._big_end = size, len(received)

    def _grown_size(self) -> int:
        assert self._big is not None
        # By steps of which none takes long: the memory moves without being copied.
        return min(len(self._big) + min(len(self._big), TRUSTED_BYTES), self._big_size)


def _bad_size(size: int, beginning: memoryview) -> str:
    foreign = FOREIGN.get(bytes(beginning))
    return f"a frame of {size} bytes" + (f": this looks like {foreign}" if foreign else "")


class ServerConnection:
    """A broker's side: requests come in, responses go out in the order in which they are sent."""

    def __init__(self, max_request_bytes: int, scratch: memoryview | None = None) -> None:
        self._receiver = FrameReceiver(max_request_bytes, scratch)
        self.get_buffer = self._receiver.get_buffer
        self.buffer_updated = self._receiver.buffer_updated
        self._outgoing: list[Buffer] = []

    @property
    def pending(self) -> bool:
        """True while a request has arrived and was not taken."""
        return self._receiver.pending

    @property
    def held_bytes(self) -> int:
        """Memory of requests that were not taken or are arriving."""
        return self._receiver.held_bytes

    @property
    def arrived_bytes(self) -> int:
        """What has arrived of the request that is arriving."""
        return self._receiver.arrived_bytes

    def requests(self) -> Iterator[Request]:
        """The requests received so far, each decoded when it is taken. Raises ProtocolViolation."""
        for frame in self._receiver.frames():
            yield parse_request(frame)

    def send_response(self, request: Request | Asked, message: Any) -> None:
        """Queue the response to a request."""
        self._outgoing += encode_response(request.api_key, request.api_version, request.correlation_id, message)

    def data_to_send(self) -> list[Buffer]:
        """The buffers to be written now, in order; each is given once."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing


class ClientConnection:
    """A client's side. Responses come in the order of the requests; each is decoded in the version of its request."""

    def __init__(self, client_id: str | None, max_response_bytes: int = MAX_FRAME_BYTES) -> None:
        self._client_id = client_id
        self._receiver = FrameReceiver(max_response_bytes, trusted_bytes=TRUSTED_RESPONSE_BYTES)
        self.get_buffer = self._receiver.get_buffer
        self.buffer_updated = self._receiver.buffer_updated
        self._outgoing: list[Buffer] = []
        self._expected: deque[tuple[int, ApiKey, int]] = deque()
        self._next_correlation_id = 0

    def send_request(self, api_key: ApiKey, version: int, message: Any) -> int:
        """Queue a request. Returns its correlation id. A produce with acks=0 gets no response."""
        correlation_id = self._next_correlation_id
        self._outgoing += encode_request(api_key, version, correlation_id, self._client_id, message)
        self._next_correlation_id = (correlation_id + 1) & MAX_CORRELATION_ID
        if not (isinstance(message, ProduceRequest) and message.acks == 0):
            self._expected.append((correlation_id, api_key, version))
        return correlation_id

    def responses(self) -> Iterator[tuple[int, Any]]:
        """The responses received so far, with their correlation ids. Raises ProtocolViolation."""
        for frame in self._receiver.frames():
            if not self._expected:
                raise ProtocolViolation("a response that nobody asked for")
            expected, api_key, version = self._expected.popleft()
            correlation_id, message = decode_response(api_key, version, frame)
            if correlation_id != expected:
                raise ProtocolViolation(f"the response to request {correlation_id} in place of that to {expected}")
            yield correlation_id, message

    def data_to_send(self) -> list[Buffer]:
        """The buffers to be written now, in order; each is given once."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing
