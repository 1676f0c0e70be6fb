"""Writing a chunk of verdicts: one statement for the rows, one event per change and per warning."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import outbox, subject_keys
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.scores import events
from careloop_scoring.scores.models import Score
from careloop_scoring.scores.policy import Judged

_COLUMNS = tuple(column.name for column in Score.__table__.columns)  # type: ignore[attr-defined]
_KEPT = {"customer_id": "score.customer_id", "warned_at": "coalesce(excluded.warned_at, score.warned_at)"}
_UPSERT = text(f"""
    INSERT INTO score ({", ".join(_COLUMNS)})
    SELECT {", ".join(_COLUMNS)} FROM jsonb_populate_recordset(NULL::score, CAST(:rows AS jsonb))
    ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE
    SET {", ".join(f"{name} = {_KEPT.get(name, f'excluded.{name}')}" for name in _COLUMNS[1:])}
""")  # noqa: S608  (column names of our own table)


async def write(
    session: AsyncSession,
    verdicts: Sequence[Judged],
    *,
    run_id: UUID,
    cut_points: int,
    as_of: datetime,
    now: datetime,
) -> None:
    """Store and tell what the run says; of those who were erased while it was judging, nothing."""
    erased = await subject_keys.destroyed(session, {one.customer_id for one in verdicts})
    verdicts = [one for one in verdicts if one.customer_id not in erased]
    common = {"run_id": run_id, "cut_points": cut_points, "as_of": as_of, "scored_at": now}
    if verdicts:
        rows = [_row(one, now) | common for one in verdicts]
        await session.execute(_UPSERT, {"rows": json.dumps(rows, default=str, ensure_ascii=False)})
    for one in verdicts:
        if one.change:
            outbox.add(session, events.changed(one, run_id), now=now)
        if one.warn:
            outbox.add(session, events.warning_raised(one, run_id, now), now=now)


def _row(judged: Judged, now: datetime) -> dict[str, Any]:
    verdict, placement = judged.verdict, judged.placement
    published = verdict if judged.change or judged.before.published is None else judged.before.published
    return {
        "customer_id": judged.customer_id,
        "model_version": judged.model_version,
        "basis": judged.basis,
        "probability": verdict.probability,
        "band": verdict.band,
        "tier": verdict.tier,
        "rfm_segment": verdict.rfm_segment,
        "rfm_basis": placement.basis if placement else None,
        "rfm_recency": placement.recency if placement else None,
        "rfm_frequency": placement.frequency if placement else None,
        "rfm_monetary": placement.monetary if placement else None,
        "driver": judged.driver,
        "reasons": [asdict(one) for one in judged.reasons],
        "at_risk": judged.episode.at_risk,
        "warned": judged.episode.warned,
        "warned_at": now if judged.warn else None,
        "published": asdict(published),
    }
