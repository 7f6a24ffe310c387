"""Pages over a made-up cluster: an observer whose readings are given, and a person who is signed in."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from cluster.client.admin import Admin
from cluster.client.connection import ConnectionLost
from dashboard.watch import here
from dashboard.watch.observation import Observation
from dashboard.watch.observer import Observer, Reading

READINGS = (
    "nodes", "shape", "ends", "starts", "sizes", "offline_directories", "groups", "min_isr", "rates", "events",
)  # fmt: skip


def observer_of(look: Callable[[], Observation]) -> Observer:
    """An observer that sees what `look` gives at that moment."""

    def reading(name: str) -> Reading:
        async def read(seen: Observation) -> Any:
            if name == "shape" and look().unreachable:
                raise ConnectionLost(look().unreachable)
            return getattr(look(), name)

        return Reading(name=name, every_s=0.02, read=read)

    return Observer({name: reading(name) for name in READINGS})


Show = Callable[[Observation], None]


@pytest.fixture
async def show() -> Show:
    """Says what the cluster looks like from now on. Nothing is asked of a real one: no address is given."""
    now = [Observation()]
    admin = Admin([], random.Random(1))
    here._here[asyncio.get_running_loop()] = here.Here(admin, admin, observer_of(lambda: now[0]))

    def change(observation: Observation) -> None:
        now[0] = observation
        here.observer()._taken_at.clear()

    return change


@pytest.fixture
async def ada(db: None, async_client: AsyncClient) -> AsyncClient:
    """A person who is signed in."""
    user = await User.objects.acreate(username="ada")
    await async_client.aforce_login(user)
    return async_client
