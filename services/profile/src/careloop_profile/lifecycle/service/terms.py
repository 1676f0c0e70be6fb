"""Thresholds in versions, each of which holds from a time on."""

from dataclasses import asdict
from datetime import datetime

from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.lifecycle import queries
from careloop_profile.lifecycle.errors import InvalidTerms
from careloop_profile.lifecycle.models import TermsRow
from careloop_profile.lifecycle.policy.terms import DEFAULT, Terms


async def in_force(session: AsyncSession, now: datetime) -> tuple[Terms, int | None]:
    """The terms, and their version; None for those that come with the platform."""
    row = await queries.in_force(session, now)
    return (DEFAULT, None) if row is None else (read(row), row.version)


def read(row: TermsRow) -> Terms:
    return Terms(**queries.of_document(row.document))


async def publish(
    session: AsyncSession, terms: Terms, valid_from: datetime | None, *, now: datetime, actor: Actor
) -> TermsRow:
    """Have these terms hold from a time on; everybody is looked at again then."""
    if wrong := terms.contradiction():
        raise InvalidTerms(f"The terms are not usable: {wrong}.")
    if valid_from is not None and valid_from < now:
        raise InvalidTerms("Nobody can be told of terms that held before.", pointer="/valid_from")
    row = TermsRow(document=asdict(terms), valid_from=valid_from or now, created_at=now, created_by=actor.id)
    session.add(row)
    await session.flush()
    return row
