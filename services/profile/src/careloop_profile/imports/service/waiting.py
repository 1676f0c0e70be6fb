"""What files say of customers who are not there yet, until they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import msgspec
from careloop_common import records
from careloop_common.privacy import Vault
from sqlalchemy import CursorResult, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers.queries import among
from careloop_profile.imports.models import WaitingRow
from careloop_profile.imports.service.rejects import FIELD, SHOWN
from careloop_profile.parties.errors import GuardianNeeded
from careloop_profile.parties.policy.ledger import Statement
from careloop_profile.parties.policy.relations import Claim, Relation

WAITING: Table = WaitingRow.__table__  # type: ignore[attr-defined]
UNKNOWN: Final = "party_unknown"
_SAID: Final = UUID("c5b7e0a6-6a34-4a3f-9d2c-1f0a4f5b9e11")
_COLUMNS: Final = {
    "id": "uuid",
    "line": "bigint",
    "column": "text",
    "code": "text",
    "said": "jsonb",
    "refs": "jsonb",
    "value_sealed": "text",
    "due": "boolean",
}
_KEEP: Final = text(f"""
    INSERT INTO import_waiting (id, import_id, line, "column", code, said, refs, value_sealed, due, since)
    SELECT DISTINCT ON (id) id, CAST(:import_id AS uuid), line, "column", code, said,
           ARRAY(SELECT jsonb_array_elements_text(refs)), value_sealed, due, CAST(:now AS timestamptz)
    FROM {records.given(_COLUMNS)} ORDER BY id, line
    ON CONFLICT (id) DO UPDATE SET import_id = excluded.import_id, line = excluded.line, "column" = excluded."column",
        code = excluded.code, said = excluded.said, value_sealed = excluded.value_sealed, due = excluded.due
""")  # noqa: S608
_CALLED: Final = """
    WITH called AS (
        SELECT id FROM import_waiting WHERE {} ORDER BY id FOR UPDATE {}
    )
    UPDATE import_waiting AS waiting SET due = true FROM called WHERE waiting.id = called.id RETURNING waiting.import_id
"""
_MINE: Final = "refs && CAST(:refs AS text[])"
# What somebody tries just now is waited for: they may not have seen who has come. Whoever tries passes over what is held
# here, so what is due already is called again.
_CALL: Final = text(_CALLED.format(_MINE, ""))
# What others hold they call, keep or settle themselves; whoever states a guardian holds what they may be waiting for.
_CALL_MINORS: Final = text(
    _CALLED.format(f"code = :code AND (CAST(:refs AS text[]) IS NULL OR {_MINE})", "SKIP LOCKED")
)
_SUPPRESSED: Final = text("SELECT blind_index FROM suppression WHERE blind_index = ANY(:indexes)")


class Pointer(NamedTuple):
    """Somebody by id, or by the blind index of an identifier."""

    identifier: bool
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A statement as it waits: `ends` are the one, the other, and the organisation, if it is so within one."""

    line: int
    columns: tuple[str, ...]
    kind: str
    ends: tuple[Pointer | None, ...]
    facts: Mapping[str, Any]
    source: str
    evidence: str
    day: str
    """When the file spoke: the first day of what has none of its own."""
    valid_from: str | None
    valid_to: str | None
    values: tuple[str | None, ...] = ()
    """What the cells said, while they are at hand."""
    code: str = ""
    id: UUID | None = None

    def statement(self, people: Mapping[str, UUID]) -> Statement:
        one, other, within = (end and people[end.text] for end in self.ends)
        assert one is not None
        assert other is not None
        claim = Claim(
            Relation(self.kind),
            one,
            other,
            date.fromisoformat(self.valid_from or self.day),
            date.fromisoformat(self.valid_to) if self.valid_to else None,
            within,
            facts=self.facts,
            source=self.source,
            evidence=self.evidence,
        )
        return Statement(claim, dated=self.valid_from is not None)

    def customer_at(self, place: int) -> UUID | None:
        """Who stands there, if the file says it by a key."""
        end = self.ends[place]
        return UUID(end.text) if end and not end.identifier else None

    @property
    def pointers(self) -> list[Pointer]:
        return [end for end in self.ends if end is not None]

    def document(self) -> dict[str, Any]:
        names = ("columns", "kind", "ends", "facts", "source", "evidence", "day", "valid_from", "valid_to")
        return {name: getattr(self, name) for name in names}

    def key(self) -> UUID:
        """The same whenever the same is said."""
        said = (self.kind, self.ends, sorted(self.facts.items()), self.source, self.valid_from, self.valid_to)
        return uuid5(_SAID, msgspec.json.encode(said).decode())


async def keep(
    session: AsyncSession,
    vault: Vault,
    import_id: UUID,
    waiting: Sequence[tuple[Heard, int, str, bool]],
    now: datetime,
) -> None:
    """Have statements wait: each with the place of the end that is missing, why, and whether to try again soon."""
    rows = []
    for heard, place, code, due in waiting:
        value = heard.values[place] if heard.values else None
        sealed = vault.seal(import_id, FIELD, value[:SHOWN]) if value else None
        refs = [pointer.text for pointer in heard.pointers]
        place_of = (heard.line, heard.columns[place], code)
        rows.append((heard.key(), *place_of, heard.document(), refs, sealed, due))
    if rows:
        given = {"rows": records.encode(_COLUMNS, rows), "import_id": import_id, "now": now}
        await session.execute(_KEEP, given)


async def take_due(session: AsyncSession, import_id: UUID, limit: int) -> list[Heard]:
    """Statements whose time may have come; those that wait for a guardian last. They do not wait any more."""
    due = select(WAITING.c.id).where(WAITING.c.import_id == import_id, WAITING.c.due)
    first = due.order_by(WAITING.c.code.desc(), WAITING.c.line).limit(limit)
    locked = first.with_for_update(skip_locked=True)
    ids = list((await session.scalars(locked)).all())
    rows = await session.execute(select(WAITING).where(among(WAITING.c.id, ids)).order_by(WAITING.c.line))
    return [_heard(row) for row in rows]


async def settle(
    session: AsyncSession, gone: Collection[UUID], stay: Mapping[UUID, tuple[str, bool]]
) -> None:
    """These wait no more; those do, each for its reason, and are tried again soon or not."""
    if gone:
        await session.execute(WAITING.delete().where(among(WAITING.c.id, list(gone))))
    for (code, due), ids in _by_fate(stay).items():
        still = WAITING.update().where(among(WAITING.c.id, ids))
        await session.execute(still.values(code=code, due=due))


async def call(session: AsyncSession, refs: Collection[str]) -> set[UUID]:
    """Somebody has come: what waits for them is due. Returns of which imports it is."""
    return set(await session.scalars(_CALL, {"refs": list(refs)}))


async def call_minors(session: AsyncSession, refs: Collection[str] | None = None) -> set[UUID]:
    """Somebody, or anybody, may have a guardian: what waits for one is due. Returns of which imports it is."""
    given = {"refs": None if refs is None else list(refs), "code": GuardianNeeded.code}
    return set(await session.scalars(_CALL_MINORS, given))


async def call_all(session: AsyncSession, import_id: UUID) -> bool:
    """The file is at its end: all that waits is tried once more. Whether there is anything."""
    mine = WAITING.update().where(WAITING.c.import_id == import_id, ~WAITING.c.due).values(due=True)
    result = await session.execute(mine)
    assert isinstance(result, CursorResult)
    return result.rowcount > 0


async def suppressed(session: AsyncSession, indexes: Collection[str]) -> set[str]:
    """Those of these identifiers under which somebody was erased: nobody waits for them."""
    return set((await session.scalars(_SUPPRESSED, {"indexes": list(indexes)})).all())


async def anything(session: AsyncSession) -> bool:
    return await session.scalar(select(WAITING.c.id).limit(1)) is not None


async def counts(session: AsyncSession, import_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many statements of each of these imports wait."""
    mine = among(WAITING.c.import_id, list(import_ids))
    counted = select(WAITING.c.import_id, func.count()).where(mine).group_by(WAITING.c.import_id)
    return {row[0]: row[1] for row in await session.execute(counted)}


async def of_import(session: AsyncSession, import_id: UUID, limit: int) -> Sequence[Any]:
    mine = select(WAITING).where(WAITING.c.import_id == import_id)
    return (await session.execute(mine.order_by(WAITING.c.line, WAITING.c.column).limit(limit))).all()


def _heard(row: Any) -> Heard:
    said = dict(row.said)
    ends = tuple(end and Pointer(*end) for end in said.pop("ends"))
    columns = tuple(said.pop("columns"))
    return Heard(line=row.line, columns=columns, ends=ends, code=row.code, id=row.id, **said)


def _by_fate(stay: Mapping[UUID, tuple[str, bool]]) -> dict[tuple[str, bool], list[UUID]]:
    found: dict[tuple[str, bool], list[UUID]] = {}
    for key, fate in stay.items():
        found.setdefault(fate, []).append(key)
    return found
