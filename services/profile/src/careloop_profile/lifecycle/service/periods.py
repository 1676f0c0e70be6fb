"""The begin of a month, and of new terms: everybody is looked at once."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.lifecycle import queries
from careloop_profile.lifecycle.policy.tiers import end
from careloop_profile.lifecycle.service import terms as in_versions
from careloop_profile.lifecycle.service.moving import month_of
from careloop_profile.tags.service import walking
from careloop_profile.tags.service.evaluating import Evaluator

FEWEST: Final = 4
"""With fewer persons of whom the worth is known nobody is measured by the others."""


async def begin(session: AsyncSession, *, now: datetime) -> bool:
    """Measure what everybody is worth, if that was not done this month; whether it was now."""
    month = month_of(now)
    if await queries.period(session, month) is not None:
        return False
    terms, _ = await in_versions.in_force(session, now)
    edges, persons = await queries.measure(session, terms.tier_shares)
    if persons < FEWEST:
        return False
    await queries.begin(session, month, [end(*edge) for edge in edges], persons, now)
    return True


async def walk(session: AsyncSession, evaluator: Evaluator, *, now: datetime) -> bool:
    """Look at the next of all persons, for a month or for terms that have begun; whether there may be more."""
    _, version = await in_versions.in_force(session, now)
    occasions = [] if version is None else [f"lifecycle terms {version}"]
    if await queries.period(session, month_of(now)) is not None:
        occasions.append(f"tiers of {month_of(now):%Y-%m}")
    for occasion in occasions:
        if await walking.walk(session, evaluator, occasion, now=now.astimezone(UTC)):
            return True
    return False
