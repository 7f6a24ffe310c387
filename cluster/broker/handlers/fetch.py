"""Fetch: records for consumers and followers, waiting for them where there are none yet."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from cluster.broker.control.leaders import node_endpoints
from cluster.broker.fetching.interest import FetchInterest, Wanted
from cluster.broker.fetching.reader import CURRENT_LEADER_SINCE, PartitionReader
from cluster.broker.fetching.sessions import INITIAL_EPOCH, FetchSession
from cluster.broker.network.memory import room_for_answer
from cluster.broker.partitions.watching import Bound
from cluster.broker.services import RequestContext, Services
from cluster.protocol.errors import ErrorCode, KafkaError
from cluster.protocol.messages.fetch import (
    FetchableTopicResponse,
    FetchRequest,
    FetchResponse,
    NodeEndpoint,
    PartitionData,
)
from cluster.protocol.primitives import Buffer
from cluster.protocol.records.batch import batches


@dataclass(slots=True)
class Look:
    """What one look at the partitions of a fetch found."""

    answers: list[tuple[Wanted, PartitionData]] = field(default_factory=list)
    size_bytes: int = 0
    left_out: bool = False
    """A partition had something for which there was no room."""
    urgent: bool = False
    """Something that is to be answered at once: an error, a diverging log, records that a follower shall let go."""


def fetch(
    request: FetchRequest, context: RequestContext, services: Services
) -> FetchResponse | Coroutine[Any, Any, FetchResponse]:
    """Answer a fetch, at once when enough bytes are there, else when they come or the wait is over.

    v3 max_bytes; v4 isolation level; v5 log start offset; v7 sessions (KIP-227); v9 leader epochs (KIP-320);
    v11 rack id; v12 flexible, diverging epochs (KIP-595); v13 topic ids (KIP-516); v15 replica state (KIP-903);
    v16 node endpoints (KIP-951); v17 replica directory id; v18 high watermark of the follower (KIP-1166).
    """
    try:
        fetching = Fetching(request, context, services)
    except KafkaError as error:
        return FetchResponse(error_code=error.code)
    waits = False
    try:
        look = fetching.look()
        waits = not fetching.satisfied(look)
        return fetching.wait() if waits else fetching.finish(look)
    finally:
        if not waits:
            fetching.release()


class Fetching:
    """One fetch on its way: what it reads, until when it waits. Raises the errors of its session."""

    def __init__(self, request: FetchRequest, context: RequestContext, services: Services) -> None:
        self._request = request
        self._connection = context.connection
        self._services = services
        self._reader = PartitionReader(request, context.api_version, services)
        self._deadline = asyncio.get_running_loop().time() + request.max_wait_ms / 1000
        self._max_bytes = min(request.max_bytes, services.config.fetch_max_bytes)
        if self._reader.follower_id < 0 and services.metrics.unsent_bytes:
            self._max_bytes = min(self._max_bytes, room_for_answer(services.metrics.unsent_bytes))
        topic_name, bound = services.cluster.state.topic_name, self._reader.bound
        self._interest: FetchInterest = services.fetch_sessions.begin(request, context.api_version, bound, topic_name)
        self._session = self._interest if isinstance(self._interest, FetchSession) else None
        self._full = self._session is None or request.session_epoch == INITIAL_EPOCH
        if self._session is not None:
            self._session.busy = True

    def release(self) -> None:
        """The fetch is answered, or given up."""
        if self._session is not None:
            self._session.busy = False
        else:
            self._interest.close()

    def look(self) -> Look:
        """Read what is there now, within the byte limits; an incremental fetch looks at dirty partitions only."""
        look, interest = Look(), self._interest
        for wanted in list((interest.wanted if self._full else interest.dirty).values()):
            room = self._max_bytes - look.size_bytes
            data, size = self._reader.read(interest, wanted, room, first=look.size_bytes == 0)
            look.size_bytes += size
            bad = data.error_code != ErrorCode.NONE or data.diverging_epoch.epoch >= 0
            look.urgent = look.urgent or bad or self._to_let_go(wanted, data)
            look.left_out = look.left_out or (size == 0 and not bad and self._more(wanted))
            if self._full or size > 0 or bad or _changed(wanted, data):
                look.answers.append((wanted, data))
            elif not self._more(wanted):
                interest.told(wanted)
        return look

    def _to_let_go(self, wanted: Wanted, data: PartitionData) -> bool:
        """True when a follower can be told that the start of the log has moved: DeleteRecords waits for that."""
        return self._reader.follower_id >= 0 and 0 <= wanted.sent_log_start < data.log_start_offset

    def _more(self, wanted: Wanted) -> bool:
        partition = wanted.partition
        return partition is not None and wanted.request.fetch_offset < self._reader.bound.end_of(partition.log)

    def satisfied(self, look: Look) -> bool:
        """True when the answer need not wait."""
        if look.urgent or self._request.max_wait_ms <= 0 or not self._interest.wanted:
            return True
        return look.size_bytes >= min(self._request.min_bytes, self._max_bytes) or self._full_up(look)

    def _full_up(self, look: Look) -> bool:
        """True when there is more than the limits let into the answer: waiting would not make it larger."""
        return look.size_bytes > 0 and (look.left_out or self._cut(look))

    def _cut(self, look: Look) -> bool:
        return any(
            wanted.partition is not None and end_of(data.records) < self._reader.bound.end_of(wanted.partition.log)
            for wanted, data in look.answers
            if data.records
        )

    async def wait(self) -> FetchResponse:
        """Look again whenever a partition has news, until there is enough or the time is up."""
        hurry = False

        def hurried() -> None:
            nonlocal hurry
            hurry = True
            self._interest.wake_up.wake()

        try:
            if self._reader.follower_id >= 0 and self._connection is not None:
                # A follower that has more to ask (new partitions to follow) does not sit out its own wait.
                self._connection.when_more(hurried)
            while await self._interest.wake_up.sleep(self._deadline):
                look = self.look()
                if hurry or self.satisfied(look):
                    return self.finish(look)
            return self.finish(self.look())
        finally:
            if self._connection is not None:
                self._connection.when_more(None)
            self.release()

    def finish(self, look: Look) -> FetchResponse:
        """The response; the session remembers what it told."""
        for wanted, data in look.answers:
            wanted.sent_high_watermark, wanted.sent_log_start = data.high_watermark, data.log_start_offset
            if data.error_code == ErrorCode.NONE and not self._more(wanted):
                self._interest.told(wanted)
            elif data.records:
                self._interest.put_last(wanted)
        metrics = self._services.metrics
        if self._reader.bound is Bound.LOG_END:
            metrics.replication_bytes_out += look.size_bytes
        else:
            metrics.bytes_out += look.size_bytes
        response = FetchResponse(session_id=self._session.id if self._session else 0, responses=_by_topic(look.answers))
        if self._reader.version >= CURRENT_LEADER_SINCE and look.urgent:
            leaders = [d.current_leader.leader_id for _, d in look.answers if d.current_leader.leader_id >= 0]
            response.node_endpoints = node_endpoints(self._services.cluster.state, leaders, NodeEndpoint)
        return response


def end_of(records: list[Buffer]) -> int:
    """The offset behind the last whole batch."""
    return max((batch.next_offset for batch in batches(records[-1])), default=-1)


def _changed(wanted: Wanted, data: PartitionData) -> bool:
    return (data.high_watermark, data.log_start_offset) != (wanted.sent_high_watermark, wanted.sent_log_start)


def _by_topic(answers: list[tuple[Wanted, PartitionData]]) -> list[FetchableTopicResponse]:
    topics: dict[tuple[str, bytes], FetchableTopicResponse] = {}
    for wanted, data in answers:
        key = (wanted.topic, wanted.topic_id)
        if key not in topics:
            topics[key] = FetchableTopicResponse(topic=wanted.topic, topic_id=wanted.topic_id)
        topics[key].partitions.append(data)
    return list(topics.values())
