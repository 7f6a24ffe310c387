"""Pages of a list that the server has searched and ordered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

PER_PAGE = 50

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Page `number` of `count`, with the items from the `first` to the `last` (from 1) of `found`."""

    number: int
    count: int
    found: int
    first: int
    last: int

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.count else None


def cut(items: Sequence[Item], number: int, per_page: int = PER_PAGE) -> tuple[Place, Sequence[Item]]:
    """The items of a page; a page beyond the last one is the last one."""
    count = max(1, -(-len(items) // per_page))
    number = min(max(number, 1), count)
    start = (number - 1) * per_page
    shown = items[start : start + per_page]
    return Place(number=number, count=count, found=len(items), first=start + 1, last=start + len(shown)), shown
