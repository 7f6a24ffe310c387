"""Replicas are compared by the bytes of their segments, up to the high watermark and no further."""

import struct
from pathlib import Path

from tests.support.evidence.checker import Kind
from tests.support.evidence.replicas import differences, stored_batches

PARTITION = ("orders", 0)


def batch(base_offset: int, records: int, filling: bytes = b"x") -> bytes:
    body = struct.pack(">iBIhi", 1, 2, 0, 0, records - 1) + filling * 40
    return struct.pack(">qi", base_offset, len(body)) + body


def replica(folder: Path, *segments: bytes) -> Path:
    folder.mkdir()
    for number, data in enumerate(segments):
        (folder / f"{number:020}.log").write_bytes(data)
    return folder


def found(folders: dict[int, Path], high_watermark: int, log_start: int = 0) -> list[Kind]:
    return [violation.kind for violation in differences(PARTITION, folders, high_watermark, log_start)]


def test_replicas_with_other_segment_borders_and_longer_tails_are_equal(tmp_path: Path) -> None:
    one = replica(tmp_path / "one", batch(0, 3) + batch(3, 2), batch(5, 1))
    two = replica(tmp_path / "two", batch(0, 3), batch(3, 2) + batch(5, 1) + batch(6, 4, b"uncommitted"))
    assert found({1: one, 2: two}, high_watermark=6) == []


def test_another_content_below_the_high_watermark_is_found(tmp_path: Path) -> None:
    one = replica(tmp_path / "one", batch(0, 3) + batch(3, 2))
    two = replica(tmp_path / "two", batch(0, 3) + batch(3, 2, b"y"))
    assert found({1: one, 2: two}, high_watermark=5) == [Kind.REPLICAS_DIFFER]
    assert found({1: one, 2: two}, high_watermark=3) == []


def test_a_replica_that_ends_before_the_high_watermark_is_found(tmp_path: Path) -> None:
    one = replica(tmp_path / "one", batch(0, 3))
    two = replica(tmp_path / "two", batch(0, 3))
    assert found({1: one, 2: two}, high_watermark=4) == [Kind.REPLICAS_DIFFER] * 2


def test_what_lies_below_the_log_start_is_not_compared(tmp_path: Path) -> None:
    one = replica(tmp_path / "one", batch(0, 3) + batch(3, 2))
    two = replica(tmp_path / "two", batch(3, 2))
    assert found({1: one, 2: two}, high_watermark=5, log_start=3) == []
    assert found({1: one, 2: two}, high_watermark=5) == [Kind.REPLICAS_DIFFER]


def test_a_torn_or_zero_filled_tail_is_no_batch(tmp_path: Path) -> None:
    one = replica(tmp_path / "one", batch(0, 3) + batch(3, 2)[:-5])
    two = replica(tmp_path / "two", batch(0, 3) + bytes(4096))
    assert [stored.base_offset for folder in (one, two) for stored in stored_batches(folder)] == [0, 0]
