"""What is copied from one leader broker, and what its fetch session knows of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.broker.config import BrokerConfig
from cluster.broker.partitions.partition import Partition, PartitionKey
from cluster.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic, ReplicaState
from cluster.protocol.primitives import Uuid

FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.02, 1.0
MAX_SESSION_EPOCH = 2**31 - 1


@dataclass(slots=True, eq=False)
class Session:
    """The fetch session that the leader keeps for us on one connection. `epoch` is that of the next request."""

    id: int = 0
    epoch: int = 0
    forgotten: dict[tuple[Uuid, int], None] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Followed:
    """One partition that is copied in one leader epoch; after an error it rests until loop time `resting_until`."""

    partition: Partition
    leader_epoch: int
    session: Session | None = None
    """The session that has the partition."""
    since: int = 0
    """The session epoch of the first request that named it: what older requests are answered is not for it."""
    told_log_start: int = -1
    resting_until: float = 0
    backoff_s: float = FIRST_BACKOFF_S

    @property
    def known_as(self) -> tuple[Uuid, int]:
        """How requests and responses name it."""
        return self.partition.topic_id, self.partition.index

    def rest(self, now: float) -> None:
        """Leave it alone for a moment, each time for longer."""
        self.resting_until = now + self.backoff_s
        self.backoff_s = min(self.backoff_s * 2, MAX_BACKOFF_S)

    def fine(self) -> None:
        """The leader answered without an error."""
        self.resting_until, self.backoff_s = 0, FIRST_BACKOFF_S


class Following:
    """The followed partitions of one source, and which of them the next request must mention.

    Only partitions whose position moved are mentioned, so that a fetch costs nothing for idle ones.
    """

    def __init__(self, config: BrokerConfig) -> None:
        self.config = config
        self.session = Session()
        self.sessions_refused = False
        """True while the leader has no room for our session: each request then names every partition."""
        self._followed: dict[PartitionKey, Followed] = {}
        self._by_id: dict[tuple[Uuid, int], Followed] = {}
        self._moved: dict[PartitionKey, Followed] = {}

    def __len__(self) -> int:
        return len(self._followed)

    def add(self, partition: Partition) -> bool:
        """Follow this partition in its present leader epoch. False when it is followed so already."""
        known = self._followed.get(partition.key)
        if known is not None and known.leader_epoch == partition.leader_epoch and known.partition is partition:
            return False
        self.remove(partition.key)
        followed = Followed(partition, partition.leader_epoch)
        self._followed[partition.key] = self._by_id[followed.known_as] = self._moved[partition.key] = followed
        return True

    def remove(self, key: PartitionKey) -> None:
        """Follow it no more."""
        followed = self._followed.pop(key, None)
        if followed is not None:
            self._by_id.pop(followed.known_as, None)
            self._moved.pop(key, None)
            self._forget(followed)

    def asked_for(self, topic_id: Uuid, index: int, session: Session, epoch: int) -> Followed | None:
        """The followed partition that the answer to a request speaks of; None when it is followed otherwise now."""
        followed = self._by_id.get((topic_id, index))
        return followed if followed is not None and followed.session is session and followed.since <= epoch else None

    def follows(self, followed: Followed) -> bool:
        """True while `followed` is still what is copied."""
        return self._followed.get(followed.partition.key) is followed

    def moved(self, followed: Followed) -> None:
        """Its position is another now: the next request mentions it."""
        self._moved[followed.partition.key] = followed

    def rest(self, followed: Followed, now: float) -> None:
        """Take it out of the session until it has rested."""
        followed.rest(now)
        self._forget(followed)
        self.moved(followed)

    def _forget(self, followed: Followed) -> None:
        if followed.session is self.session:
            self.session.forgotten[followed.known_as] = None
        followed.session = None

    def restart(self, *, refused: bool = False) -> None:
        """Begin a new session: the leader (or the connection) is another, or it keeps none for us."""
        self.session = Session()
        self.sessions_refused = refused
        for followed in self._followed.values():
            followed.session = None
            self._moved[followed.partition.key] = followed

    def due(self, now: float) -> bool:
        """True when a partition has rested enough."""
        return any(0 < f.resting_until <= now for f in self._moved.values())

    def next_attempt(self, now: float) -> float:
        """Loop time at which the next resting partition is due (or a second from now)."""
        resting = [f.resting_until for f in self._moved.values() if f.resting_until > now]
        return min(resting, default=now + MAX_BACKOFF_S)

    def request(self, now: float, broker_epoch: int) -> FetchRequest | None:
        """The next fetch of the session, or None while there is nothing to follow."""
        wanted = [f for f in self._moved.values() if f.resting_until <= now]
        session, config = self.session, self.config
        if not wanted and session.id == 0:
            return None
        topics: dict[Uuid, FetchTopic] = {}
        for followed in wanted:
            topic_id = followed.partition.topic_id
            topics.setdefault(topic_id, FetchTopic(topic_id=topic_id)).partitions.append(self._position(followed))
        forgotten, session.forgotten = session.forgotten, {}
        # The first answer brings the session: until then nothing can be added to what is asked for.
        begins = session.id == 0 and not self.sessions_refused
        request = FetchRequest(
            replica_state=ReplicaState(replica_id=config.node_id, replica_epoch=broker_epoch),
            max_wait_ms=0 if begins else config.replica_fetch_wait_max_ms,
            min_bytes=config.replica_fetch_min_bytes,
            max_bytes=config.replica_fetch_response_max_bytes,
            session_id=session.id,
            session_epoch=session.epoch,
            topics=list(topics.values()),
            forgotten_topics_data=[ForgottenTopic(topic_id=t, partitions=[i]) for t, i in forgotten],
        )
        session.epoch = session.epoch % MAX_SESSION_EPOCH + 1
        return request

    def _position(self, followed: Followed) -> FetchPartition:
        log, session = followed.partition.log, self.session
        del self._moved[followed.partition.key]
        session.forgotten.pop(followed.known_as, None)
        if followed.session is not session:
            followed.session, followed.since = session, session.epoch
        followed.told_log_start = log.log_start_offset
        return FetchPartition(
            partition=followed.partition.index,
            current_leader_epoch=followed.leader_epoch,
            fetch_offset=log.log_end_offset,
            last_fetched_epoch=log.latest_epoch,
            log_start_offset=log.log_start_offset,
            partition_max_bytes=self.config.replica_fetch_max_bytes,
        )
