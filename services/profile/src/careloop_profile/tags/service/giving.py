"""Tags that people, imports and scores give."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from careloop_common.tokens import Actor
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.customers import queries as customers
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.tags.errors import TagNotFound, TagNotGiven, TagValueRefused
from careloop_profile.tags.models import DefinitionRow
from careloop_profile.tags.policy.definitions import Kind, State, Value, checked_value
from careloop_profile.tags.queries import definitions, values
from careloop_profile.tags.queries.values import GIVEN
from careloop_profile.tags.service import registry
from careloop_profile.tags.service.evaluating import Evaluator, Parts


@dataclass(frozen=True, slots=True)
class Word:
    """Somebody's word on a tag of a customer."""

    customer_id: UUID
    value: Value


async def give(
    session: AsyncSession,
    evaluator: Evaluator,
    code: str,
    words: Sequence[Word],
    source: str,
    *,
    now: datetime,
    actor: Actor,
) -> int:
    """Take the words for true until their time is up; returns how many tags became others by it."""
    await presence.enter(session)
    row = await _given(session, code)
    wanted = {word.customer_id for word in words}
    if missing := wanted - await customers.known(session, list(wanted)):
        raise CustomerNotFound(f"There is no customer {min(missing)}.")
    content = registry.content(row)
    for place, word in enumerate(words):
        if not checked_value(content, word.value):
            raise TagValueRefused(f"{word.value!r} is no value of {code}.", pointer=f"/items/{place}/value")
    expires = now + timedelta(days=row.ttl_days) if row.ttl_days else None
    rows = [_row(word, code, source, now, actor.id, expires) for word in words]
    await values.give(session, sorted(rows, key=lambda one: one["customer_id"]))
    return await evaluator.look(session, wanted, Parts.NONE, {"kind": "given", "by": actor.id}, now=now)


async def take(
    session: AsyncSession, evaluator: Evaluator, code: str, customer_id: UUID, *, now: datetime, actor: Actor
) -> None:
    """Take a tag back, from all customers that are the same person."""
    await _given(session, code)
    if not await customers.known(session, [customer_id]):
        raise CustomerNotFound(f"There is no customer {customer_id}.")
    members = list(await customers.kin(session, [customer_id])) or [customer_id]
    mine = customers.among(GIVEN.c.customer_id, members)
    await session.execute(delete(GIVEN).where(mine, GIVEN.c.code == code))
    await evaluator.look(session, [customer_id], Parts.NONE, {"kind": "given", "by": actor.id}, now=now)


async def score(
    session: AsyncSession,
    evaluator: Evaluator,
    given: Sequence[tuple[UUID, str, Value]],
    *,
    now: datetime,
    by: str,
) -> None:
    """What a score says of customers, as far as there are such tags and customers."""
    await presence.enter(session)
    known = await registry.current(session)
    there = await customers.known(session, list({one[0] for one in given}))
    latest = {
        (customer, code): _row(Word(customer, value), code, by, now, by, None)
        for customer, code, value in given
        if customer in there
        and (one := known.active.get(code))
        and one.content.kind is Kind.SCORE
        and checked_value(one.content, value)
    }
    if latest:
        await values.give(session, [latest[key] for key in sorted(latest)])
        await evaluator.look(
            session, {customer for customer, _ in latest}, Parts.NONE, {"kind": "score"}, now=now
        )


async def _given(session: AsyncSession, code: str) -> DefinitionRow:
    rows = await definitions.versions(session, code)
    row = next((one for one in rows if one.state == State.ACTIVE), None)
    if row is None:
        raise TagNotFound(f"There is no tag {code} in force.")
    if not Kind(row.kind).given:
        raise TagNotGiven(f"{code} follows from a rule.")
    return row


def _row(
    word: Word, code: str, source: str, now: datetime, by: str, expires: datetime | None
) -> dict[str, Any]:
    return {
        "customer_id": word.customer_id,
        "code": code,
        "value": word.value,
        "source": source,
        "at": now,
        "by": by,
        "expires_at": expires,
    }
