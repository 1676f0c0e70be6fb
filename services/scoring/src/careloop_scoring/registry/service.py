"""Models in the database: saved with their evidence, promoted by the gate, loaded by the fallback ladder."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from careloop_common import ids
from careloop_common.database import Database
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.churn import bundle
from careloop_scoring.churn.bundle import File
from careloop_scoring.churn.errors import ArtefactDamaged
from careloop_scoring.churn.gate import Verdict
from careloop_scoring.churn.model import Model
from careloop_scoring.churn.training import Trained
from careloop_scoring.registry import queries
from careloop_scoring.registry.errors import ModelUnknown
from careloop_scoring.registry.models import ModelArtefact, ScoringModel

CHURN = "churn"
KEPT_VERSIONS = 2
"""Retired models that stay loadable for the ladder."""

log = structlog.get_logger()

_TRAINING_ROWS = text("""
    INSERT INTO model_training_row (model_id, customer_id, fold)
    SELECT :model_id, customer_id, fold
    FROM unnest(CAST(:customer_ids AS uuid[]), CAST(:folds AS smallint[])) AS row (customer_id, fold)
""")
_RETIRE = text(
    "UPDATE scoring_model SET state = 'retired', retired_at = :now WHERE name = :name AND state = 'active'"
)
_UNUSED = """
    SELECT id FROM scoring_model
    WHERE name = :name AND state <> 'active' AND id NOT IN (
        SELECT id FROM scoring_model WHERE name = :name AND state = 'retired' ORDER BY number DESC LIMIT :kept
    )
"""


@dataclass(frozen=True)
class Loaded:
    """A model ready to score; `current` is false where the active one could not be loaded."""

    id: UUID
    version: str
    model: Model
    current: bool


async def find(session: AsyncSession, model_id: UUID) -> ScoringModel:
    found = await session.get(ScoringModel, model_id)
    if found is None:
        raise ModelUnknown(f"No model {model_id}.")
    return found


async def save(
    session: AsyncSession,
    trained: Trained,
    files: Sequence[File],
    verdict: Verdict,
    customer_ids: Sequence[UUID],
    *,
    run_id: UUID,
    as_of: datetime,
    now: datetime,
) -> ScoringModel:
    if verdict.promoted:
        await session.execute(_RETIRE, {"name": CHURN, "now": now})
    row = ScoringModel(
        id=ids.new_id(),
        name=CHURN,
        number=await queries.next_number(session, CHURN),
        state="active" if verdict.promoted else "candidate",
        run_id=run_id,
        card=trained.card(),
        verdict=verdict.reason,
        as_of=as_of,
        created_at=now,
        activated_at=now if verdict.promoted else None,
    )
    session.add(row)
    await session.flush()
    contents = [{"model_id": row.id, "name": f.name, "sha256": f.sha256, "content": f.content} for f in files]
    await session.execute(insert(ModelArtefact), contents)
    folds = [int(fold) for fold in trained.folds]
    await session.execute(
        _TRAINING_ROWS, {"model_id": row.id, "customer_ids": list(customer_ids), "folds": folds}
    )
    await _forget_unused(session)
    return row


async def load(database: Database) -> Loaded | None:
    """The active model, or the latest one before it that is whole; None leaves the rules."""
    async with database.transaction() as session:
        steps = [(row, await queries.files(session, row.id)) for row in await queries.ladder(session, CHURN)]
    for row, files in steps:
        try:
            model = await asyncio.to_thread(bundle.load, files)
        except ArtefactDamaged as error:
            log.error("model.damaged", model=row.version, detail=error.detail)  # noqa: TRY400  (no bug to trace)
            continue
        return Loaded(row.id, row.version, model, current=row.state == "active")
    return None


async def _forget_unused(session: AsyncSession) -> None:
    """Cards stay for ever; files and training rows only as long as somebody may load them."""
    for table in ("model_artefact", "model_training_row"):
        await session.execute(
            text(f"DELETE FROM {table} WHERE model_id IN ({_UNUSED})"),  # noqa: S608  (names of our own tables)
            {"name": CHURN, "kept": KEPT_VERSIONS},
        )
