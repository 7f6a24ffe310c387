"""The records of the metadata log: what the controller decides, one frozen value each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from cluster.protocol.primitives import Uuid, uuid_from_text, uuid_to_text

NO_LEADER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerElected:
    """A broker took the controller lease. `epoch` grows with each election."""

    controller_id: int
    epoch: int
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerRegistered:
    """A new incarnation of a broker, fenced until it has caught up. Its epoch is the offset of this record."""

    broker_id: int
    incarnation: Uuid
    host: str
    port: int
    rack: str | None = None
    log_dirs: tuple[Uuid, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerChanged:
    """A broker is fenced or not, on its way out or not."""

    broker_id: int
    broker_epoch: int
    fenced: bool
    in_controlled_shutdown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerUnregistered:
    """A broker is no part of the cluster any more."""

    broker_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCreated:
    """A topic, still without partitions: they follow as PartitionPlaced."""

    name: str
    topic_id: Uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionPlaced:
    """A new partition: where its replicas are, who leads it first."""

    topic_id: Uuid
    index: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    leader: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionChanged:
    """All that may change of a partition, as it is afterwards."""

    topic_id: Uuid
    index: int
    leader: int
    leader_epoch: int
    partition_epoch: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    elr: tuple[int, ...] = ()
    last_known_elr: tuple[int, ...] = ()
    recovering: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicDeleted:
    """A topic is gone, with its partitions and its configuration."""

    topic_id: Uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigChanged:
    """One configuration of a resource; a value of None returns it to its default."""

    resource_type: int
    resource_name: str
    name: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducerIdsAllocated:
    """A broker got the producer ids below `next_producer_id`."""

    broker_id: int
    broker_epoch: int
    next_producer_id: int


Change: TypeAlias = (
    ControllerElected
    | BrokerRegistered
    | BrokerChanged
    | BrokerUnregistered
    | TopicCreated
    | PartitionPlaced
    | PartitionChanged
    | TopicDeleted
    | ConfigChanged
    | ProducerIdsAllocated
)

KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        ControllerElected,
        BrokerRegistered,
        BrokerChanged,
        BrokerUnregistered,
        TopicCreated,
        PartitionPlaced,
        PartitionChanged,
        TopicDeleted,
        ConfigChanged,
        ProducerIdsAllocated,
    )
}

_UUIDS = frozenset({"topic_id", "incarnation"})
_UUID_LISTS = frozenset({"log_dirs"})


def to_json(change: Change) -> tuple[str, dict[str, Any]]:
    """The kind and the fields of a change, in the types of JSON; fields at their default are left out."""
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(change):
        value = getattr(change, field.name)
        if value == field.default:
            continue
        if field.name in _UUIDS:
            value = uuid_to_text(value)
        elif field.name in _UUID_LISTS:
            value = [uuid_to_text(one) for one in value]
        elif isinstance(value, tuple):
            value = list(value)
        fields[field.name] = value
    return type(change).__name__, fields


def from_json(kind: str, fields: Mapping[str, Any]) -> Change:
    """The change of this kind. Raises KeyError for a kind that a newer version wrote."""
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _UUIDS:
            value = uuid_from_text(value)
        elif name in _UUID_LISTS:
            value = tuple(uuid_from_text(one) for one in value)
        elif isinstance(value, list):
            value = tuple(value)
        values[name] = value
    return cast(Change, KINDS[kind](**values))
