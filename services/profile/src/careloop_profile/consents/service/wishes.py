from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import service as customers
from careloop_profile.customers.policy import Customer, QuietHours
from careloop_profile.customers.service import Change, store


@dataclass(frozen=True, slots=True)
class Wishes:
    """How and when a customer wants to be spoken to."""

    quiet_hours: tuple[QuietHours, ...]
    language: str | None
    accessibility: tuple[str, ...]


async def wish(
    session: AsyncSession,
    customer_id: UUID,
    wishes: Wishes,
    *,
    expected_version: int | None,
    now: datetime,
    actor: Actor,
) -> Customer:
    """Put these in the place of what the customer wished before."""
    before = await customers.get(session, customer_id, lock=True)
    check_version(expected_version, before.version)
    after = replace(
        before,
        quiet_hours=next(iter(wishes.quiet_hours), None),
        more_quiet=wishes.quiet_hours[1:],
        language=wishes.language,
        accessibility=wishes.accessibility,
    )
    [stored] = await store(session, [Change(before, after)], now=now, recorded_by=actor.id)
    return stored
