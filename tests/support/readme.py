"""Sections of the README that are written by programs, between two comments."""

from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).resolve().parent.parent.parent / "README.md"


@dataclass(frozen=True, slots=True)
class Section:
    """What stands between these two lines."""

    begin: str
    end: str

    def written(self) -> str:
        """The section that the README has now."""
        _, _, rest = README.read_text(encoding="utf-8").partition(self.begin)
        return rest.partition(self.end)[0].strip()

    def write(self, text: str) -> None:
        before, begin, rest = README.read_text(encoding="utf-8").partition(self.begin)
        _, end, after = rest.partition(self.end)
        if not (begin and end):
            raise ValueError(f"{README.name} has no place for it: {self.begin} … {self.end}")
        README.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
