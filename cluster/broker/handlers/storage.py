"""DescribeLogDirs: the data directory, its volume, and the size of what lies in it."""

from __future__ import annotations

import asyncio

from cluster.broker.partitions.partition import Partition
from cluster.broker.services import RequestContext, Services
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.storage import (
    DescribeLogDirsPartition,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
    DescribeLogDirsTopic,
)


async def describe_log_dirs(
    request: DescribeLogDirsRequest, context: RequestContext, services: Services
) -> DescribeLogDirsResponse:
    """v3 top-level error; v4 size and room of the volume (KIP-827); v5 cordoned directories (KIP-1066).

    Partitions that are not hosted here are left out of the answer.
    """
    directory = services.replicas.directory
    topics: dict[str, DescribeLogDirsTopic] = {}
    for partition in _asked(request, services):
        topic = topics.setdefault(partition.topic, DescribeLogDirsTopic(name=partition.topic))
        topic.partitions.append(_describe(partition))
    result = DescribeLogDirsResult(log_dir=directory.path, topics=list(topics.values()))
    try:
        loop = asyncio.get_running_loop()
        space = await loop.run_in_executor(None, directory.files.space, directory.path)
    except OSError:
        result = DescribeLogDirsResult(log_dir=directory.path, error_code=ErrorCode.KAFKA_STORAGE_ERROR)
    else:
        result.total_bytes, result.usable_bytes = space
    return DescribeLogDirsResponse(results=[result])


def _asked(request: DescribeLogDirsRequest, services: Services) -> list[Partition]:
    if request.topics is None:
        return sorted(services.replicas, key=lambda partition: partition.key)
    keys = dict.fromkeys((topic.topic, index) for topic in request.topics for index in topic.partitions)
    found = (services.replicas.get(*key) for key in keys)
    return [partition for partition in found if partition is not None]


def _describe(partition: Partition) -> DescribeLogDirsPartition:
    """The lag is how far the log end is behind the high watermark: what a future replica would lack."""
    log = partition.log
    return DescribeLogDirsPartition(
        partition_index=partition.index,
        partition_size=log.size_bytes,
        offset_lag=max(0, log.high_watermark - log.log_end_offset),
    )
