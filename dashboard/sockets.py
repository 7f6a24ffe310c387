"""The websocket of a live page: pushes the parts that changed, and how old what is shown is."""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import Http404, HttpRequest, QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone

from dashboard.live import FRAME_ONLY, LivePage
from dashboard.watch import here
from dashboard.watch.observation import Observation

logger = logging.getLogger(__name__)

FRAME_S = 0.1


class PageSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """
    Lives as long as its page is open; of a page without living parts, and of what is not there, only the frame lives.
    Address: /live/<the page's own address, with its query>
    Out: {"age_ms": age of the newest answer of the cluster or null, "parts": {element id: markup}}
    """

    def __init__(self, pages: Mapping[str, LivePage]) -> None:
        super().__init__()
        self._pages = pages
        self._sender: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close()
            return
        await self.accept()
        page, kwargs = self._page()
        self._sender = asyncio.create_task(self._push(page, kwargs))
        self._sender.add_done_callback(_log_failure)

    async def disconnect(self, code: int) -> None:
        if self._sender:
            self._sender.cancel()

    def _page(self) -> tuple[LivePage, dict[str, Any]]:
        try:
            match = resolve(self.scope["path"].removeprefix("/live"))
        except Resolver404:
            return FRAME_ONLY, {}
        return self._pages.get(match.url_name or "", FRAME_ONLY), match.kwargs

    def _request(self) -> HttpRequest:
        """A request as the page itself was asked for, so that its templates find what they need."""
        request = HttpRequest()
        request.method = "GET"
        request.path = request.path_info = self.scope["path"].removeprefix("/live")
        request.GET = QueryDict(self.scope["query_string"].decode())
        request.user = self.scope["user"]
        return request

    async def _push(self, page: LivePage, kwargs: dict[str, Any]) -> None:
        request = self._request()
        before: dict[str, Any] = {}
        observer = here.observer()
        async with observer.watch() as next_observation:
            seen = await observer.glance(*page.readings)
            while True:
                try:
                    context = await page.context(kwargs, request.GET, seen)
                except Http404:
                    context = await FRAME_ONLY.context({}, request.GET, seen)
                    parts = dict(FRAME_ONLY.fragments(context, before, request))
                else:
                    parts = dict(page.fragments(context, before, request))
                try:
                    await self.send(text_data=json.dumps({"age_ms": _age_ms(seen), "parts": parts}))
                except OSError:
                    return  # the page is gone, and its goodbye is on its way
                await asyncio.sleep(FRAME_S)
                seen = await next_observation()


def _age_ms(seen: Observation) -> int | None:
    return int((timezone.now() - seen.seen_at).total_seconds() * 1000) if seen.seen_at else None


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.error("a live page failed", exc_info=error)
