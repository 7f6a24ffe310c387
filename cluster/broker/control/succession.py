"""Who is to be the controller when nobody is, or when the one there was is gone."""

from __future__ import annotations

import logging

from cluster.broker.config import BrokerConfig
from cluster.broker.control.controllership import GRACE_S, Controllership
from cluster.broker.control.metadata import MetadataReplica
from cluster.controller.store import MetadataStore

logger = logging.getLogger(__name__)


class Succession:
    """Takes the controller's place when it is vacant. Belongs to the node's loop.

    A claim that was not needed costs an election of the controller and nothing else: whoever held the lease before
    cannot write any more.
    """

    def __init__(
        self, config: BrokerConfig, store: MetadataStore, metadata: MetadataReplica, controllership: Controllership
    ) -> None:
        self._config = config
        self._store = store
        self._metadata = metadata
        self._controllership = controllership

    async def claim_if_nobody_else_may(self) -> None:
        """Before a registration: there has been no controller yet, or it was an earlier run of this broker."""
        if self._metadata.state.controller is None or self._was_controller():
            await self._claim()

    async def look(self, error: BaseException, away_s: float) -> bool:
        """The controller did not answer, for `away_s` now. True when there is another since. Raises StoreUnavailable.

        It may be this broker.
        """
        known = self._metadata.state.controller
        if away_s == 0:
            # Once an absence: while the database is away as well, this is asked ten times a second.
            logger.info("broker %s has no controller: %s", self._config.node_id, error or type(error).__name__)
        self._metadata.announce()
        await self._metadata.catch_up()
        if self._metadata.state.controller != known:
            return True
        if await self._vacant(error, away_s):
            await self._claim()
            return True
        return False

    def _was_controller(self) -> bool:
        """True when the log names this broker, but not as it is now: that controller is certainly gone."""
        controller = self._metadata.state.controller
        if controller is None or self._controllership.active is not None:
            return False
        return self._config.is_own_address(controller.id, controller.host, controller.port)

    async def _vacant(self, error: BaseException, away_s: float) -> bool:
        """True when the controller's process is gone, or silent and its lease not renewed.

        A lease that is renewed belongs to a controller that only we cannot reach.
        """
        if self._was_controller():
            return True
        if isinstance(error.__cause__, ConnectionRefusedError):
            return away_s >= GRACE_S
        if away_s <= self._config.broker_session_timeout_ms / 2000:
            return False
        lease = await self._store.current_lease()
        return lease is None or lease.expired

    async def _claim(self) -> None:
        controller = self._metadata.state.controller
        await self._controllership.claim(controller.epoch if controller is not None else 0)
