from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.consents import queries
from careloop_profile.consents.models import NoticeRow
from careloop_profile.consents.policy import Entry
from careloop_profile.consents.queries import Reference
from careloop_profile.consents.service.effective import Standing, in_force


@dataclass(frozen=True, slots=True)
class Proof:
    """All that can be said of what a customer allowed: the ledger from its beginning, and the texts that were read."""

    entries: Sequence[Entry]
    notices: Sequence[NoticeRow]
    standing: Standing


async def prove(session: AsyncSession, customer_id: UUID, *, now: datetime) -> Proof:
    """The proof as of now, of the customer alone and of the customers that are one person with it."""
    standing = await in_force(session, customer_id, at=now, known_at=now)
    entries = [entry for one in standing.members for entry in await queries.ledger(session, one)]
    entries.sort(key=lambda entry: (entry.recorded_at, entry.entry_id))
    read = {
        Reference(terms.notice, terms.notice_version)
        for terms in (entry.word.terms for entry in entries)
        if terms.notice and terms.notice_version
    }
    return Proof(entries, await queries.notices(session, read), standing)
