"""Memory that the host of a virtual machine takes back."""

from pathlib import Path

import pytest

from tests.benchmarks import host_memory

NOT_REPORTING, REPORTING = "0110000100000000", "0110010100000000"


@pytest.mark.parametrize(
    ("device", "features", "taken_back"),
    [("0x0005", REPORTING, True), ("0x0005", NOT_REPORTING, False), ("0x0001", REPORTING, False)],
    ids=["a balloon that reports", "a balloon that does not", "another device"],
)
def test_a_balloon_tells_whether_it_reports_free_pages(
    tmp_path: Path, device: str, features: str, taken_back: bool
) -> None:
    (tmp_path / "virtio0").mkdir()
    (tmp_path / "virtio0" / "device").write_text(f"{device}\n")
    (tmp_path / "virtio0" / "features").write_text(f"{features}\n")
    assert host_memory.taken_back(tmp_path) is taken_back


def test_a_machine_without_such_devices_keeps_its_memory(tmp_path: Path) -> None:
    assert not host_memory.taken_back(tmp_path / "none")
