"""Real disks without room under load: their broker goes down, nothing acknowledged is lost, room brings it back."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import OPTIONS, SETTLED, Case
from tests.support.cluster import Cluster, cluster
from tests.support.console import Visitor
from tests.support.evidence.load import load
from tests.support.patience import until
from tests.up.rows import node

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SMALL, THIN = 1, 2
"""The broker with a small disk of its own, and the one whose disk is less than it seems."""
DISK, BEHIND_DISK = "48m", "64m"


@contextlib.contextmanager
def mounted(what: str, where: Path, *options: str) -> Iterator[Path]:
    where.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *options, what, str(where)], check=True)
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=True)


@contextlib.contextmanager
def thin_disk(where: Path, behind: Path) -> Iterator[None]:
    """A file system that takes what its device has no room for: it is told only when it is to be kept."""
    with mounted("tmpfs", behind, "-t", "tmpfs", "-o", f"size={BEHIND_DISK}"):
        image = behind / "image"
        image.touch()
        os.truncate(image, 256 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", str(image)], check=True)
        with mounted(str(image), where, "-o", "loop"):
            yield


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Path]]:
    """Where the room of each of the two brokers is taken from."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount small disks")
    folder = tmp_path_factory.mktemp("disks")
    small, behind = folder / "data" / f"broker-{SMALL}", folder / "behind"
    with (
        mounted("tmpfs", small, "-t", "tmpfs", "-o", f"size={DISK}"),
        thin_disk(folder / "data" / f"broker-{THIN}", behind),
    ):
        yield {SMALL: small, THIN: behind}


@pytest.fixture(scope="module")
def faulty(disks: dict[int, Path]) -> Iterator[Cluster]:
    with cluster(3, disks[THIN].parent, *OPTIONS) as running:
        yield running


@pytest.fixture(scope="module")
def console(faulty: Cluster) -> Visitor:
    return Visitor(faulty.up)


def fill(disk: Path) -> Path:
    """Take all the room there is; the file that has it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        while size:
            try:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
            except OSError:
                size //= 2
    return ballast


@pytest.mark.parametrize("broker", [SMALL, THIN])
def test_a_full_disk_takes_its_broker_down_and_room_brings_it_back(
    case: Case, console: Visitor, disks: dict[int, Path], broker: int
) -> None:
    up = case.cluster.up
    directory = up.data_dir / f"broker-{broker}"
    with load(case.cluster.bootstrap, case.partitions, case.history):
        case.acknowledged(SETTLED)
        ballast = fill(disks[broker])
        said = up.until_it_says(f"the log directory {directory} is offline: ")
        assert f"broker {broker} " in said
        for partition in case.partitions:
            until(lambda: case.cluster.leader(partition) != broker, "another leader")  # noqa: B023
        case.acknowledged(SETTLED)
        assert node(up.data_dir, broker).last_exit_detail in said
        assert f"the log directory {directory} is offline: " in console.get(f"/brokers/{broker}/")[1]
        up.until_it_says(f"the log directory {directory} is offline: ")  # at its next start: there is no room yet
        ballast.unlink()
        case.cluster.wait_ready(60)
        for partition in case.partitions:
            case.cluster.wait_in_sync(partition)
        case.acknowledged(SETTLED)
    case.judge()
    assert "Traceback" not in (up.data_dir / "logs" / f"broker-{broker}.log").read_text()
    print(f"longest time without an acknowledgement: {case.history.longest_gap():.2f} s")
