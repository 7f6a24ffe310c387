"""Fetch sessions (KIP-227): fetches that are remembered, so that the next one names only what changed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator

from cluster.broker.fetching.interest import FetchInterest, Wanted
from cluster.broker.partitions.watching import Bound
from cluster.protocol.errors import FetchSessionIdNotFound, FetchSessionTopicIdError, InvalidFetchSessionEpoch
from cluster.protocol.messages.fetch import FetchRequest
from cluster.protocol.primitives import ZERO_UUID, Uuid

INITIAL_EPOCH = 0
FINAL_EPOCH = -1
MAX_EPOCH = 2**31 - 1
TOPIC_IDS_SINCE = 13
EVICTABLE_AFTER_S = 120.0

TopicName = Callable[[Uuid], str | None]


class FetchSession(FetchInterest):
    """A fetch that is remembered between requests. `next_epoch` is the epoch that its next request must carry.

    It is `busy` while a request of it is being answered.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, bound: Bound, session_id: int, *, by_id: bool) -> None:
        super().__init__(loop, bound, by_id=by_id)
        self.id = session_id
        self.next_epoch = 1
        self.created_at = self.used_at = loop.time()
        self.busy = False

    @property
    def privileged(self) -> bool:
        """A follower's session is worth more than any consumer's."""
        return self.bound is Bound.LOG_END

    @property
    def worth(self) -> tuple[bool, int]:
        """What is worth less has to go first when there are too many."""
        return self.privileged, len(self.wanted)


class FetchSessions:
    """The sessions of this broker, longest unused first. Belongs to the node's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rng: random.Random, slots: int) -> None:
        self._loop = loop
        self._random = rng
        self._slots = slots
        self._sessions: dict[int, FetchSession] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, request: FetchRequest, version: int, bound: Bound, topic_name: TopicName) -> FetchInterest:
        """The interest that `request` stands for: a session's, a new session's, or one for this request alone.

        Raises FetchSessionIdNotFound, InvalidFetchSessionEpoch or FetchSessionTopicIdError.
        """
        by_id = version >= TOPIC_IDS_SINCE
        if request.session_epoch in (INITIAL_EPOCH, FINAL_EPOCH):
            self._remove(request.session_id)
            interest = self._new(bound, request, by_id=by_id)
            for wanted in _wanted(request, topic_name, by_id=by_id):
                interest.want(wanted)
            return interest
        session = self._resume(request, by_id=by_id)
        for wanted in _wanted(request, topic_name, by_id=by_id):
            session.want(wanted)
        for topic in request.forgotten_topics_data:
            for index in topic.partitions:
                session.forget((topic.topic_id if by_id else topic.topic, index))
        if session.wanted:
            return session
        self._remove(session.id)
        return FetchInterest(self._loop, bound, by_id=by_id)

    def _new(self, bound: Bound, request: FetchRequest, *, by_id: bool) -> FetchInterest:
        size = sum(len(topic.partitions) for topic in request.topics)
        if request.session_epoch == FINAL_EPOCH or not self._make_room((bound is Bound.LOG_END, size)):
            return FetchInterest(self._loop, bound, by_id=by_id)
        session_id = self._random.randrange(1, MAX_EPOCH)
        while session_id in self._sessions:
            session_id = self._random.randrange(1, MAX_EPOCH)
        session = self._sessions[session_id] = FetchSession(self._loop, bound, session_id, by_id=by_id)
        return session

    def _resume(self, request: FetchRequest, *, by_id: bool) -> FetchSession:
        session = self._sessions.get(request.session_id)
        if session is None:
            raise FetchSessionIdNotFound
        if session.next_epoch != request.session_epoch or session.busy:
            raise InvalidFetchSessionEpoch
        if session.by_id != by_id:
            raise FetchSessionTopicIdError
        session.next_epoch = 1 if session.next_epoch == MAX_EPOCH else session.next_epoch + 1
        session.used_at = self._loop.time()
        self._sessions[session.id] = self._sessions.pop(session.id)
        return session

    def _make_room(self, worth: tuple[bool, int]) -> bool:
        """Whether there is a slot for a session of this worth; one that is unused or worth less may have to go."""
        if len(self._sessions) < self._slots:
            return True
        long_ago = self._loop.time() - EVICTABLE_AFTER_S
        privileged, _ = worth
        victim = next(iter(self._sessions.values()), None)
        if victim is not None and victim.used_at >= long_ago:
            settled = (s for s in self._sessions.values() if s.created_at < long_ago or privileged > s.privileged)
            victim = min(settled, key=lambda session: session.worth, default=None)
            if victim is not None and victim.worth > worth:
                return False
        if victim is not None:
            self._remove(victim.id)
        return victim is not None

    def _remove(self, session_id: int) -> None:
        session = self._sessions.pop(session_id, None)
        if session is not None:
            session.close()


def _wanted(request: FetchRequest, topic_name: TopicName, *, by_id: bool) -> Iterator[Wanted]:
    for topic in request.topics:
        name = (topic_name(topic.topic_id) or "") if by_id else topic.topic
        topic_id = topic.topic_id if by_id else ZERO_UUID
        for partition in topic.partitions:
            yield Wanted(name, topic_id, partition)
