"""The matrix as the README shows it."""

from collections.abc import Mapping

from tests.clients.matrix import ABSENT, LIMITED, TABLES, Cell, Table
from tests.support.readme import Section

SECTION = Section("<!-- client matrix: written by python -m tests.clients -->", "<!-- end of the client matrix -->")
SYMBOLS = {"passed": "✓", "failed": "✗"}
NOT_RUN = "?"


class Footnotes:
    """Reasons, numbered in the order in which they are first needed."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, reason: str | None) -> str:
        if reason is None:
            return ""
        return f"<sup>{self._numbers.setdefault(reason, len(self._numbers) + 1)}</sup>"

    def lines(self) -> list[str]:
        return [f"{number}. {reason}" for reason, number in self._numbers.items()]


def render(outcomes: Mapping[Cell, str], tables: tuple[Table, ...] = TABLES) -> str:
    """The section between the markers: a table each, then the footnotes."""
    footnotes = Footnotes()
    parts = ["\n".join(_table(table, outcomes, footnotes)) for table in tables]
    return "\n\n".join([*parts, *filter(None, ["\n".join(footnotes.lines())])])


def _table(table: Table, outcomes: Mapping[Cell, str], footnotes: Footnotes) -> list[str]:
    rows = [
        [client, *(_symbol(Cell(client, behaviour), outcomes, footnotes) for behaviour in table.behaviours)]
        for client in table.clients
    ]
    lines = [[table.title, *table.behaviours], ["---", *(":-:" for _ in table.behaviours)], *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _symbol(cell: Cell, outcomes: Mapping[Cell, str], footnotes: Footnotes) -> str:
    if cell in ABSENT:
        return "–" + footnotes.mark(ABSENT[cell])
    return SYMBOLS.get(outcomes.get(cell, ""), NOT_RUN) + footnotes.mark(LIMITED.get(cell))
