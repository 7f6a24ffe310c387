"""What a viewer of a tail wants to see: a text anywhere in the record, one partition or all."""

from dataclasses import dataclass

from streams.tail.records import TailRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """Matches when every given condition holds; without conditions, always. Upper and lower case are the same."""

    text: str = ""
    partition: int | None = None

    def matches(self, record: TailRecord) -> bool:
        if self.partition is not None and record.partition != self.partition:
            return False
        return not self.text or self.text.casefold() in record.text
