"""Apache Kafka's own dump tool reads what we write, and has nothing to complain about."""

import re
import subprocess
from pathlib import Path

import pytest

from cluster.log.files import RealFiles
from cluster.log.partition_log import OpenFrom, PartitionLog
from cluster.protocol.records.batch import Compression
from tests.log.support import NOW, ORDERS, TOPIC_ID, batch_of, config, sequenced
from tests.support import apache_kafka
from tests.support.patience import seconds

DUMP = "org.apache.kafka.tools.DumpLogSegments"
# A segment that does not begin at 0 is always said to go on behind -1: that one is the tool's own mistake.
COMPLAINT = re.compile(r"mismatch|corrupt|invalid|not found|error|exception|^ +\d+ is followed by", re.IGNORECASE)


def written_log(folder: Path) -> PartitionLog:
    """Every codec, idempotent and plain batches, two epochs, several segments; closed in order."""
    settings = config(internal_segment_bytes=6000, index_interval_bytes=300)
    log = PartitionLog.open(RealFiles(), str(folder), ORDERS, settings, NOW, OpenFrom(clean=True), TOPIC_ID)
    for step in range(60):
        codec = Compression(step % 5)
        values = (b"value %d of step %d " % (index, step) * 4 for index in range(4))
        log.append_as_leader(batch_of(*values, timestamp=NOW + 10 * step, compression=codec), step // 30, NOW)
        log.append_as_leader(sequenced(step), step // 30, NOW)
    log.close()
    return log


def dump(*arguments: str) -> str:
    """What the tool prints; its complaints go to the standard error."""
    apache_kafka.needed()
    command = apache_kafka.java(DUMP, *arguments)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds(60))
    assert done.returncode == 0, done.stdout
    return done.stdout


def complaints(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if COMPLAINT.search(line.replace("isvalid: true", ""))]


def dump_without_complaint(*arguments: str) -> str:
    printed = dump(*arguments)
    assert not complaints(printed)
    return printed


@pytest.mark.slow
def test_segments_and_indexes_agree_in_the_eyes_of_kafka(tmp_path: Path) -> None:
    log = written_log(tmp_path / "orders-0")
    files = sorted((tmp_path / "orders-0").iterdir())
    logs = ",".join(str(path) for path in files if path.suffix == ".log")
    assert logs.count(",") >= 2

    shown = dump_without_complaint("--deep-iteration", "--print-data-log", "--files", logs)
    assert shown.count("isvalid: true") == 120
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        assert f"compresscodec: {codec}" in shown
    assert "payload: value 3 of step 59" in shown
    assert f"lastOffset: {log.log_end_offset - 1}" in shown
    assert "partitionLeaderEpoch: 1" in shown

    for suffix in (".index", ".timeindex"):
        indexes = [path for path in files if path.suffix == suffix]
        assert any(path.stat().st_size for path in indexes)
        dump_without_complaint("--index-sanity-check", "--files", ",".join(map(str, indexes)))
        assert "offset: " in dump_without_complaint("--files", ",".join(map(str, indexes)))

    damaged = next(path for path in files if path.suffix == ".index" and path.stat().st_size)
    content = damaged.read_bytes()
    damaged.write_bytes(content[:3] + bytes([content[3] ^ 1]) + content[4:])
    assert complaints(dump("--files", str(damaged)))


@pytest.mark.slow
def test_producer_snapshots_are_read_by_kafka(tmp_path: Path) -> None:
    written_log(tmp_path / "orders-0")
    snapshots = sorted((tmp_path / "orders-0").glob("*.snapshot"))
    assert len(snapshots) >= 2
    shown = dump_without_complaint("--files", str(snapshots[-1]))
    assert "producerId: 7 producerEpoch: 0" in shown
    assert "lastSequence: 59" in shown
