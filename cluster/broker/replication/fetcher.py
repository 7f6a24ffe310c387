"""Copies from one leader broker: keeps a connection and a fetch session, asks, overtakes itself when there is news."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cluster.broker.partitions.partition import Partition, PartitionKey
from cluster.broker.replication.copying import Copying, FetchingBroker
from cluster.broker.replication.following import FIRST_BACKOFF_S, MAX_BACKOFF_S, Following, Session
from cluster.broker.replication.outage import Outage
from cluster.broker.waiting import WakeUp
from cluster.client.connection import Connection, ConnectionLost
from cluster.protocol.errors import ErrorCode, KafkaError, error_for
from cluster.protocol.messages.fetch import FetchResponse

FETCH_VERSION = 17
SESSION_LOST = (
    ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    ErrorCode.INVALID_FETCH_SESSION_EPOCH,
    ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A fetch on its way, and of which session and session epoch it is."""

    answer: asyncio.Future[FetchResponse]
    session: Session
    epoch: int


class Fetcher:
    """Copies from one leader broker over one connection with one fetch session. Belongs to the node's loop."""

    def __init__(self, source: int, broker: FetchingBroker) -> None:
        self.source = source
        self.following = Following(broker.config)
        self._broker = broker
        self._outage = Outage(source)
        self._copying = Copying(source, self.following, broker)
        self._loop = asyncio.get_running_loop()
        self._news = WakeUp(self._loop)
        self._retry = WakeUp(self._loop)
        self._changed = False
        self._task: asyncio.Task[None] | None = None
        self._address = ("", 0)

    def follow(self, partition: Partition) -> None:
        """Begin to copy, or go on in a newer leader epoch."""
        if self.following.add(partition):
            self._changed = True
            self._news.wake()

    def leave(self, key: PartitionKey) -> None:
        """Copy this partition no more."""
        self.following.remove(key)
        self._changed = True
        self._news.wake()

    def start(self, host: str, port: int) -> None:
        """Copy from this address; when the source is being waited for, look for it now: it may have come back."""
        if self._task is None or (host, port) != self._address:
            self.stop()
            self._address = host, port
            self._task = self._loop.create_task(self._run(), name=f"fetcher-{self.source}")
        self._retry.wake()

    def stop(self) -> None:
        """Give up the connection."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        client_id = f"broker-{self.following.config.node_id}-fetcher"
        while True:
            try:
                async with await Connection.open(*self._address, client_id) as connection:
                    backoff_s = FIRST_BACKOFF_S
                    self._broker.absences.found(self.source)
                    self.following.restart()
                    await self._copy(connection)
            except (OSError, ConnectionLost, KafkaError) as error:
                self._outage.failed(error)
                self._broker.absences.lost(self.source)
            except Exception as error:
                self._outage.failed(error, unforeseen=True)
            await self._retry.sleep(self._loop.time() + backoff_s)
            backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)

    async def _copy(self, connection: Connection) -> None:
        """Fetch and append until the connection breaks. Raises what broke it."""
        asked: Asked | None = None
        while True:
            now = self._loop.time()
            if asked is None:
                asked = self._ask(connection)
            if asked is not None and asked.answer.done():
                await self._take(connection, asked)
                asked = None
            elif asked is not None and self.following.session.id and (self._changed or self.following.due(now)):
                asked = await self._overtake(connection, asked)
            else:
                await self._news.sleep(self.following.next_attempt(now))

    def _ask(self, connection: Connection) -> Asked | None:
        """Send the next fetch of the session; None while there is nothing to follow."""
        self._changed = False
        request = self.following.request(self._loop.time(), self._broker.broker_epoch())
        if request is None:
            return None
        answer = connection.submit(request, FETCH_VERSION)
        assert answer is not None, "every fetch has an answer"
        answer.add_done_callback(self._answered)
        return Asked(answer, self.following.session, request.session_epoch)

    def _answered(self, answer: asyncio.Future[FetchResponse]) -> None:
        """Look at the result in any case: a fetcher that stops asks for it no more."""
        if not answer.cancelled():
            answer.exception()
        self._news.wake()

    async def _overtake(self, connection: Connection, asked: Asked) -> Asked | None:
        """Ask for what is new behind a fetch that waits: the leader ends the waiting one at once when it sees this."""
        overtaking = self._ask(connection)
        await self._take(connection, asked)
        return overtaking

    async def _take(self, connection: Connection, asked: Asked) -> None:
        response, session = await asked.answer, asked.session
        if session is not self.following.session:
            return
        if response.error_code in SESSION_LOST:
            self.following.restart()
        elif response.error_code != ErrorCode.NONE:
            raise error_for(response.error_code)
        else:
            self._outage.over()
            session.id = response.session_id
            await self._copying.take(connection, response, session, asked.epoch)
            if session.id == 0 and session is self.following.session:
                self.following.restart(refused=True)
