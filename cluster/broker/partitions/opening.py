"""New logs are created in an executor: a thousand of them take longer than a node's loop may stand still."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping

from cluster.broker.config import BrokerConfig
from cluster.controller.state import ClusterState
from cluster.log.config import LogConfig
from cluster.log.directory import DataDirectory
from cluster.log.layout import TopicPartition
from cluster.log.partition_log import PartitionLog
from cluster.log.recovery import OpenFrom
from cluster.protocol.errors import KafkaStorageError
from cluster.protocol.primitives import Uuid

WORTH_IT = 8
"""Fewer are created as fast by whoever needs them."""

NewLogs = Mapping[TopicPartition, tuple[Uuid, LogConfig]]
"""Partition -> id of its topic, and configuration."""


class Openings:
    """Creates the logs of replicas that are going to be hosted here. Belongs to the node's loop."""

    def __init__(
        self, config: Callable[[], BrokerConfig], directory: DataDirectory, wall_ms: Callable[[], int]
    ) -> None:
        self._config = config
        self._directory = directory
        self._wall_ms = wall_ms

    async def coming(self, state: ClusterState, topics: Iterable[str]) -> bool:
        """Have the logs lie ready that `state` places here, while the loop goes on. True when it created any.

        What fails is left to whoever needs the log: it fails there again.
        """
        absent = self._absent(state, topics)
        if len(absent) < WORTH_IT:
            return False
        loop = asyncio.get_running_loop()
        created = await loop.run_in_executor(None, _create, self._directory, absent, self._wall_ms())
        for log in created:
            self._directory.logs.setdefault(log.topic_partition, log)
        return bool(created)

    def _absent(self, state: ClusterState, topics: Iterable[str]) -> NewLogs:
        config, logs, broker_id = self._config(), self._directory.logs, self._config().node_id
        absent: dict[TopicPartition, tuple[Uuid, LogConfig]] = {}
        for topic in (state.topics[name] for name in topics):
            log_config = config.effective_log_config(state.topic_config(topic.name))
            for index, placed in topic.partitions.items():
                partition = TopicPartition(topic.name, index)
                if broker_id in placed.replicas and partition not in logs:
                    absent[partition] = topic.id, log_config
        return absent


def _create(directory: DataDirectory, absent: NewLogs, now_ms: int) -> list[PartitionLog]:
    """Touches nothing that the loop uses: the tail cache is only handed on."""
    created: list[PartitionLog] = []
    files, source = directory.files, OpenFrom(clean=True)
    with contextlib.suppress(OSError, KafkaStorageError):
        for partition, (topic_id, config) in absent.items():
            folder = f"{directory.path}/{partition}"
            created.append(
                PartitionLog.open(files, folder, partition, config, now_ms, source, topic_id, directory.tail_cache)
            )
    return created
