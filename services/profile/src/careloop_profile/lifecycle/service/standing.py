from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.lifecycle import queries
from careloop_profile.tags.queries import facts
from careloop_profile.tags.service.evaluating import Evaluator
from careloop_profile.tags.service.reading import asked_for


async def standing_of(session: AsyncSession, evaluator: Evaluator, customer_id: UUID) -> dict[str, Any]:
    """Where the person that a customer is stands."""
    person_id, _ = await asked_for(session, evaluator, customer_id)
    stored, rank = await facts.read(session, person_id), await queries.rank_of(session, person_id)
    plain = stored.known.plain if stored else {}
    shown = {name: plain.get(name) for name in ("stage", "stage_since", "tier")}
    return {"person_id": person_id, **shown, "tier_due": rank and rank.due, "worth": rank and rank.value}
