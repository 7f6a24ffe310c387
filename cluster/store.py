"""The metadata log in the Django database: the adapter of the controller's port."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TypeVar

from django.db import Error, close_old_connections, connections, transaction
from django.utils import timezone

from cluster.controller import snapshot
from cluster.controller.changes import Change, ControllerElected, from_json, to_json
from cluster.controller.state import ClusterState, Entry
from cluster.controller.store import Deposed, Lease, StoreUnavailable
from cluster.models import ClusterIdentity, ControllerLease, MetadataRecord, MetadataSnapshot
from cluster.protocol.primitives import random_uuid, uuid_to_text

LEASE = timedelta(seconds=6)
THREADS = 2
UNDEFINED_TABLE = "42P01"
"""PostgreSQL's SQLSTATE."""
KEPT_RECORDS = 10_000
"""How much of the log stays behind a snapshot: the console shows what changed lately."""

Result = TypeVar("Result")


class DjangoMetadataStore:
    """Runs each call in a thread of its own pool, in one transaction. May be used from one event loop."""

    def __init__(self) -> None:
        # Reads and writes need not wait for one another; more threads would only be more connections.
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="metadata-store")

    async def _run(self, function: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _answered, function, *arguments)

    async def cluster_id(self) -> str:
        """The id of this cluster, made by whoever asks first."""
        return await self._run(_cluster_id)

    async def read_snapshot(self) -> ClusterState:
        """The newest snapshot, or the empty state."""
        return await self._run(_read_snapshot)

    async def read(self, after_offset: int, limit: int) -> Sequence[Entry]:
        """The next entries behind `after_offset`."""
        return await self._run(_read, after_offset, limit)

    async def append(self, epoch: int, expected_offset: int, changes: Sequence[Change]) -> int:
        """Write changes behind `expected_offset`. Raises Deposed."""
        return await self._run(_append, epoch, expected_offset, changes)

    async def claim(self, controller_id: int, host: str, port: int, known_epoch: int) -> Lease:
        """Take the lease. Raises Deposed when somebody took it since `known_epoch`."""
        return await self._run(_claim, controller_id, host, port, known_epoch)

    async def renew(self, lease: Lease) -> None:
        """Keep the lease. Raises Deposed."""
        await self._run(_renew, lease)

    async def current_lease(self) -> Lease | None:
        """Who holds the lease."""
        return await self._run(_current_lease)

    async def save_snapshot(self, epoch: int, state: ClusterState) -> None:
        """Keep `state`, drop what lies far behind it. Raises Deposed."""
        await self._run(_save_snapshot, epoch, state)

    def close(self, *, wait: bool = False) -> None:
        """End the threads, with their connections."""
        all_there = Barrier(THREADS, timeout=1.0)
        for _ in range(THREADS):
            self._threads.submit(_leave, all_there)
        self._threads.shutdown(wait=wait)


def _leave(all_there: Barrier) -> None:
    """Each thread closes its own connection: none must take the turn of another."""
    all_there.wait()
    connections.close_all()


def _answered(function: Callable[..., Result], *arguments: object) -> Result:
    """Call with a connection that works; a database that is away is an answer of its own."""
    close_old_connections()
    try:
        return function(*arguments)
    except Error as error:
        close_old_connections()
        raise StoreUnavailable(_why(error)) from error


def _why(error: Error) -> str:
    """In one line; a database that was never migrated is no riddle."""
    text = str(error).partition("\n")[0]
    missing = text.startswith("no such table") or getattr(error.__cause__, "sqlstate", None) == UNDEFINED_TABLE
    return "its tables are missing: run `manage.py migrate`" if missing else text


def _cluster_id() -> str:
    made = uuid_to_text(random_uuid(random.SystemRandom()))
    return ClusterIdentity.objects.get_or_create(id=1, defaults={"cluster_id": made})[0].cluster_id


def _read_snapshot() -> ClusterState:
    cluster_id = _cluster_id()
    row = MetadataSnapshot.objects.order_by("-offset").first()
    return ClusterState(cluster_id=cluster_id) if row is None else snapshot.from_json(cluster_id, row.payload)


def _read(after_offset: int, limit: int) -> list[Entry]:
    rows = MetadataRecord.objects.filter(offset__gt=after_offset).order_by("offset")
    values = rows.values_list("offset", "controller_epoch", "kind", "payload")[:limit]
    entries = [Entry(offset, epoch, from_json(kind, payload)) for offset, epoch, kind, payload in values]
    assert not entries or entries[0].offset == after_offset + 1, "the log is read without gaps"
    return entries


def _append(epoch: int, expected_offset: int, changes: Sequence[Change]) -> int:
    with transaction.atomic():
        last_offset = expected_offset + len(changes)
        # One statement checks and locks: whoever claims the lease meanwhile waits, or makes this match no row.
        held = ControllerLease.objects.filter(id=1, epoch=epoch, last_offset=expected_offset)
        if not held.update(last_offset=last_offset):
            raise Deposed(f"the lease of epoch {epoch} is lost, or the log does not end at {expected_offset}")
        _write(epoch, expected_offset + 1, changes)
    return last_offset


def _write(epoch: int, first_offset: int, changes: Sequence[Change]) -> None:
    now = timezone.now()
    rows = []
    for offset, change in enumerate(changes, first_offset):
        kind, payload = to_json(change)
        rows.append(MetadataRecord(offset=offset, controller_epoch=epoch, kind=kind, payload=payload, created_at=now))
    MetadataRecord.objects.bulk_create(rows, batch_size=1000)


def _claim(controller_id: int, host: str, port: int, known_epoch: int) -> Lease:
    epoch = known_epoch + 1
    with transaction.atomic():
        if known_epoch == 0:
            ControllerLease.objects.get_or_create(id=1, defaults={"controller_id": controller_id, "epoch": 0})
        row = ControllerLease.objects.select_for_update().get(id=1)
        if row.epoch != known_epoch:
            raise Deposed(f"broker {row.controller_id} is the controller since epoch {row.epoch}")
        elected = ControllerElected(controller_id=controller_id, epoch=epoch, host=host, port=port)
        _write(epoch, row.last_offset + 1, [elected])
        row.controller_id, row.epoch, row.last_offset = controller_id, epoch, row.last_offset + 1
        row.renewed_at = timezone.now()
        row.save()
    return Lease(controller_id=controller_id, epoch=epoch)


def _renew(lease: Lease) -> None:
    if not ControllerLease.objects.filter(id=1, epoch=lease.epoch).update(renewed_at=timezone.now()):
        raise Deposed(f"the lease of epoch {lease.epoch} is lost")


def _current_lease() -> Lease | None:
    row = ControllerLease.objects.filter(id=1).first()
    if row is None:
        return None
    expired = timezone.now() - row.renewed_at > LEASE
    return Lease(controller_id=row.controller_id, epoch=row.epoch, expired=expired)


def _save_snapshot(epoch: int, state: ClusterState) -> None:
    with transaction.atomic():
        if not ControllerLease.objects.filter(id=1, epoch=epoch, last_offset__gte=state.offset).exists():
            raise Deposed(f"the lease of epoch {epoch} is lost")
        MetadataSnapshot.objects.update_or_create(offset=state.offset, defaults={"payload": snapshot.to_json(state)})
        MetadataSnapshot.objects.filter(offset__lt=state.offset).delete()
        MetadataRecord.objects.filter(offset__lte=state.offset - KEPT_RECORDS).delete()
