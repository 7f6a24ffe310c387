"""Changes that clients ask of a resource's configuration: from operations to the texts that hold afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from cluster.log.config import ConfigDefinition, ConfigType
from cluster.protocol.errors import InvalidConfig, InvalidRequest

MAX_VALUE_LENGTH = (1 << 15) - 1


class Operation(IntEnum):
    """What IncrementalAlterConfigs does with one configuration (KIP-339), by Kafka's numbers."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


@dataclass(frozen=True, slots=True)
class Alteration:
    """One operation. `operation` is as the client sent it: it may be none of ours."""

    name: str
    operation: int
    value: str | None


def check_alterations(alterations: Iterable[Alteration]) -> None:
    """Raise InvalidRequest for what no resource takes: a name twice, a value that is null, an unknown operation."""
    alterations = list(alterations)
    if len({alteration.name: None for alteration in alterations}) < len(alterations):
        raise InvalidRequest("Error due to duplicate config keys")
    nulls = [a.name for a in alterations if a.value is None and a.operation != Operation.DELETE]
    if nulls:
        raise InvalidRequest(f"Null value not supported for : {', '.join(nulls)}")
    for alteration in alterations:
        if alteration.operation not in Operation.__members__.values():
            raise InvalidRequest(f"Unknown operations type {alteration.operation}")


def altered(
    current: Mapping[str, str], alterations: Iterable[Alteration], definitions: Mapping[str, ConfigDefinition]
) -> dict[str, str]:
    """The texts of a resource after these alterations. Raises InvalidConfig."""
    texts = dict(current)
    for alteration in alterations:
        value = alteration.value or ""
        if alteration.operation == Operation.DELETE:
            texts.pop(alteration.name, None)
            continue
        if alteration.operation != Operation.SET:
            value = _relisted(texts.get(alteration.name), alteration, definitions.get(alteration.name))
        if len(value) > MAX_VALUE_LENGTH:
            raise InvalidConfig(
                f"The value of {alteration.name} cannot be longer than {MAX_VALUE_LENGTH} bytes; it has {len(value)}."
            )
        texts[alteration.name] = value
    return texts


def _relisted(text: str | None, alteration: Alteration, definition: ConfigDefinition | None) -> str:
    """A list with entries added or removed; one that is not set begins as its default."""
    operation = Operation(alteration.operation)
    if definition is None or definition.type is not ConfigType.LIST:
        raise InvalidConfig(f"Can't {operation.name} to key {alteration.name} because its type is not LIST.")
    if text is None:
        text = definition.format(definition.default)
    entries = [entry for entry in (text or "").split(",") if entry]
    given = (alteration.value or "").split(",")
    if operation is Operation.SUBTRACT:
        return ",".join(entry for entry in entries if entry not in given)
    return ",".join(dict.fromkeys((*entries, *given)))
