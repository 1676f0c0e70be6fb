"""An e-mail that says how it went, and nothing else, to whoever asked."""

from datetime import datetime
from typing import Final

from careloop_ticketing.mail.policy.reading import Mail
from careloop_ticketing.mail.service.files import Files, keep
from careloop_ticketing.satisfaction import policy
from careloop_ticketing.satisfaction import service as satisfaction
from careloop_ticketing.satisfaction.policy import Said
from careloop_ticketing.tickets.errors import TransitionImpossible
from careloop_ticketing.tickets.service import Case
from careloop_ticketing.vocabulary import CLOSED

_LONGEST: Final = 2_000


async def said(case: Case, mail: Mail, received_at: datetime) -> Said | None:
    """The answer, if the customer was asked before they wrote, and has not answered yet."""
    resolved_at = case.ticket.resolved_at
    if resolved_at is None or received_at < resolved_at or len(mail.own) > _LONGEST:
        return None
    found = policy.understand(mail.own)
    return found if found and await satisfaction.awaits(case.session, case.ticket) else None


async def answer(case: Case, found: Said, files: Files) -> None:
    """A ticket that was archived meanwhile notes it, and takes in no files any more."""
    if case.ticket.status not in CLOSED:
        await keep(case, files)
    else:
        for name, arrived in files.arrived:
            files.refuse(name or arrived.media_type, TransitionImpossible)
    await satisfaction.answer(case, score=found.score, comment=found.comment)
