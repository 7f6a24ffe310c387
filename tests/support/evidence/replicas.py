"""Compares what replicas of a partition have on their disks, reading segment files with no code of ours."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.evidence.checker import Kind, Violation
from tests.support.evidence.history import Partition

BATCH_PREFIX = struct.Struct(">qi")
LAST_OFFSET_DELTA = struct.Struct(">i")
LAST_OFFSET_DELTA_AT = 23


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    base_offset: int
    last_offset: int
    data: bytes


def stored_batches(folder: Path) -> Iterator[StoredBatch]:
    """Whole batches of a partition's folder in offset order; ends at the first place that holds none (a torn tail)."""
    for segment in sorted(folder.glob("*.log")):
        yield from _batches(segment.read_bytes())


def _batches(data: bytes) -> Iterator[StoredBatch]:
    place = 0
    while place + LAST_OFFSET_DELTA_AT + LAST_OFFSET_DELTA.size <= len(data):
        base_offset, length = BATCH_PREFIX.unpack_from(data, place)
        end = place + BATCH_PREFIX.size + length
        if length <= 0 or end > len(data):
            return
        (delta,) = LAST_OFFSET_DELTA.unpack_from(data, place + LAST_OFFSET_DELTA_AT)
        yield StoredBatch(base_offset=base_offset, last_offset=base_offset + delta, data=data[place:end])
        place = end


def differences(
    partition: Partition, folders: Mapping[int, Path], high_watermark: int, log_start: int = 0
) -> Iterator[Violation]:
    """What differs between replicas (broker id -> partition folder) in [log_start, high_watermark)."""
    contents = {
        broker: {
            batch.base_offset: batch.data
            for batch in stored_batches(folder)
            if batch.base_offset < high_watermark and batch.last_offset >= log_start
        }
        for broker, folder in folders.items()
    }
    reference_broker, reference = next(iter(contents.items()))
    for broker, batches in contents.items():
        for offset in sorted(reference.keys() | batches.keys()):
            if reference.get(offset) != batches.get(offset):
                detail = f"brokers {reference_broker} and {broker} differ in the batch at {offset}"
                yield Violation(kind=Kind.REPLICAS_DIFFER, partition=partition, detail=detail)
        reached = max((batch.last_offset for batch in stored_batches(folders[broker])), default=-1)
        if reached + 1 < high_watermark:
            detail = f"broker {broker} ends at {reached + 1}, the high watermark is {high_watermark}"
            yield Violation(kind=Kind.REPLICAS_DIFFER, partition=partition, detail=detail)
