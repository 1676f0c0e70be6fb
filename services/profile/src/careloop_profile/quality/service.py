from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing import queries as issues
from careloop_profile.cleansing.policy import Issue, Setting
from careloop_profile.cleansing.service import SUGGESTION
from careloop_profile.customers import service as customers
from careloop_profile.customers.policy import IDENTIFIERS
from careloop_profile.quality import queries
from careloop_profile.quality.errors import IssueDecided, IssueNotFound, NothingToAccept
from careloop_profile.quality.policy import FieldQuality, quality_of

_FACTS = ("name", "birth_date", "address", "region", "language", "joined_on")


@dataclass(frozen=True, slots=True)
class SourceQuality:
    source: str
    customers: int
    duplicates: int
    """Customers who are the same person as another one of the source."""
    fields: Sequence[FieldQuality]


async def accept(
    session: AsyncSession,
    vault: Vault,
    issue_id: UUID,
    value: str | None,
    *,
    setting: Setting,
    now: datetime,
    actor: Actor,
) -> Issue:
    """Give the customer what the issue suggests, or what somebody found out, in place of what it has."""
    issue = await _open(session, issue_id)
    if value is None and issue.suggestion_sealed is None:
        raise NothingToAccept("The issue has no suggestion; say what the right value is.", pointer="/value")
    if value is None:
        value = vault.open(issue.customer_id, SUGGESTION, issue.suggestion_sealed or "")
    accepted = await issues.decide(session, issue, "accepted", now=now, by=actor.id)
    await customers.revise(
        session,
        vault,
        issue.customer_id,
        {issue.field: value},
        expected_version=None,
        setting=setting,
        now=now,
        actor=actor,
    )
    return accepted


async def dismiss(session: AsyncSession, issue_id: UUID, *, now: datetime, actor: Actor) -> Issue:
    """The value is right as it is; the same will not be said of it again."""
    issue = await _open(session, issue_id)
    return await issues.decide(session, issue, "dismissed", now=now, by=actor.id)


async def _open(session: AsyncSession, issue_id: UUID) -> Issue:
    found = await issues.get(session, issue_id)
    if found is None:
        raise IssueNotFound(f"There is no quality issue {issue_id}.")
    # Who changes an issue holds its customer; after waiting for that, the issue may be another.
    await customers.get(session, found.customer_id, lock=True)
    issue = await issues.get(session, issue_id)
    if issue is None or issue.state != "open":
        raise IssueDecided(f"Quality issue {issue_id} is {issue.state if issue else 'gone'}.")
    return issue


async def report(session: AsyncSession) -> list[SourceQuality]:
    """How good the personal data of each source are."""
    doubts = await issues.doubtful(session)
    identifiers = await queries.identifiers(session)
    duplicates = await queries.duplicates(session)
    found = []
    for row in await queries.filled(session):
        fields = []
        for field in (*_FACTS, *IDENTIFIERS):
            doubt = doubts.get((row.source, field), (0, 0, 0))
            held = identifiers.get((row.source, field))
            if field in IDENTIFIERS:
                counts = (held.filled, held.different, held.sharing) if held else (0, 0, 0)
                fields.append(quality_of(field, row.customers, counts[0], doubt, *counts[1:]))
            else:
                fields.append(quality_of(field, row.customers, getattr(row, field), doubt))
        found.append(SourceQuality(row.source, row.customers, duplicates.get(row.source, 0), fields))
    return found
