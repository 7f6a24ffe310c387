"""What the tools print, as values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

PARTITION = re.compile(
    r"^\tTopic: (\S+)\tPartition: (\d+)\tLeader: (\S+)\tReplicas: ([\d,]*)\tIsr: ([\d,]*)"
    r"\tElr: \S*\tLastKnownElr: \S*"
)


@dataclass(frozen=True, slots=True)
class PartitionLine:
    """A partition as `kafka-topics --describe` tells it."""

    topic: str
    partition: int
    leader: str
    replicas: tuple[int, ...]
    isr: tuple[int, ...]


def partitions(lines: Sequence[str]) -> list[PartitionLine]:
    found = (PARTITION.match(line) for line in lines)
    return [
        PartitionLine(one[1], int(one[2]), one[3], _numbers(one[4]), _numbers(one[5]))
        for one in found
        if one is not None
    ]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(",") if number)


def rows(lines: Sequence[str], *columns: str) -> list[dict[str, str]]:
    """The lines below a heading that begins with these columns, up to an empty one, by the columns' names."""
    wanted = [line.split() for line in lines]
    start = next(index for index, words in enumerate(wanted) if words[: len(columns)] == list(columns))
    found = []
    for words in wanted[start + 1 :]:
        if not words:
            break
        found.append(dict(zip(wanted[start], words, strict=False)))
    return found
