"""The websocket of a live tail: commands in, at most ten frames a second out."""

import asyncio
import contextlib
import json
import logging
from typing import Any
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from aiokafka import AIOKafkaConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from streams.consumers import connect
from streams.tail.catch_up import catch_up
from streams.tail.filters import RecordFilter
from streams.tail.places import places_from_text, places_to_text
from streams.tail.reader import Readers, TopicReader
from streams.tail.viewer import Account, Viewer, ViewerState
from streams.unreadable import PassedOver

logger = logging.getLogger(__name__)

FRAME_S = 0.1
HEARTBEAT_S = 1.0
TEXT_CHARACTERS = 500
BAD_REQUEST = 4400

_readers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Readers]" = WeakKeyDictionary()


async def _connect(passed_over: PassedOver) -> AIOKafkaConsumer:
    return await connect(settings.BOOTSTRAP_SERVERS, passed_over=passed_over)


def readers_here() -> Readers:
    """The register of this process's event loop."""
    return _readers.setdefault(asyncio.get_running_loop(), Readers(_connect))


class TailSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """
    One viewer. Address: /live/tail/<topic>/?text=&partition=&from=0:12,1:7&paused=1
    In:  {"do": "pause" | "resume" | "jump"} or {"do": "filter", "text": "...", "partition": null | n}
    Out: rows (streams.tail.records) with the account, the viewer's and the reader's state and the viewer's places
    """

    viewer: Viewer | None = None
    reader: TopicReader
    sender: "asyncio.Task[None]"
    follower: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        if not self.scope["user"].is_authenticated:
            await self.close()
            return
        await self.accept()
        self.topic = self.scope["url_route"]["kwargs"]["topic"]
        try:
            self.viewer = _viewer_of(parse_qs(self.scope["query_string"].decode()))
        except ValueError:
            await self.close(BAD_REQUEST)
            return
        self.reader = readers_here().join(self.topic, self.viewer)
        if self.viewer.state is ViewerState.CATCHING_UP:
            self._catch_up()
        self.sender = asyncio.create_task(self._send_frames(self.viewer))
        self.sender.add_done_callback(_log_failure)

    async def disconnect(self, code: int) -> None:
        if self.viewer is None:
            return
        self._stop_catching_up()
        if hasattr(self, "sender"):
            self.sender.cancel()
            await readers_here().leave(self.topic, self.viewer)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.viewer is None:
            return
        try:
            command = json.loads(text_data or "")
            match command["do"]:
                case "pause":
                    self._stop_catching_up()
                    self.viewer.move_to(ViewerState.PAUSED)
                case "resume":
                    self._resume(self.viewer)
                case "jump":
                    self._stop_catching_up()
                    self.viewer.skip_to(self.reader.positions)
                    self.viewer.move_to(ViewerState.LIVE)
                case "filter":
                    self.viewer.filter = _filter_of(str(command.get("text", "")), command.get("partition"))
        except (ValueError, TypeError, KeyError, AttributeError):
            await self.close(BAD_REQUEST)

    def _resume(self, viewer: Viewer) -> None:
        if viewer.state is ViewerState.PAUSED:
            viewer.move_to(ViewerState.CATCHING_UP)
            self._catch_up()

    def _catch_up(self) -> None:
        assert self.viewer is not None
        self.follower = asyncio.create_task(catch_up(readers_here().connect, self.reader, self.viewer))
        self.follower.add_done_callback(_log_failure)

    def _stop_catching_up(self) -> None:
        if self.follower is not None:
            self.follower.cancel()
            self.follower = None

    async def _send_frames(self, viewer: Viewer) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(viewer.news.wait(), HEARTBEAT_S)
            try:
                await self.send(text_data=self._frame(viewer))
            except OSError:
                return  # the viewer is gone, and its goodbye is on its way
            await asyncio.sleep(FRAME_S)

    def _frame(self, viewer: Viewer) -> str:
        if viewer.state is ViewerState.LIVE or not viewer.positions:
            viewer.follow(self.reader.positions)
        records, account = viewer.take_all()
        rows = ",".join(record.row for record in records)
        return f'{{"rows":[{rows}],"status":{json.dumps(self._status(viewer, account))}}}'

    def _status(self, viewer: Viewer, account: Account) -> dict[str, Any]:
        ends = self.reader.ends
        behind = sum(max(0, end - viewer.positions.get(partition, end)) for partition, end in ends.items())
        return {
            "received": account.received,
            "shown": account.shown,
            "filtered": account.filtered,
            "dropped": account.dropped,
            "state": viewer.state.name.lower().replace("_", " "),
            "reader": self.reader.state,
            "silent": round(self.reader.silent_s, 1),
            "behind": behind,
            "viewers": len(self.reader.viewers),
            "places": places_to_text(viewer.positions),
        }


def _viewer_of(query: dict[str, list[str]]) -> Viewer:
    def first(name: str) -> str:
        return query.get(name, [""])[0]

    viewer = Viewer(_filter_of(first("text"), first("partition") or None), places_from_text(first("from")))
    if first("paused"):
        viewer.move_to(ViewerState.PAUSED)
    return viewer


def _filter_of(text: str, partition: str | int | None) -> RecordFilter:
    return RecordFilter(
        text=text[:TEXT_CHARACTERS], partition=None if partition is None or partition == "" else int(partition)
    )


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.error("a live tail failed", exc_info=error)
