"""What `up` will not do: one line says what is wrong and what to do, the exit status is not 0, nothing is damaged."""

import socket
from pathlib import Path

import pytest

from tests.support.ports import free_ports
from tests.up.running import manage


def refusal(*arguments: str, **extra: str) -> str:
    """The one line that `up` refuses with."""
    done = manage("up", *arguments, extra=extra)
    assert done.returncode != 0, done.stdout
    assert done.stdout == ""
    assert done.stderr.startswith("odradek: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--brokers", "10"], "--brokers must be a number from 1 to 9, not '10'."),
        (["--nonsense"], "unrecognized arguments: --nonsense. See `manage.py up --help`."),
        (["--host", "192.0.2.1"], "--host 192.0.2.1 is not an address of this machine. Name one that is."),
        (["--host", "no.such.host.invalid"], "--host no.such.host.invalid cannot be resolved."),
        (["--set", "log.retentoin.ms=5"], "log.retentoin.ms"),
        (["--set", "log.retention.ms=soon"], "log.retention.ms"),
        (["--set", "node.id=7"], "node.id"),
    ],
)
def test_nonsense(arguments: list[str], words: str, tmp_path: Path) -> None:
    first = free_ports(4)
    ports = ["--base-port", str(first), "--console-port", str(first + 3)]
    assert words in refusal("--data-dir", str(tmp_path / "data"), *ports, *arguments)


def test_a_busy_port(tmp_path: Path) -> None:
    first = free_ports(4)
    with socket.create_server(("127.0.0.1", first + 1)):
        line = refusal("--data-dir", str(tmp_path), "--base-port", str(first), "--console-port", str(first + 3))
    assert f"Port {first + 1} on 127.0.0.1 is in use by " in line
    assert "choose another --base-port" in line


def test_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    assert f"{file} is a file, not a directory" in refusal("--data-dir", str(file))
    assert file.read_text() == "mine"


def test_a_data_directory_that_cannot_be_written() -> None:
    assert "Cannot write in /proc/odradek" in refusal("--data-dir", "/proc/odradek")


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    first = free_ports(5)
    nowhere = f"postgresql://somebody:secret@127.0.0.1:{first + 4}/odradek"
    ports = ("--base-port", str(first), "--console-port", str(first + 3))
    done = manage("up", "--data-dir", str(tmp_path), *ports, extra={"DATABASE_URL": nowhere})
    assert done.returncode == 1
    assert "The database odradek on 127.0.0.1 does not answer" in done.stderr
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.parametrize("url", ["nonsense", "mysql://somebody:secret@127.0.0.1/odradek"])
def test_a_database_address_that_cannot_be_meant(url: str, tmp_path: Path) -> None:
    first = free_ports(4)
    ports = ("--base-port", str(first), "--console-port", str(first + 3))
    line = refusal("--data-dir", str(tmp_path / "data"), *ports, DATABASE_URL=url)
    assert "DATABASE_URL must be like postgresql://user:password@host:5432/name" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "REDIS_URL must be like redis://host:6379"),
        ("redis://:secret@127.0.0.1:{port}", "The Redis that REDIS_URL names does not answer"),
    ],
)
def test_a_redis_that_is_not_there(url: str, words: str, tmp_path: Path) -> None:
    first = free_ports(5)
    ports = ("--base-port", str(first), "--console-port", str(first + 3))
    line = refusal("--data-dir", str(tmp_path / "data"), *ports, REDIS_URL=url.format(port=first + 4))
    assert words in line
    assert "secret" not in line


def test_a_data_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    first = free_ports(4)
    with socket.create_server(("127.0.0.1", first)):
        refusal("--data-dir", str(tmp_path / "data"), "--base-port", str(first), "--console-port", str(first + 3))
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_brokers_of_another_cluster_in_the_data_directory(tmp_path: Path) -> None:
    first = free_ports(4)
    (tmp_path / "broker-1").mkdir()
    properties = tmp_path / "broker-1" / "meta.properties"
    properties.write_text("version=1\ncluster.id=4L6g3nShT-eMCtK--X86sw\nnode.id=1\n")
    ports = ("--base-port", str(first), "--console-port", str(first + 3))
    done = manage("up", "--data-dir", str(tmp_path), *ports)
    assert done.returncode == 1
    assert "belongs to cluster 4L6g3nShT-eMCtK--X86sw, but the database knows no cluster yet" in done.stderr
    assert properties.read_text().count("\n") == 3
