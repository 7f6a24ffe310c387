"""The port to the metadata log: an ordered table that one controller at a time may write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cluster.controller.changes import Change
from cluster.controller.state import ClusterState, Entry


class StoreUnavailable(Exception):
    """The store did not answer. Whether a write took effect is unknown: read the log before going on."""


class Deposed(Exception):
    """Another broker has taken the controller lease since. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write the metadata log. `expired`: it was not renewed in time, its holder may be gone."""

    controller_id: int
    epoch: int
    expired: bool = False


class MetadataStore(Protocol):
    """The metadata log. Every method may raise StoreUnavailable; reads see all that was written before them.

    Offsets are dense and begin at 0. A write is one transaction that checks the epoch of the lease: a controller that
    was deposed cannot write.
    """

    async def cluster_id(self) -> str:
        """The id of this cluster, made by whoever asks first."""

    async def read_snapshot(self) -> ClusterState:
        """A state to start from; the log from its offset on is there to read."""

    async def read(self, after_offset: int, limit: int) -> Sequence[Entry]:
        """The next entries behind `after_offset`, at most about `limit`."""

    async def append(self, epoch: int, expected_offset: int, changes: Sequence[Change]) -> int:
        """Write changes behind `expected_offset`, the last offset that the controller knows. Returns the new last one.

        Raises Deposed when the lease is not of `epoch` or the log has gone on without the controller.
        """

    async def claim(self, controller_id: int, host: str, port: int, known_epoch: int) -> Lease:
        """Take the lease, if nobody took it since `known_epoch` (0: nobody ever). Writes a ControllerElected.

        Raises Deposed when somebody did.
        """

    async def renew(self, lease: Lease) -> None:
        """Say that the holder is alive. Raises Deposed."""

    async def current_lease(self) -> Lease | None:
        """Who holds the lease; None before the first claim."""

    async def save_snapshot(self, epoch: int, state: ClusterState) -> None:
        """Keep `state` for brokers that start, and drop what lies far behind it. Raises Deposed."""
