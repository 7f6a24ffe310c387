"""What consumers write for each other into member metadata and assignments; an int16 version precedes each."""

from typing import TypeVar

from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.fields import Int32, array, field, message, message_info, struct
from cluster.protocol.schema import decode_prefix

T = TypeVar("T")


@struct
class ConsumerTopicPartition:
    topic: str = ""
    partitions: list[Int32] = array()


@message("0-3")
class ConsumerProtocolSubscription:
    """What a member wants to read."""

    topics: list[str] = array()
    user_data: bytes | None = None
    owned_partitions: list[ConsumerTopicPartition] = array("1+", ignorable=True)
    generation_id: Int32 = field("2+", -1, ignorable=True)
    rack_id: str | None = field("3+", None, ignorable=True)


@message("0-3")
class ConsumerProtocolAssignment:
    """What the leader of the group gave to a member."""

    assigned_partitions: list[ConsumerTopicPartition] = array()
    user_data: bytes | None = None


def decode_subscription(data: bytes) -> ConsumerProtocolSubscription:
    """Read member metadata; empty for no bytes. Raises ProtocolViolation."""
    return _decode(ConsumerProtocolSubscription, data)


def decode_assignment(data: bytes) -> ConsumerProtocolAssignment:
    """Read a member's assignment; empty for no bytes. Raises ProtocolViolation."""
    return _decode(ConsumerProtocolAssignment, data)


def _decode(cls: type[T], data: bytes) -> T:
    """A later version is read as the last one known: Kafka promises that it only adds at the end."""
    if not data:
        return cls()
    version = int.from_bytes(data[:2], "big", signed=True)
    if version < 0:
        raise ProtocolViolation(f"no version of the consumer protocol: {version}")
    return decode_prefix(cls, min(version, message_info(cls).versions.last), data, 2)[0]
