"""The observer and the admin client of this process: one of each for each event loop, made when first asked for."""

import asyncio
import random
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from django.conf import settings

from cluster.client.addresses import Endpoint
from cluster.client.admin import Admin
from cluster.client.connection import Patience
from cluster.client.retrying import RetryPolicy
from dashboard.watch.observer import Observer
from dashboard.watch.readings import Readings

CLIENT_ID = "odradek-console"
# A page must say soon that a broker does not answer; an action may wait for a new controller.
QUICK = Patience(connect_ms=1_000, request_ms=3_000)
BRIEFLY = RetryPolicy(total_ms=4_000)


@dataclass(frozen=True, slots=True)
class Here:
    admin: Admin
    watching: Admin
    observer: Observer


_here: "WeakKeyDictionary[asyncio.AbstractEventLoop, Here]" = WeakKeyDictionary()


def observer() -> Observer:
    return _of_this_loop().observer


def admin() -> Admin:
    """An admin client for actions: a patient one, unless no broker answers anyway."""
    this = _of_this_loop()
    return this.watching if this.observer.now.unreachable else this.admin


def watching() -> Admin:
    """An admin client for questions: it gives up soon, so that a page can say so."""
    return _of_this_loop().watching


def _of_this_loop() -> Here:
    loop = asyncio.get_running_loop()
    if loop not in _here:
        bootstrap = [Endpoint.parse(server) for server in settings.BOOTSTRAP_SERVERS]
        quick = Admin(bootstrap, random.Random(), CLIENT_ID, QUICK, BRIEFLY)
        acting = Admin(bootstrap, random.Random(), CLIENT_ID)
        _here[loop] = Here(acting, quick, Observer(Readings(quick).all()))
    return _here[loop]
