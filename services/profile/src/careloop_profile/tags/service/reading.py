"""Which tags a person has, and why."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from careloop_common.rules import compile_python, next_change, to_text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.customers.policy import Customer
from careloop_profile.identity.policy import Field, golden
from careloop_profile.tags.errors import TagNotFound
from careloop_profile.tags.models import DefinitionRow, GivenRow, HistoryRow
from careloop_profile.tags.policy.known import Known
from careloop_profile.tags.policy.moments import earliest, windows_move
from careloop_profile.tags.policy.registry import Definition, Registry
from careloop_profile.tags.policy.vocabulary import ATTRIBUTE_KEYS, LAST_KEYS, METRIC_KEYS, tag_key
from careloop_profile.tags.queries import buckets, definitions, facts, values
from careloop_profile.tags.queries.facts import Stored
from careloop_profile.tags.service import recording, registry
from careloop_profile.tags.service.catching_up import catch_up
from careloop_profile.tags.service.evaluating import Evaluator
from careloop_profile.tags.service.gathering import persons_of

_BELIEVED = {"joined_at": "joined_on", "left_at": "left_on"}
"""Facts that the golden record knows by another name."""
_WINDOWED = frozenset(METRIC_KEYS.values())


@dataclass(frozen=True, slots=True)
class Had:
    """A tag that a person has."""

    row: DefinitionRow
    value: Any
    latest: HistoryRow | None


@dataclass(frozen=True, slots=True)
class Tagged:
    person_id: UUID
    evaluated_at: datetime | None
    tags: Sequence[Had]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: the customer of a source system, or what happened."""

    source: str
    customer_id: UUID | None
    at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Input:
    name: str
    value: Any
    sources: Sequence[Source]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a person has a tag, or has it not."""

    person_id: UUID
    row: DefinitionRow
    value: Any
    rule: str | None
    inputs: Sequence[Input]
    latest: HistoryRow | None
    changes_at: datetime | None
    """When time alone may change it."""


async def asked_for(
    session: AsyncSession, evaluator: Evaluator, customer_id: UUID
) -> tuple[UUID, list[UUID]]:
    """The person that a customer is, and all of its customers, with all that has happened to it."""
    found = await _person(session, customer_id)
    if await catch_up(session, evaluator, found[1]):
        return await _person(session, customer_id)
    return found


async def tags_of(session: AsyncSession, evaluator: Evaluator, customer_id: UUID) -> Tagged:
    """The tags of the person that a customer is, by their codes."""
    person_id, _ = await asked_for(session, evaluator, customer_id)
    known = await registry.current(session)
    stored = await facts.read(session, person_id)
    groups = (await values.held(session, [person_id]))[person_id]
    had = {
        number: value
        for number, value in _latest(known, groups, stored.known if stored else Known()).items()
        if (one := known.definitions.get(number)) and one.active
    }
    rows = await definitions.by_number(session, list(had))
    latest = await _since(session, known, person_id, [row.code for row in rows])
    tags = [Had(row, had[row.number], latest.get(row.code)) for row in sorted(rows, key=lambda one: one.code)]
    return Tagged(person_id, stored and stored.evaluated_at, tags)


async def explain(
    session: AsyncSession,
    evaluator: Evaluator,
    customer_id: UUID,
    code: str,
    ranks: Mapping[str, int],
    *,
    now: datetime,
) -> Explanation:
    """Why, from what, since when, and until when if nothing else happens."""
    await _person(session, customer_id)
    known = await registry.current(session)
    one = known.active.get(code)
    if one is None:
        raise TagNotFound(f"There is no tag {code} in force.")
    person_id, members = await asked_for(session, evaluator, customer_id)
    (row,) = await definitions.by_number(session, [one.number])
    stored, held = await _of_one_look(session, person_id, one)
    what = stored.known if stored else Known()
    told = what.facts()
    value = _latest(known, held, what).get(one.number)
    decided = _decided(known, one, value, told, now)
    people = await customers.load(session, members)
    if not people:  # was erased just now
        raise _nobody(customer_id)
    given = await values.given(session, members, now)
    sources = _Sources(people, golden(people.values(), ranks), given)
    inputs = _inputs(known, one)
    moments = [next_change(rule, told, now) for rule in _rules(known, one)]
    moments += [row.expires_at for row in given if tag_key(row.code) in inputs]
    if not _WINDOWED.isdisjoint(inputs):
        days = await buckets.days(session, members, now.astimezone(UTC).date())
        moments.append(windows_move({day for some in days.values() for day in some}, now, person_id.int))
    return Explanation(
        person_id,
        row,
        value,
        decided[0] if decided else None,
        [Input(name, told.get(name), list(sources.of(name, what))) for name in inputs],
        (await _since(session, known, person_id, [code])).get(code),
        earliest(*moments),
    )


async def history_of(
    session: AsyncSession,
    evaluator: Evaluator,
    customer_id: UUID,
    code: str | None,
    *,
    before: int | None,
    limit: int,
) -> list[HistoryRow]:
    """What became of the person's tags, the latest first; also what is still to be written down."""
    person_id, _ = await asked_for(session, evaluator, customer_id)
    lines = await recording.to_come(session, await registry.current(session), person_id)
    wanted = [
        line
        for line in lines
        if (code is None or line.code == code) and (before is None or line.number < before)
    ]
    rows = await values.history(session, person_id, code, before=before, limit=limit)
    return [*wanted, *rows][:limit]


async def _of_one_look(
    session: AsyncSession, person_id: UUID, one: Definition
) -> tuple[Stored | None, values.Held]:
    """What was known at the last look, and what came of it; somebody may look again while it is read."""
    stored = await facts.read(session, person_id)
    while True:
        held = (await values.held(session, [person_id], [one.group]))[person_id]
        before, stored = stored, await facts.read(session, person_id)
        if (before and before.evaluated_at) == (stored and stored.evaluated_at):
            return stored, held


def _latest(known: Registry, groups: values.Held, what: Known) -> dict[int, Any]:
    """The values, also where it was not told yet that a counted number moved."""
    held = {number: value for group in groups.values() for number, value in group.items()}
    told = what.facts()
    counted = {number: told[key] or None for number, key in known.counted.items()}
    return {number: value for number, value in (held | counted).items() if value is not None}


async def _since(
    session: AsyncSession, known: Registry, person_id: UUID, codes: Collection[str]
) -> dict[str, HistoryRow]:
    """The latest change of each of these tags."""
    lines = await recording.to_come(session, known, person_id)
    return await values.since(session, person_id, codes) | {line.code: line for line in lines}


async def _person(session: AsyncSession, customer_id: UUID) -> tuple[UUID, list[UUID]]:
    people, _ = await persons_of(session, [customer_id])
    for person_id, members in people.items():
        return person_id, members
    raise _nobody(customer_id)


def _nobody(customer_id: UUID) -> CustomerNotFound:
    return CustomerNotFound(f"There is no customer {customer_id}.")


def _rules(known: Registry, one: Definition) -> list[Any]:
    return [rule for _, rule in known.rules(one.number)]


def _inputs(known: Registry, one: Definition) -> list[str]:
    reading = known.readings.get(one.number)
    return sorted(reading.inputs) if reading else [tag_key(one.code)]


def _decided(
    known: Registry, one: Definition, value: Any, told: Mapping[str, Any], now: datetime
) -> list[str]:
    """The rule that gives the value, of several the one that holds; or all of them if none does."""
    outcomes = known.rules(one.number)
    giving = [rule for given, rule in outcomes if given == value]
    holding = [rule for rule, holds in zip(giving, compile_python(giving)(told, now), strict=True) if holds]
    return [to_text(rule) for rule in holding or giving or [rule for _, rule in outcomes]]


class _Sources:
    """Where each fact of a person comes from."""

    def __init__(
        self, people: Mapping[UUID, Customer], believed: Mapping[str, Field], given: Sequence[GivenRow]
    ) -> None:
        self._people, self._believed = people, believed
        self._given = {tag_key(row.code): row for row in given}

    def of(self, name: str, known: Known) -> Iterator[Source]:
        if row := self._given.get(name):
            yield Source(row.source, row.customer_id, row.at, f"said by {row.by}")
            return
        if name in METRIC_KEYS.values() or name in LAST_KEYS.values():
            lasts = {key: known.lasts.get(event) for event, key in LAST_KEYS.items()}
            yield Source(
                "interactions", None, lasts.get(name) or known.plain.get("last_seen_at"), "counted by the day"
            )
            return
        if name in {"first_seen_at", "last_seen_at", "channels"}:
            yield Source(
                "interactions", None, known.plain.get("last_seen_at"), "what happened with the person"
            )
            return
        if field := self._field(name):
            holder = self._people[field.customer_id]
            yield Source(holder.source, holder.customer_id, holder.updated_at, field.why)
            return
        for holder in sorted(self._people.values(), key=lambda one: (one.created_at, one.customer_id)):
            yield Source(holder.source, holder.customer_id, holder.updated_at, "all sources together")

    def _field(self, name: str) -> Field | None:
        attributes = {key: attribute for attribute, key in ATTRIBUTE_KEYS.items()}
        if name in attributes:
            return self._believed.get(f"attributes.{attributes[name]}")
        return self._believed.get(_BELIEVED.get(name, "birth_date" if name == "age" else name))
