from collections.abc import Sequence
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.churn.bundle import File
from careloop_scoring.registry.models import ModelArtefact, ModelTrainingRow, ScoringModel

_MODEL = ScoringModel.__table__.c  # type: ignore[attr-defined]
_ROW = ModelTrainingRow.__table__.c  # type: ignore[attr-defined]
_FILE = ModelArtefact.__table__.c  # type: ignore[attr-defined]


async def active(session: AsyncSession, name: str) -> ScoringModel | None:
    statement = select(ScoringModel).where(_MODEL.name == name, _MODEL.state == "active")
    return (await session.execute(statement)).scalar_one_or_none()


async def ladder(session: AsyncSession, name: str) -> Sequence[ScoringModel]:
    """The active model, then those that were active before it, the latest first."""
    statement = (
        select(ScoringModel)
        .where(_MODEL.name == name, _MODEL.state.in_(("active", "retired")))
        .order_by(_MODEL.state, _MODEL.number.desc())
        .limit(3)
    )
    return (await session.execute(statement)).scalars().all()


async def newest(session: AsyncSession, *, before: UUID | None, limit: int) -> Sequence[ScoringModel]:
    statement = keyset.backward(select(ScoringModel), _MODEL.id, before=before, limit=limit)
    return (await session.execute(statement)).scalars().all()


async def next_number(session: AsyncSession, name: str) -> int:
    statement = select(func.coalesce(func.max(_MODEL.number), 0) + 1).where(_MODEL.name == name)
    number: int = (await session.execute(statement)).scalar_one()
    return number


async def files(session: AsyncSession, model_id: UUID) -> tuple[File, ...]:
    rows = await session.execute(
        select(_FILE.name, _FILE.sha256, _FILE.content).where(_FILE.model_id == model_id)
    )
    return tuple(File(row.name, row.sha256, row.content) for row in rows)


async def folds(session: AsyncSession, model_id: UUID, customer_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The folds of those customers who were in the training set."""
    statement = select(_ROW.customer_id, _ROW.fold).where(
        _ROW.model_id == model_id, _ROW.customer_id.in_(customer_ids)
    )
    return {row.customer_id: row.fold for row in await session.execute(statement)}
