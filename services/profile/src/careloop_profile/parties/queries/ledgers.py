"""What is known of the relations of many persons, and what is written of them, in sets."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import records
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.parties.policy.ledger import Entry
from careloop_profile.parties.policy.relations import FACTS, LINES, Claim

# Ids travel as one text: the driver looks at each element of an array.
_GIVEN: Final = "ANY(CAST(string_to_array(:{}, ',') AS uuid[]))"
# One look into the index for each end, however many persons there are.
_PERSON: Final = "coalesce((SELECT person_id FROM person_member WHERE customer_id = {0}), {0})"
_ENTRY: Final = f"""
    SELECT known.id, known.kind, {_PERSON.format("known.from_id")} AS one, {_PERSON.format("known.to_id")} AS other,
           {_PERSON.format("known.organization_id")} AS place, account_id, subscription_id, valid_from, valid_to, state,
           role, title, influence, stance, rapport, preference
"""
# What somebody is to others says all, but who heads a household, guards a minor or, said the other way round, is family.
_OF_PERSONS: Final = text(f"""
    {_ENTRY} FROM relationship AS known WHERE kind = ANY(:kinds) AND from_id = {_GIVEN.format("from_ids")}
    UNION ALL {_ENTRY} FROM relationship AS known
    WHERE kind = 'member_of' AND role = 'head' AND to_id = {_GIVEN.format("to_ids")}
    UNION ALL {_ENTRY} FROM relationship AS known
    WHERE kind = 'family' AND 'family' = ANY(:kinds) AND from_id = {_GIVEN.format("to_ids")}
    UNION ALL {_ENTRY} FROM relationship AS known WHERE kind = 'guardian' AND to_id = {_GIVEN.format("from_ids")}
""")
# OFFSET keeps the planner from reading all relations there are for each step.
_UPWARD: Final = text(f"""
    WITH RECURSIVE line (kind, customer_id) AS (
        SELECT kind, customer_id FROM unnest(CAST(:kinds AS text[])) AS kind
        CROSS JOIN unnest(CAST(string_to_array(:to_ids, ',') AS uuid[])) AS customer_id
        UNION
        SELECT line.kind, reached.customer_id
        FROM line CROSS JOIN LATERAL (
            SELECT to_id FROM relationship
            WHERE from_id = line.customer_id AND relationship.kind = line.kind AND state <> 'dismissed' OFFSET 0
        ) AS step
        CROSS JOIN LATERAL (
            SELECT step.to_id AS customer_id
            UNION SELECT kin.customer_id FROM person_member AS mine JOIN person_member AS kin USING (person_id)
            WHERE mine.customer_id = step.to_id OFFSET 0
        ) AS reached
    )
    {_ENTRY} FROM line CROSS JOIN LATERAL (
        SELECT * FROM relationship WHERE from_id = line.customer_id AND relationship.kind = line.kind OFFSET 0
    ) AS known
""")  # noqa: S608
_SAID: Final = dict.fromkeys(FACTS, "text") | {"influence": "smallint", "rapport": "smallint"}
_STATED: Final = (
    {"id": "uuid", "kind": "text", "from_id": "uuid", "to_id": "uuid", "organization_id": "uuid"}
    | _SAID
    | {"source": "text", "evidence": "text", "valid_from": "date", "valid_to": "date"}
)
_ENDED: Final = "CASE WHEN valid_to IS NOT NULL THEN {} END"
_STATE: Final = text(f"""
    INSERT INTO relationship ({", ".join(_STATED)}, state, created_at, created_by, ended_at, ended_by, end_reason)
    SELECT {", ".join(_STATED)}, 'confirmed', CAST(:now AS timestamptz), :by,
           {_ENDED.format("CAST(:now AS timestamptz)")}, {_ENDED.format(":by")}, {_ENDED.format(":reason")}
    FROM {records.given(_STATED)}
""")  # noqa: S608
_CHANGED: Final = {"id": "uuid", "valid_from": "date", "valid_to": "date"} | _SAID
_CHANGE: Final = text(f"""
    UPDATE relationship AS kept SET
        valid_from = new.valid_from, valid_to = new.valid_to, state = 'confirmed',
        {", ".join(f"{name} = new.{name}" for name in FACTS)},
        decided_at = CASE kept.state WHEN 'proposed' THEN CAST(:now AS timestamptz) ELSE decided_at END,
        decided_by = CASE kept.state WHEN 'proposed' THEN :by ELSE decided_by END,
        ended_at = CASE WHEN kept.valid_to IS DISTINCT FROM new.valid_to THEN CAST(:now AS timestamptz) ELSE ended_at END,
        ended_by = CASE WHEN kept.valid_to IS DISTINCT FROM new.valid_to THEN :by ELSE ended_by END,
        end_reason = CASE WHEN kept.valid_to IS DISTINCT FROM new.valid_to THEN :reason ELSE end_reason END
    FROM {records.given(_CHANGED)} WHERE kept.id = new.id
""")  # noqa: S608


async def known(
    session: AsyncSession, kinds: Collection[str], from_ids: Iterable[UUID], to_ids: Iterable[UUID]
) -> list[Entry]:
    """The relations of these kinds between persons, as far as they bear on what the ones may be to the others.

    All customers of a person are given.
    """
    ids = {"from_ids": ",".join(map(str, from_ids)), "to_ids": ",".join(map(str, to_ids))}
    found = await _entries(session, _OF_PERSONS, ids | {"kinds": sorted(kinds)})
    if lines := LINES.intersection(kinds):
        up = {"kinds": sorted(lines), "to_ids": ids["to_ids"]}
        found |= await _entries(session, _UPWARD, up)
    return list(found.values())


async def _entries(
    session: AsyncSession, statement: TextClause, given: Mapping[str, Any]
) -> dict[UUID, Entry]:
    found: dict[UUID, Entry] = {}
    for row in await session.execute(statement, given):
        facts = {name: value for name, value in zip(FACTS, row[10:], strict=True) if value is not None}
        found[row.id] = Entry(
            row.id,
            row.kind,
            row.one,
            row.other,
            row.place,
            row.account_id,
            row.subscription_id,
            facts,
            row.valid_from,
            row.valid_to,
            row.state,
        )
    return found


async def write(
    session: AsyncSession,
    stated: Iterable[tuple[Claim, Entry]],
    changed: Iterable[Entry],
    *,
    now: datetime,
    by: str,
    reason: str,
) -> None:
    """What is new, of the customers that it was said of, and what has come to be otherwise."""
    stamp = {"now": now, "by": by, "reason": reason}
    rows = [_stated(claim, entry) for claim, entry in stated]
    if rows:
        await session.execute(_STATE, {"rows": records.encode(_STATED, rows), **stamp})
    others = [(one.id, one.valid_from, one.valid_to, *map(one.facts.get, FACTS)) for one in changed]
    if others:
        await session.execute(_CHANGE, {"rows": records.encode(_CHANGED, others), **stamp})


def _stated(claim: Claim, entry: Entry) -> tuple[Any, ...]:
    ends = (entry.id, claim.kind.value, claim.from_id, claim.to_id, claim.place)
    return (
        *ends,
        *map(entry.facts.get, FACTS),
        claim.source,
        claim.evidence,
        entry.valid_from,
        entry.valid_to,
    )
