from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import ids
from careloop_common.tokens import Actor
from sqlalchemy import Table, delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing import documents
from careloop_ticketing.classification import policy
from careloop_ticketing.classification.errors import ProductUnknown
from careloop_ticketing.classification.models import CorrectionRow as Correction
from careloop_ticketing.classification.models import RuleSetRow
from careloop_ticketing.classification.policy import Classifier, RuleSet, Verdict

__all__ = [
    "NEWEST",
    "Correction",
    "Lesson",
    "active",
    "check_product",
    "checked",
    "classifier",
    "learn",
    "lesson",
    "publish",
    "retract",
    "rules_of",
]
Lesson = Mapping[str, Any]
"""What a later model learns from: a correction, as it is stored."""
NEWEST: Final = documents.newest(RuleSetRow)
"""The version of the active rule set, also for whoever asks for more than that at once."""
_CORRECTIONS: Final[Table] = Correction.__table__  # type: ignore[attr-defined]


async def classifier(session: AsyncSession, number: int | None = None) -> Classifier:
    """What suggests classifications at present; `number` is the newest rule set, if that is known already.

    A model would take its place here, and nobody would notice.
    """
    return await (active(session) if number is None else rules_of(session, number))


async def active(session: AsyncSession) -> RuleSet:
    return await documents.active(session, RuleSetRow, policy.read)


async def rules_of(session: AsyncSession, version: int) -> RuleSet:
    return await documents.known(session, RuleSetRow, version, policy.read)


async def publish(
    session: AsyncSession,
    document: Mapping[str, Any],
    *,
    expected: int | None = None,
    actor: Actor,
    now: datetime,
) -> RuleSetRow:
    """Make `document` the active rule set; tickets that were classified before keep their classification."""
    checked(document)
    return await documents.publish(session, RuleSetRow, document, expected=expected, actor=actor, now=now)


def checked(document: Mapping[str, Any]) -> RuleSet:
    """The rule set that a document describes, as version 0; `InvalidRuleSet` if it could not be put in force."""
    policy.check(document)
    return policy.read(0, document)


async def check_product(session: AsyncSession, code: str) -> None:
    """`ProductUnknown` unless the active rule set has this product."""
    products = (await active(session)).products
    if code not in products:
        raise ProductUnknown(f"There is no product {code!r}.", pointer="/product", products=sorted(products))


def lesson(
    subject_id: UUID, *, suggested: Verdict, corrected: Verdict, actor: Actor, now: datetime
) -> Lesson:
    """What a person made of a classification, whoever made that one."""
    return {
        "id": ids.new_id(),
        "subject_id": subject_id,
        "rule_set": suggested.rule_set,
        "rules": list(suggested.rules),
        "suggested_cause": suggested.cause,
        "suggested_tier": suggested.tier,
        "suggested_severity": suggested.severity,
        "suggested_product": suggested.product,
        "suggested_emotion": suggested.emotion,
        "cause": corrected.cause,
        "tier": corrected.tier,
        "severity": corrected.severity,
        "product": corrected.product,
        "emotion": corrected.emotion,
        "corrected_by": actor.id,
        "corrected_at": now,
    }


async def learn(session: AsyncSession, lessons: Sequence[Lesson]) -> None:
    """Keep corrections, for a later model to learn from."""
    if lessons:
        await session.execute(insert(_CORRECTIONS), lessons)


async def retract(session: AsyncSession, correction_id: UUID) -> None:
    """Nothing is to be learnt from a correction that was a mistake."""
    await session.execute(delete(_CORRECTIONS).where(_CORRECTIONS.c.id == correction_id))
