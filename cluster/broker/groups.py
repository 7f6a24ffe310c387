"""Drives the group coordinator: one shard for each led partition of `__consumer_offsets`."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cluster.broker.group_loading import Loading
from cluster.broker.partitions.partition import Partition
from cluster.broker.services import RequestContext
from cluster.groups.config import GroupConfig
from cluster.groups.coordinator import GroupCoordinatorShard, partition_for
from cluster.groups.effects import Append, Caller, Effect, Instant, Record, Reply
from cluster.groups.state import TopicResolver
from cluster.protocol.errors import (
    CoordinatorLoadInProgress,
    CoordinatorNotAvailable,
    ErrorCode,
    InvalidGroupId,
    KafkaError,
    NotCoordinator,
)
from cluster.protocol.primitives import Uuid
from cluster.protocol.records.build import NewRecord, build_batch

logger = logging.getLogger(__name__)

OFFSETS_TOPIC = "__consumer_offsets"
LOAD_AGAIN_S = 1.0
DONE = object()
ACKS_ALL = -1

Clock = Callable[[], Instant]


class HostedShard:
    """One shard and the partition that it lives in, for one leader epoch. Belongs to the node's loop."""

    def __init__(self, partition: Partition, shard: GroupCoordinatorShard, clock: Clock, doubt: Callable[[], None]):
        self.partition = partition
        self.shard = shard
        self.leader_epoch = partition.leader_epoch
        self.loaded = False
        self.closed = False
        self._clock = clock
        self._doubt = doubt
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    async def load(self, turns: asyncio.Lock) -> None:
        """Replay the partition, a slice at a time. Shards that load take turns: between two the node does its work."""
        loading = Loading(self.partition.log, self.shard)
        slices = loading.slices()
        while not self.closed:
            async with turns:
                # Its log may have been closed while it waited for its turn.
                if self.closed or next(slices, DONE) is DONE:
                    break
                await asyncio.sleep(0)
        if loading.unreadable:
            logger.warning(
                "%s holds %d records or batches that no coordinator wrote", self.partition, loading.unreadable
            )
        if not self.closed:
            # What was read becomes readable when it is committed: a former leader may not have got that far.
            self.partition.wait_for(loading.end_offset, self._committed)

    def _committed(self, code: ErrorCode) -> None:
        self._loop.call_soon(self._complete)

    def _complete(self) -> None:
        if not self.closed:
            self.loaded = True
            self.run(self.shard.loaded(self._clock()))

    def ask(self, request: Any, context: RequestContext) -> asyncio.Future[Any]:
        """The future answer to a request. Raises CoordinatorLoadInProgress."""
        answer = self._token()
        self.run(self.shard.handle(answer, request, caller(context), self._clock()))
        return answer

    def ask_offsets(self, request: Any, context: RequestContext, *, require_stable: bool) -> asyncio.Future[Any]:
        """The future answer to one group of an OffsetFetch. Raises CoordinatorLoadInProgress."""
        answer = self._token()
        now = self._clock()
        self.run(self.shard.fetch_offsets(answer, request, caller(context), now, require_stable=require_stable))
        return answer

    def _token(self) -> asyncio.Future[Any]:
        if not self.loaded:
            raise CoordinatorLoadInProgress
        return self._loop.create_future()

    def run(self, effects: Sequence[Effect]) -> None:
        """Carry effects out, in order."""
        for effect in effects:
            match effect:
                case Reply():
                    if not effect.token.done():
                        effect.token.set_result(effect.response)
                case Append():
                    self._append(effect.records, effect.then)
        self._schedule()

    def _append(self, records: Sequence[Record], then: int) -> None:
        """Append with acks=all. Refused before the append: certain. Later: in doubt, the shard is loaded anew."""
        now = self._clock()
        batch = build_batch([NewRecord(key=key, value=value, timestamp=now.wall_ms) for key, value in records])
        try:
            info = self.partition.append(memoryview(batch), ACKS_ALL, now.wall_ms)
        except KafkaError as error:
            code = error.code
            self._loop.call_soon(lambda: self._settled(then, code))
            return
        self.partition.wait_for(info.last_offset + 1, lambda code: self._waited(then, code))

    def _waited(self, then: int, code: ErrorCode) -> None:
        if code == ErrorCode.NONE:
            # Not from within the append: the shard is in the middle of its own step then.
            self._loop.call_soon(self._settled, then, None)
        elif not self.closed:
            self._loop.call_soon(self._doubt)

    def _settled(self, then: int, code: ErrorCode | None) -> None:
        if not self.closed:
            self.run(self.shard.appended(then, code, self._clock()))

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = None if self.closed else self.shard.next_deadline()
        if deadline is not None:
            self._timer = self._loop.call_at(deadline / 1000, self._tick)

    def _tick(self) -> None:
        if not self.closed:
            self.run(self.shard.tick(self._clock()))

    def close(self) -> None:
        """The leadership went elsewhere: all who wait are told."""
        if not self.closed:
            self.closed = True
            self.run(self.shard.unload())


def caller(context: RequestContext) -> Caller:
    """Who asks, as the coordinator wants to know it."""
    return Caller(api_version=context.api_version, client_id=context.client_id, client_host=context.client_host)


class GroupCoordinators:
    """The shards of this broker. Belongs to the node's loop."""

    def __init__(self, topics: TopicResolver, rng: random.Random, wall_ms: Callable[[], int]) -> None:
        self._topics = topics
        self._random = rng
        self._wall_ms = wall_ms
        self._loop = asyncio.get_running_loop()
        self._shards: dict[int, HostedShard] = {}
        self._loads: dict[asyncio.Task[None], HostedShard] = {}
        self._turns = asyncio.Lock()
        self._partitions = 0
        self.config = GroupConfig()

    def _now(self) -> Instant:
        return Instant(ms=int(self._loop.time() * 1000), wall_ms=self._wall_ms())

    def update_config(self, config: GroupConfig) -> None:
        """The broker's configuration has changed."""
        self.config = config
        for hosted in self._shards.values():
            hosted.shard.update_config(config)

    def set_partition_count(self, partitions: int) -> None:
        """How many partitions `__consumer_offsets` has."""
        self._partitions = partitions

    def lead(self, partition: Partition) -> None:
        """This broker leads a partition of the topic, in a new epoch: load what is in it."""
        self.resign(partition.index)
        shard = GroupCoordinatorShard(self.config, self._random, self._topics)
        hosted = HostedShard(partition, shard, self._now, lambda: self._reload(hosted))
        self._shards[partition.index] = hosted
        task = self._loop.create_task(hosted.load(self._turns))
        self._loads[task] = hosted
        task.add_done_callback(self._loaded)

    def _loaded(self, task: asyncio.Task[None]) -> None:
        hosted = self._loads.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("the groups of %s could not be loaded", hosted.partition, exc_info=error)
            self._loop.call_later(LOAD_AGAIN_S, self._reload, hosted)

    def _reload(self, hosted: HostedShard) -> None:
        """An append is in doubt, or what the log says could not be read: what it says counts."""
        partition = hosted.partition
        if self._shards.get(partition.index) is not hosted:
            return
        self.resign(partition.index)
        if partition.leadership is not None:
            self.lead(partition)

    def resign(self, index: int) -> None:
        """Another broker leads this partition of the topic now."""
        hosted = self._shards.pop(index, None)
        if hosted is not None:
            hosted.close()

    def shard_of(self, group_id: str, *, may_be_empty: bool = True) -> HostedShard:
        """The loaded shard of a group. Raises InvalidGroupId and the coordinator's errors."""
        if not group_id and not may_be_empty:
            raise InvalidGroupId
        hosted = self._shards.get(partition_for(group_id, self._partitions)) if self._partitions else None
        if hosted is None:
            raise NotCoordinator if self._partitions else CoordinatorNotAvailable
        if not hosted.loaded:
            raise CoordinatorLoadInProgress
        return hosted

    def loaded(self) -> Iterator[HostedShard]:
        """All shards that can answer."""
        return (hosted for hosted in list(self._shards.values()) if hosted.loaded)

    @property
    def loading(self) -> bool:
        """True while a shard is being loaded."""
        return any(not hosted.loaded for hosted in self._shards.values())

    def topics_deleted(self, topics: Mapping[str, Uuid]) -> None:
        """These topics are gone."""
        for hosted in self.loaded():
            hosted.run(hosted.shard.topics_deleted(topics, self._now()))

    def close(self) -> None:
        """Refuse all who wait."""
        for index in list(self._shards):
            self.resign(index)
