"""Calls to a server that may be gone at any moment."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio.service import RPCError, RPCStatusCode

# What a call may end with when the server or its database dies under it. Its outcome is then unknown.
UNKNOWN_OUTCOME = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.UNKNOWN,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.ABORTED,
}
CALL_TIMEOUT = timedelta(seconds=5)
PAUSE = 0.1


async def insist(call: Callable[..., Awaitable[Any]], request: Any) -> Any:
    """Sends the same request until it is answered.

    None means that the workflow is gone, but an earlier try, whose outcome is unknown, may have ended it.
    """
    tried = False
    while True:
        try:
            return await call(request, timeout=CALL_TIMEOUT)
        except RPCError as error:
            if tried and error.status == RPCStatusCode.NOT_FOUND and "already completed" in error.message:
                return None
            if error.status not in UNKNOWN_OUTCOME:
                raise
        tried = True
        await asyncio.sleep(PAUSE)


async def answered(read: Callable[[], Awaitable[Any]]) -> Any:
    """What a read answers, as soon as it answers."""
    while True:
        try:
            return await read()
        except RPCError as error:
            if error.status not in UNKNOWN_OUTCOME:
                raise
        await asyncio.sleep(PAUSE)
