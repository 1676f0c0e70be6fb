"""Files that come with a message. They take the way of all attachments; one that is refused does not keep the others out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from careloop_common.errors import DomainError
from careloop_common.runtime import Runtime

from careloop_ticketing.attachments import service as attachments
from careloop_ticketing.attachments.errors import TooManyAttachments
from careloop_ticketing.attachments.policy import limits
from careloop_ticketing.attachments.policy.limits import Purpose
from careloop_ticketing.attachments.service import Arrived
from careloop_ticketing.mail import metrics
from careloop_ticketing.mail.policy.mime import Part
from careloop_ticketing.settings import Settings
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.service import Case

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Files:
    """Those that are in the store, and those that never will be, by their names."""

    arrived: list[tuple[str | None, Arrived]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, name: str, error: DomainError | type[DomainError]) -> None:
        self.refused.append({"name": name[:_LONGEST_NAME], "code": error.code})
        metrics.REFUSED.labels(error.code).inc()


@asynccontextmanager
async def receiving(
    runtime: Runtime[Settings], parts: Sequence[Part], *, now: datetime
) -> AsyncIterator[Files]:
    """The files of these parts, in the store; those that no ticket has at the end are gone again."""
    async with AsyncExitStack() as stack:
        found = Files()
        for part in parts[: limits.MOST]:
            arriving = attachments.receiving(runtime, _content(part), claimed=part.media_type, now=now)
            try:
                found.arrived.append((part.name, await stack.enter_async_context(arriving)))
            except DomainError as error:
                if error.passes:
                    raise
                found.refuse(part.name or part.media_type, error)
        for part in parts[limits.MOST :]:
            found.refuse(part.name or part.media_type, TooManyAttachments)
        yield found


async def _content(part: Part) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(part.content)


async def keep(case: Case, files: Files) -> None:
    """Give the files to the ticket, and note there which were not kept."""
    for name, arrived in files.arrived:
        try:
            await attachments.attach(case, arrived, name=name, purpose=Purpose.OTHER)
        except TooManyAttachments as error:
            files.refuse(name or arrived.media_type, error)
        await case.session.flush()
    if files.refused:
        await tickets.add_note(case, text=_note(case.ticket.language, files.refused))


def _note(language: str, refused: Sequence[dict[str, str]]) -> str:
    title = "邮件附件未保存：" if language.startswith("zh") else "Files of the e-mail that were not kept:"
    return "\n".join((title, *(f"{one['name']} ({one['code']})" for one in refused)))[:10_000]
