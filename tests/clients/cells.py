"""Which cell of the matrix a test shows (`@pytest.mark.cell(client, behaviour)`), and what became of it in the end.

A test may show several cells, and a cell may need several tests: it has passed when all of them have.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.clients.matrix import Cell

FOLDER = Path(__file__).parent
COLLECT_INTO = "MATRIX_CELLS"
AGAINST = os.environ.get("MATRIX_AGAINST", "odradek")
"""Which cluster the suite runs against: `odradek` or `apache`."""


def cells_of(item: pytest.Item) -> list[Cell]:
    return [Cell(*mark.args) for mark in item.iter_markers("cell")]


def last_run(against: str = AGAINST) -> Path:
    """The file with what became of each test: node id -> cells, outcome, seconds."""
    return FOLDER / f".last-run-{against}.json"


class Recorder:
    """The pytest plugin that keeps the outcomes of a session and writes them at its end, over those of earlier ones."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, Any]] = {}

    def collected(self, items: Iterable[pytest.Item]) -> None:
        if path := os.environ.get(COLLECT_INTO):
            shown = sorted({cell for item in items for cell in cells_of(item)})
            Path(path).write_text(json.dumps([[cell.client, cell.behaviour] for cell in shown]))

    def reported(self, item: pytest.Item, report: pytest.TestReport) -> None:
        cells = [[cell.client, cell.behaviour] for cell in cells_of(item)]
        if not cells:
            return
        test = self.tests.setdefault(item.nodeid, {"cells": cells, "outcome": "passed", "seconds": 0.0})
        test["seconds"] = round(test["seconds"] + report.duration, 2)
        if not report.passed and test["outcome"] != "failed":
            test["outcome"] = report.outcome

    def write(self) -> None:
        path = last_run()
        earlier = json.loads(path.read_text()) if path.exists() else {}
        if self.tests:
            path.write_text(json.dumps({**earlier, **self.tests}, indent=1, sort_keys=True))


def outcomes(tests: Mapping[str, Mapping[str, Any]]) -> dict[Cell, str]:
    """Cell -> `passed` or `failed`; a cell of which a test was skipped has none."""
    found: dict[Cell, set[str]] = defaultdict(set)
    for test in tests.values():
        for client, behaviour in test["cells"]:
            found[Cell(client, behaviour)].add(test["outcome"])
    worst = {cell: next(one for one in ("failed", "skipped", "passed") if one in seen) for cell, seen in found.items()}
    return {cell: outcome for cell, outcome in worst.items() if outcome != "skipped"}


def cells_with_tests() -> set[Cell]:
    """The cells that the suite has tests for, as pytest collects them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.json"
        command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider", str(FOLDER)]
        done = subprocess.run(command, env={**os.environ, COLLECT_INTO: str(path)}, capture_output=True, text=True)
        if not path.exists():
            raise RuntimeError(f"the suite cannot be collected:\n{done.stdout}{done.stderr}")
        return {Cell(client, behaviour) for client, behaviour in json.loads(path.read_text())}
