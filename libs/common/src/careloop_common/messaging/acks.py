"""Requests to the broker whose answers all come to one inbox.

The client's own `request` makes a name, a task and a timer for each; what this one leaves out is most of what a published
event cost.
"""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import Header

_NOBODY: Final = "503"


class Acks:
    """Who waits for which answer, on one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Future[Msg]] = {}

    async def open(self) -> None:
        """Listen; the client does so again by itself whenever it reconnects."""
        await self._client.subscribe(f"{self._inbox}.*", cb=self._take)

    async def request(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None, seconds: float
    ) -> Msg:
        """Send, and wait so long for the answer."""
        loop = asyncio.get_running_loop()
        reply = f"{self._inbox}.{next(self._numbers)}"
        answer: asyncio.Future[Msg] = loop.create_future()
        self._waiting[reply] = answer
        try:
            await self._client.publish(
                subject, payload, reply=reply, headers=dict(headers) if headers else None
            )
            expiry = loop.call_later(seconds, _expire, answer)
            try:
                found = await answer
            finally:
                expiry.cancel()
        finally:
            del self._waiting[reply]
        if found.headers and found.headers.get(Header.STATUS) == _NOBODY:
            raise nats.errors.NoRespondersError
        return found

    async def _take(self, message: Msg) -> None:
        answer = self._waiting.get(message.subject)
        if answer is not None and not answer.done():
            answer.set_result(message)


def _expire(answer: asyncio.Future[Msg]) -> None:
    if not answer.done():
        answer.set_exception(nats.errors.TimeoutError())
