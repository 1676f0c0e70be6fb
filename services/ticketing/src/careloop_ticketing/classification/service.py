from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common.database import lasting
from careloop_common.tokens import Actor
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.classification import policy
from careloop_ticketing.classification.errors import ProductUnknown, RuleSetNotFound
from careloop_ticketing.classification.models import CorrectionRow as Correction
from careloop_ticketing.classification.models import RuleSetRow
from careloop_ticketing.classification.policy import Classifier, RuleSet, Verdict

__all__ = [
    "NEWEST",
    "Correction",
    "active",
    "check_product",
    "classifier",
    "correct",
    "publish",
    "rules_of",
    "version",
    "versions",
]
NEWEST: Final[Select[int]] = select(func.max(RuleSetRow.__table__.c.version))  # type: ignore[attr-defined]
"""The version of the active rule set, also for whoever asks for more than that at once."""


async def classifier(session: AsyncSession, number: int | None = None) -> Classifier:
    """What suggests classifications at present; `number` is the newest rule set, if that is known already.

    A model would take its place here, and nobody would notice.
    """
    return await (active(session) if number is None else rules_of(session, number))


async def active(session: AsyncSession) -> RuleSet:
    """The newest rule set."""
    return await rules_of(session, (await session.execute(NEWEST)).scalar_one())


async def rules_of(session: AsyncSession, number: int) -> RuleSet:
    """The rule set of a version. It never changes, so a process reads it once."""
    known = lasting(session)
    if (RuleSetRow, number) not in known:
        known[RuleSetRow, number] = policy.read(number, (await version(session, number)).document)
    found: RuleSet = known[RuleSetRow, number]
    return found


async def publish(
    session: AsyncSession, name: str, document: dict[str, Any], *, actor: Actor, now: datetime
) -> RuleSetRow:
    """Make `document` the active rule set; tickets that were classified before keep their classification."""
    policy.read(0, document)
    row = RuleSetRow(name=name, document=document, created_at=now, created_by=actor.id)
    session.add(row)
    await session.flush()
    return row


async def check_product(session: AsyncSession, code: str) -> None:
    """`ProductUnknown` unless the active rule set has this product."""
    products = (await active(session)).products
    if code not in products:
        raise ProductUnknown(f"There is no product {code!r}.", pointer="/product", products=sorted(products))


async def version(session: AsyncSession, number: int) -> RuleSetRow:
    row = await session.get(RuleSetRow, number)
    if row is None:
        raise RuleSetNotFound(f"There is no rule set version {number}.")
    return row


async def versions(session: AsyncSession, *, before: int | None, limit: int) -> Sequence[RuleSetRow]:
    newest_first = select(RuleSetRow).order_by(col(RuleSetRow.version).desc()).limit(limit)
    if before is not None:
        newest_first = newest_first.where(col(RuleSetRow.version) < before)
    return (await session.scalars(newest_first)).all()


def correct(
    session: AsyncSession,
    subject_id: UUID,
    *,
    suggested: Verdict,
    corrected: Verdict,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep what a person made of a classification, whoever made that one."""
    row = Correction(
        subject_id=subject_id,
        rule_set=suggested.rule_set,
        rules=list(suggested.rules),
        suggested_cause=suggested.cause,
        suggested_tier=suggested.tier,
        suggested_severity=suggested.severity,
        suggested_product=suggested.product,
        suggested_emotion=suggested.emotion,
        cause=corrected.cause,
        tier=corrected.tier,
        severity=corrected.severity,
        product=corrected.product,
        emotion=corrected.emotion,
        corrected_by=actor.id,
        corrected_at=now,
    )
    session.add(row)
