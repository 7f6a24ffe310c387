"""Storage: log directories and the size of what lies in them."""

from cluster.protocol.fields import Int16, Int32, Int64, array, field, message, struct


@struct
class DescribableLogDirTopic:
    topic: str = ""
    partitions: list[Int32] = array()


@message("1-5", flexible="2+")
class DescribeLogDirsRequest:
    """How large are these partitions on disk (null: all)?"""

    topics: list[DescribableLogDirTopic] | None = array()


@struct
class DescribeLogDirsPartition:
    partition_index: Int32 = 0
    partition_size: Int64 = 0
    offset_lag: Int64 = 0
    is_future_key: bool = False


@struct
class DescribeLogDirsTopic:
    name: str = ""
    partitions: list[DescribeLogDirsPartition] = array()


@struct
class DescribeLogDirsResult:
    error_code: Int16 = 0
    log_dir: str = ""
    topics: list[DescribeLogDirsTopic] = array()
    total_bytes: Int64 = field("4+", -1, ignorable=True)
    usable_bytes: Int64 = field("4+", -1, ignorable=True)
    is_cordoned: bool = field("5+", False, ignorable=True)


@message("1-5", flexible="2+")
class DescribeLogDirsResponse:
    """Each log directory with its partitions and its space."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = field("3+", 0, ignorable=True)
    results: list[DescribeLogDirsResult] = array()
