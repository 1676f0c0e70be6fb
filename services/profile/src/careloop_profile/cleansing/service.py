from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from careloop_common.database import vault
from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing import metrics, queries
from careloop_profile.cleansing.policy import Finding

RAW, VALUE, SUGGESTION = "quality-raw", "quality-value", "quality-suggestion"


@dataclass(frozen=True, slots=True)
class Noted:
    """What was found in what came in about one customer, and the fields that have another value by it."""

    customer_id: UUID
    source: str
    findings: Sequence[Finding] = ()
    changed: Sequence[str] = ()


async def note(session: AsyncSession, noted: Sequence[Noted], *, now: datetime, by: str) -> None:
    """Write down what was found. What was open about a value that is no longer there is outdated first."""
    if changed := [(one.customer_id, field) for one in noted for field in one.changed]:
        await queries.outdate(session, changed)
    found = [(one, finding) for one in noted for finding in one.findings]
    if not found:
        return
    rows = [_row(vault(session), one, finding, now, by) for one, finding in found]
    await queries.add(session, list({row["id"]: row for row in rows}.values()))
    for row in rows:
        metrics.NOTED.labels(row["field"], row["action"]).inc()


def _row(keys: Vault, noted: Noted, finding: Finding, now: datetime, by: str) -> dict[str, Any]:
    customer_id = noted.customer_id
    what = f"{finding.field}\0{finding.rule}\0{keys.blind_index('quality', finding.raw)}"
    return {
        "id": uuid5(customer_id, what),
        "customer_id": customer_id,
        "source": noted.source,
        "field": finding.field,
        "rule": finding.rule,
        "action": finding.action,
        "confidence": finding.confidence,
        "raw_sealed": keys.seal(customer_id, RAW, finding.raw),
        "value_sealed": finding.value and keys.seal(customer_id, VALUE, finding.value),
        "suggestion_sealed": finding.suggestion and keys.seal(customer_id, SUGGESTION, finding.suggestion),
        "state": "applied" if finding.action == "auto" else "open",
        "noted_at": now,
        "noted_by": by,
    }
