"""Administration of any Kafka cluster, one part per noun."""

import random
from collections.abc import Sequence
from typing import Self

from cluster.client.addresses import Endpoint
from cluster.client.admin.cluster import ClusterAdmin
from cluster.client.admin.configs import ConfigAdmin
from cluster.client.admin.groups import GroupAdmin
from cluster.client.admin.offsets import OffsetAdmin
from cluster.client.admin.storage import StorageAdmin
from cluster.client.admin.topics import TopicAdmin
from cluster.client.connection import Patience
from cluster.client.retrying import RetryPolicy
from cluster.client.routing import Router


class Admin:
    """The parts that share one router. Belongs to one loop; close it, or use it in `async with`."""

    def __init__(
        self,
        bootstrap: Sequence[Endpoint],
        rng: random.Random,
        client_id: str = "odradek",
        patience: Patience | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.router = Router(bootstrap, rng, client_id, patience, retry)
        self.cluster = ClusterAdmin(self.router)
        self.topics = TopicAdmin(self.router)
        self.configs = ConfigAdmin(self.router)
        self.groups = GroupAdmin(self.router)
        self.offsets = OffsetAdmin(self.router)
        self.storage = StorageAdmin(self.router)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.router.close()
