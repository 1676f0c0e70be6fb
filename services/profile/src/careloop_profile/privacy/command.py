"""`careloop-profile seal-anew`: give keys of their own to customers who were known before there were any."""

import argparse
import asyncio
import sys
from typing import Final
from uuid import UUID

from careloop_common import clock, outbox
from careloop_common.runtime import Runtime
from careloop_common.service import Command

from careloop_profile.privacy import service
from careloop_profile.settings import Settings

_BEHIND: Final = 2_000
_PAUSE: Final = 0.5


async def _run(runtime: Runtime[Settings], _: argparse.Namespace) -> int:
    """A page is a transaction, and waits while many events are on their way: others' come first."""
    after: UUID | None = UUID(int=0)
    total = 0
    while after is not None:
        async with runtime.database.transaction() as session:
            behind = await outbox.is_behind(session, many=_BEHIND)
            if not behind:
                after, number = await service.reseal(session, runtime.vault, after, now=clock.now())
                total += number
        if behind:
            await asyncio.sleep(_PAUSE)
    sys.stdout.write(f"{total} customers were sealed anew\n")
    return 0


SEAL_ANEW: Final[Command[Settings]] = Command(
    "seal-anew", "give keys of their own to customers who were known before there were any", _run
)
