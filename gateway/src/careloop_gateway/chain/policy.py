"""A policy looks at an exchange, notes what it found out, and raises when the request goes no further."""

from typing import Protocol

from careloop_gateway.exchange import Exchange


class Policy(Protocol):
    async def __call__(self, exchange: Exchange) -> None: ...
