"""Both clusters under the same questions, at the same time."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping

from tests.conformance.compare import BROKEN, Difference, differences
from tests.conformance.recorder import Exchange, Peer

Scenario = Callable[[Peer], Awaitable[None]]


async def compare(ours: Peer, apache: Peer, scenarios: Mapping[str, Scenario]) -> list[Difference]:
    """Ask both everything; what differs."""
    try:
        await asyncio.gather(_record(ours, scenarios), _record(apache, scenarios))
    finally:
        ours.close()
        apache.close()
    return differences(ours.exchanges, apache.exchanges)


async def _record(peer: Peer, scenarios: Mapping[str, Scenario]) -> None:
    for name, scenario in scenarios.items():
        peer.scenario = name
        peer.plain.begin()
        try:
            await scenario(peer)
        except Exception as error:
            story = "".join(traceback.format_exception(error)[-3:])
            peer.exchanges.append(Exchange(name, BROKEN, "none", 0, f"{peer.name} broke it: {story}"))
