"""Dead letters of intake: what was refused at the door, kept whole and sealed until somebody has put right why.

The list of them shows no word of a customer. The same message sent again is one letter, that counts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID

from careloop_common import records
from careloop_common.database import vault
from careloop_common.observability.logging import redact
from careloop_common.privacy import Vault
from sqlalchemy import delete, func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.interactions import queries
from careloop_profile.interactions.errors import LetterNotFound, LetterReplayed, Reason
from careloop_profile.interactions.metrics import REJECTED
from careloop_profile.interactions.models import LetterRow

Form = Literal["interaction", "segment", "cloudevent"]
FIELD = "interaction-dead-letter"
"""Under which bodies are sealed, each for its letter."""
_QUOTED = re.compile(r"((?:enum|unknown) \w+ )(['`]).*\2")
"""Where msgspec repeats what was sent: the rest of what it says names our own members and types only."""
_DETAIL = 300
_COLUMNS = {
    "id": "uuid",
    "form": "text",
    "source": "text",
    "reason": "text",
    "detail": "text",
    "size": "int",
    "body_sealed": "bytea",
    "received_at": "timestamptz",
}
_KEEP = text(f"""
    INSERT INTO interaction_dead_letter AS known ({", ".join(_COLUMNS)}, times, attempts, tried_at)
    SELECT {", ".join(_COLUMNS)}, 1, 1, received_at FROM {records.given(_COLUMNS)} ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
        times = known.times + 1, reason = excluded.reason, detail = excluded.detail, replayed_at = NULL
""")  # noqa: S608  (put together from the constants above)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that was refused, as it would have to come again, and why."""

    form: Form
    source: str
    reason: Reason
    detail: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter that waits, held and with its body open."""

    row: LetterRow
    letter: Letter
    received_at: datetime


async def keep(session: AsyncSession, letters: Sequence[Letter], *, now: datetime) -> None:
    """Write down what was refused, and count it."""
    for letter in letters:
        REJECTED.labels(letter.reason).inc()
    if letters:
        keys = vault(session)
        found = {row[0]: row for row in (_row(keys, letter, now) for letter in letters)}
        await session.execute(_KEEP, {"rows": records.encode(_COLUMNS, found.values())})


def _row(keys: Vault, letter: Letter, now: datetime) -> tuple[object, ...]:
    body = letter.body.decode(errors="replace")
    digest = keys.blind_index(FIELD, f"{letter.form}\0{letter.source}\0{body}")
    letter_id = UUID(digest[:32])
    sealed = records.hexed(keys.seal_bytes(letter_id, FIELD, letter.body))
    detail = shown(letter.detail)
    return letter_id, letter.form, letter.source, letter.reason, detail, len(letter.body), sealed, now


def shown(detail: str) -> str:
    """What went wrong, without what the sender wrote."""
    return redact(_QUOTED.sub(r"\1…", detail)).replace("\0", "")[:_DETAIL]


def _opened(session: AsyncSession, row: LetterRow) -> Opened:
    body = vault(session).open_bytes(row.id, FIELD, row.body_sealed)
    letter = Letter(cast("Form", row.form), row.source, cast("Reason", row.reason), row.detail, body)
    return Opened(row, letter, row.received_at)


async def hold(session: AsyncSession, letter_id: UUID) -> Opened:
    """A letter that waits, for whoever sends it again; nobody else does meanwhile."""
    row = await session.get(LetterRow, letter_id, with_for_update=True)
    if row is None:
        raise LetterNotFound(f"There is no dead letter {letter_id}.")
    if row.replayed_at is not None:
        raise LetterReplayed(f"Dead letter {letter_id} was replayed at {row.replayed_at.isoformat()}.")
    return _opened(session, row)


async def hold_all(session: AsyncSession, reason: str, *, limit: int) -> list[Opened]:
    """Letters that wait for this reason, those first that were tried least."""
    return [_opened(session, row) for row in await queries.hold_waiting(session, reason, limit=limit)]


def replayed(opened: Opened, *, now: datetime, by: str) -> None:
    row = opened.row
    row.attempts += 1
    row.tried_at = row.replayed_at = now
    row.replayed_by = by


def refused_again(opened: Opened, reason: Reason, detail: str, *, now: datetime) -> None:
    row = opened.row
    row.attempts += 1
    row.tried_at, row.reason, row.detail = now, reason, shown(detail)


async def forget(session: AsyncSession, *, now: datetime, days: int) -> int:
    """Delete letters that nobody wanted for so long, or that were replayed so long ago."""
    since = func.coalesce(col(LetterRow.replayed_at), col(LetterRow.received_at))
    gone = delete(LetterRow).where(since < now - timedelta(days=days)).returning(col(LetterRow.id))
    return len((await session.execute(gone)).all())
