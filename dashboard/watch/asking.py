"""Questions to the database by who asks all the time: none waits for ever, and each finds a connection that works."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, Error, close_old_connections

T = TypeVar("T")

ANSWERS_WITHIN_S = 3.0


async def of_database(answer: Awaitable[T]) -> T:
    """The answer. Raises DatabaseError also when there is none in time, or the connection was lost."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            return await answer
    except TimeoutError as error:
        raise DatabaseError("it takes connections, but says nothing") from error
    except Error as error:
        # Between two requests Django would do this; here is none.
        await sync_to_async(close_old_connections)()
        raise DatabaseError(str(error).partition("\n")[0]) from error
