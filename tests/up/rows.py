"""The rows of a running `up`, read and written past Django: its data directory is not this process's."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

COLUMNS = "state, pid, restarts, last_exit, last_exit_detail"


class Node(NamedTuple):
    state: str
    pid: int | None
    restarts: int
    last_exit: str
    last_exit_detail: str


def node(data_dir: Path, broker_id: int) -> Node:
    with closing(_connect(data_dir)) as database:
        row = database.execute(f"SELECT {COLUMNS} FROM cluster_brokernode WHERE broker_id = ?", [broker_id]).fetchone()
    return Node(*row)


def want(data_dir: Path, broker_id: int, **fields: object) -> None:
    """Change the broker's row, as the console does."""
    changes = ", ".join(f"{name} = ?" for name in fields)
    with closing(_connect(data_dir)) as database, database:
        database.execute(f"UPDATE cluster_brokernode SET {changes} WHERE broker_id = ?", [*fields.values(), broker_id])


def switch_demo(data_dir: Path, on: bool) -> None:
    """What the console's button does."""
    with closing(_connect(data_dir)) as database, database:
        database.execute("UPDATE cluster_installation SET demo = ? WHERE id = 1", [on])


def sampled(data_dir: Path) -> set[int]:
    """The brokers whose counters have been written down."""
    with closing(_connect(data_dir)) as database:
        return {broker_id for (broker_id,) in database.execute("SELECT DISTINCT broker_id FROM cluster_ratesample")}


def _connect(data_dir: Path) -> sqlite3.Connection:
    return sqlite3.connect(data_dir / "odradek.sqlite3", timeout=10)
