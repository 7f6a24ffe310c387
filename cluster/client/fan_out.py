"""Asking several brokers at once; one that is down costs only its own part of the answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from cluster.client.addresses import Endpoint
from cluster.client.connection import Connection, ConnectionLost
from cluster.client.retrying import is_passing
from cluster.client.routing import Owner, Router
from cluster.protocol.errors import KafkaError, NetworkException, UnknownServerError

T = TypeVar("T")
Key = TypeVar("Key")
ROUNDS = 3
"""How often a key whose owner moved is asked for within one call."""
PAUSE_S = 0.05

Locate = Callable[[Sequence[Key]], Awaitable[Mapping[Key, Owner]]]
Ask = Callable[[Connection, Sequence[Key]], Awaitable[Mapping[Key, T | KafkaError]]]


async def ask_every_broker(router: Router, ask: Callable[[Connection], Awaitable[T]]) -> dict[int, T | KafkaError]:
    """The answer of every live broker by its id; NetworkException for one that does not answer."""

    async def ask_one(endpoint: Endpoint) -> T | KafkaError:
        try:
            return await ask(await router.connect(endpoint))
        except ConnectionLost as lost:
            return NetworkException(str(lost))
        except KafkaError as error:
            return error

    brokers = (await router.topology(fresh=True)).brokers
    async with asyncio.TaskGroup() as group:
        answers = {broker: group.create_task(ask_one(endpoint)) for broker, endpoint in brokers.items()}
    return {broker: task.result() for broker, task in answers.items()}


async def ask_owners(
    router: Router, keys: Iterable[Key], locate: Locate[Key], ask: Ask[Key, T]
) -> dict[Key, T | KafkaError]:
    """Ask for each key the broker that owns it, again for those whose owner moved meanwhile.

    Raises ConnectionLost or KafkaError only when nobody can tell who owns what.
    """
    answers: dict[Key, T | KafkaError] = {}
    missing = list(dict.fromkeys(keys))
    for last in (False,) * (ROUNDS - 1) + (True,):
        owners = await locate(missing)
        answers |= await _ask_round(router, owners, ask)
        missing = [key for key in missing if isinstance(answer := answers[key], KafkaError) and is_passing(answer)]
        if not missing or last:
            break
        router.forget()
        await asyncio.sleep(PAUSE_S)
    return answers


async def _ask_round(router: Router, owners: Mapping[Key, Owner], ask: Ask[Key, T]) -> dict[Key, T | KafkaError]:
    answers: dict[Key, T | KafkaError] = {}
    keys_of: dict[Endpoint, list[Key]] = {}
    for key, owner in owners.items():
        if isinstance(owner, KafkaError):
            answers[key] = owner
        else:
            keys_of.setdefault(owner, []).append(key)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_ask_owner(router, owner, keys, ask)) for owner, keys in keys_of.items()]
    for task in tasks:
        answers |= task.result()
    return answers


async def _ask_owner(
    router: Router, owner: Endpoint, keys: Sequence[Key], ask: Ask[Key, T]
) -> dict[Key, T | KafkaError]:
    """The owner's answers; a key that it left out, or its silence, becomes an error of that key alone."""
    try:
        answers = await ask(await router.connect(owner), keys)
    except ConnectionLost as lost:
        return {key: NetworkException(str(lost)) for key in keys}
    except KafkaError as error:
        return dict.fromkeys(keys, error)
    silent = UnknownServerError(f"{owner} did not answer for it")
    return {key: answers.get(key, silent) for key in keys}
