"""Coordination: finding the coordinator of a group or a transaction."""

from cluster.protocol.fields import Int8, Int16, Int32, array, field, message, struct


@message("0-6", flexible="3+")
class FindCoordinatorRequest:
    """Which broker coordinates these groups (type 0) or transactions (type 1)?"""

    key: str = field("0-3", "")
    key_type: Int8 = field("1+", 0)
    coordinator_keys: list[str] = array("4+")


@struct
class Coordinator:
    key: str = ""
    node_id: Int32 = 0
    host: str = ""
    port: Int32 = 0
    error_code: Int16 = 0
    error_message: str | None = ""


@message("0-6", flexible="3+")
class FindCoordinatorResponse:
    """The coordinator: one up to version 3, a list from version 4 on."""

    throttle_time_ms: Int32 = field("1+", 0, ignorable=True)
    error_code: Int16 = field("0-3", 0)
    error_message: str | None = field("1-3", "", ignorable=True)
    node_id: Int32 = field("0-3", 0)
    host: str = field("0-3", "")
    port: Int32 = field("0-3", 0)
    coordinators: list[Coordinator] = array("4+")
