"""Requests that the controller answers: sent on to it, and again when it changes meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

from cluster.broker.services import RequestContext, Services
from cluster.controller.controller import Controller
from cluster.protocol.errors import BrokerNotAvailable, ErrorCode, NotController, RequestTimedOut

logger = logging.getLogger(__name__)

RETRY_S: Final = 0.05


async def forward(
    request: Any, context: RequestContext, services: Services, codes: Callable[[Any], Iterable[int]]
) -> Any:
    """The controller's response, in the client's version. Raises RequestTimedOut when none was to be had in time.

    `codes` are the error codes in a response. As with Kafka's forwarding, a request whose answer was lost is sent
    again: it may then meet its own effect.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + services.config.request_timeout_ms / 1000
    while True:
        try:
            response = await services.controller.forward(request, context)
            if ErrorCode.NOT_CONTROLLER not in codes(response):
                return response
        except (NotController, BrokerNotAvailable) as error:
            logger.debug("%s has to wait for a controller: %s", context.api_key.name, error)
        if loop.time() + RETRY_S >= deadline:
            raise RequestTimedOut("the controller did not answer in time")
        await asyncio.sleep(RETRY_S)


def active_controller(services: Services) -> Controller:
    """The controller on this broker. Raises NotController."""
    controller = services.controller.active
    if controller is None:
        raise NotController("this broker is not the controller")
    return controller
