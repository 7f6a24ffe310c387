"""Where a viewer is in each partition, as it stands in an address: `0:1204,1:987`."""

from collections.abc import Mapping


def places_to_text(positions: Mapping[int, int]) -> str:
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(positions.items()))


def places_from_text(text: str) -> dict[int, int]:
    """Raises ValueError when the text is not of that form."""
    pairs = (pair.partition(":") for pair in text.split(",") if pair)
    places = {int(partition): int(offset) for partition, _, offset in pairs}
    if any(partition < 0 or offset < 0 for partition, offset in places.items()):
        raise ValueError("partitions and offsets are not negative")
    return places
