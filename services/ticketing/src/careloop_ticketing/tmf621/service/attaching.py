"""Files that come inside of documents. They take the way of all attachments; what else is said of them is kept beside."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

from careloop_common.errors import DomainError
from careloop_common.runtime import Runtime

from careloop_ticketing.attachments import service as attachments
from careloop_ticketing.attachments.service import Arrived
from careloop_ticketing.settings import Settings
from careloop_ticketing.tickets.service import Case
from careloop_ticketing.tmf621.policy.attaching import Content


@asynccontextmanager
async def receiving(
    runtime: Runtime[Settings], contents: Sequence[Content], now: datetime
) -> AsyncIterator[list[tuple[Content, Arrived]]]:
    """The files of these contents, in the store."""
    async with AsyncExitStack() as stack:
        found = []
        for one in contents:
            arriving = attachments.receiving(runtime, _whole(one.data), claimed=one.claimed, now=now)
            try:
                found.append((one, await stack.enter_async_context(arriving)))
            except DomainError as error:
                error.pointer = one.pointer
                raise
        yield found


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def attach(case: Case, arrived: Sequence[tuple[Content, Arrived]]) -> dict[str, Any]:
    """Give the files to the ticket; gives what is kept of them, by the ids that they got."""
    kept = {}
    for one, file in arrived:
        found = await attachments.attach(case, file, name=one.name, purpose=one.purpose)
        await case.session.flush()
        kept[str(found.row.id)] = one.extras
    return kept
