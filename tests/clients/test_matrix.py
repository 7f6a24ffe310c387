"""The matrix is whole, and the README shows the one that the suite tests."""

import pytest

from tests.clients import readme
from tests.clients.cells import cells_with_tests, outcomes
from tests.clients.matrix import ABSENT, LIMITED, TABLES, Cell, Table
from tests.clients.readme import SECTION, render


@pytest.fixture(scope="module")
def tested() -> set[Cell]:
    return cells_with_tests()


def test_every_cell_is_tested_or_absent_for_a_reason(tested: set[Cell]) -> None:
    cells = [cell for table in TABLES for cell in table.cells()]
    assert len(cells) == len(set(cells))
    assert tested | ABSENT.keys() == set(cells)
    assert not tested & ABSENT.keys()
    assert tested >= LIMITED.keys()


def test_each_exception_says_why() -> None:
    assert all(len(reason) > 20 for reason in [*ABSENT.values(), *LIMITED.values()])


def test_the_readme_shows_this_matrix_with_every_cell_passed(tested: set[Cell]) -> None:
    assert SECTION.written() == render(dict.fromkeys(tested, "passed")), "run `uv run python -m tests.clients`"


def test_a_cell_has_passed_when_all_of_its_tests_have() -> None:
    def test(outcome: str, *cells: tuple[str, str]) -> dict[str, object]:
        return {"cells": cells, "outcome": outcome}

    tests = {
        "a": test("passed", ("x", "seek"), ("x", "pause")),
        "b": test("failed", ("x", "pause")),
        "c": test("skipped", ("y", "seek")),
    }
    assert outcomes(tests) == {Cell("x", "seek"): "passed", Cell("x", "pause"): "failed"}


def test_footnotes_are_numbered_once_for_each_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table("Reading", ("x", "y", "z"), ("seek",))
    absent = dict.fromkeys((Cell("x", "seek"), Cell("y", "seek")), "it cannot")
    monkeypatch.setattr(readme, "ABSENT", absent)
    shown = render({Cell("z", "seek"): "failed"}, (table,))
    assert shown.splitlines() == [
        "| Reading | seek |",
        "| --- | :-: |",
        "| x | –<sup>1</sup> |",
        "| y | –<sup>1</sup> |",
        "| z | ✗ |",
        "",
        "1. it cannot",
    ]
