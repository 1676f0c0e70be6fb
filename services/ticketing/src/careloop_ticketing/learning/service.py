import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common.observability.logging import redact
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.classification import service as rule_sets
from careloop_ticketing.classification.errors import InvalidRuleSet
from careloop_ticketing.classification.policy import ATTRIBUTES, Classifier, Verdict
from careloop_ticketing.classification.service import Correction
from careloop_ticketing.learning import policy, queries
from careloop_ticketing.tickets import queries as tickets
from careloop_ticketing.tickets.choices import Choice, Filters
from careloop_ticketing.tickets.service import Ticket
from careloop_ticketing.tmf621 import queries as tmf621

EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class Lesson:
    correction: Correction
    ticket: Ticket
    subject: str
    description: str
    messages: Sequence[str]


async def lessons(
    session: AsyncSession, *, since: datetime | None, after: UUID | None, limit: int
) -> list[Lesson]:
    """Corrections with what people had read when they made them."""
    found = await queries.corrections(session, since=since, after=after, limit=limit)
    of = {ticket.id for _, ticket in found}
    notes = await tickets.notes_of(session, of)
    # Of people, the store knows only the names that an integrator gave.
    names = {
        ticket_id: policy.names_of(row.kept.get("relatedParty"))
        for ticket_id, row in (await tmf621.extensions(session, of)).items()
    }
    return [
        Lesson(
            correction,
            ticket,
            _masked(ticket.subject, names.get(ticket.id, ())),
            _masked(ticket.description, names.get(ticket.id, ())),
            [
                _masked(note.text, names.get(ticket.id, ()))
                for note in notes
                if note.ticket_id == ticket.id
                and note.about == "customer"
                and note.written_at <= correction.corrected_at
            ],
        )
        for correction, ticket in found
    ]


def _masked(text: str, names: Collection[str]) -> str:
    return policy.mask(redact(text), names)


@dataclass(frozen=True, slots=True)
class Agreement:
    changed: Mapping[str, int]
    """By attribute: tickets of which people said otherwise than the rules."""
    decided: int
    """Tickets that people corrected, or resolved without doing so."""
    undecided: int


async def agreement(session: AsyncSession, version: int) -> Agreement:
    rule_set = await rule_sets.rules_of(session, version)
    suggests = {"product": bool(rule_set.products), "emotion": rule_set.reads_emotion}
    corrected = await queries.corrected(session, version)
    standing, undecided = await queries.uncorrected(session, version)
    changed = {name: count for name, count in corrected.changed.items() if suggests.get(name, True)}
    return Agreement(changed, corrected.tickets + standing, undecided)


@dataclass(frozen=True, slots=True)
class Example:
    ticket: Ticket
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Effect:
    examined: int
    changed: Mapping[str, int]
    corrected: int
    agreed: Mapping[str, tuple[int, int]]
    """By attribute, of the corrected tickets: how many are as people said, before and after."""
    examples: Sequence[Example]


async def preview(session: AsyncSession, document: dict[str, Any], *, limit: int, now: datetime) -> Effect:
    """What a rule set would say of the newest tickets otherwise than the active one. Nothing is stored."""
    try:
        proposed = rule_sets.checked(document)
    except InvalidRuleSet as error:
        raise InvalidRuleSet(error.detail, pointer=f"/rule_set{error.pointer}") from error
    active = await rule_sets.classifier(session)
    newest = await tickets.newest(session, Choice(Filters()), before=None, limit=limit, now=now)
    # Long texts and many rules take their time, which others need not wait for.
    return await asyncio.to_thread(_compare, newest, active, proposed)


def _compare(newest: Sequence[Ticket], active: Classifier, proposed: Classifier) -> Effect:
    seen = []
    for ticket in newest:
        text = f"{ticket.subject}\n{ticket.description}"
        before, after = active.classify(text, ticket.kind), proposed.classify(text, ticket.kind)
        seen.append(Example(ticket, before, after))
    differing = [one for one in seen if one.before.words != one.after.words]
    theirs = [one for one in seen if one.ticket.rule_set is None]
    return Effect(
        examined=len(seen),
        changed={
            name: sum(one.before.words[name] != one.after.words[name] for one in differing)
            for name in ATTRIBUTES
        },
        corrected=len(theirs),
        agreed={
            name: (_agreed(theirs, "before", name), _agreed(theirs, "after", name)) for name in ATTRIBUTES
        },
        examples=differing[:EXAMPLES],
    )


def _agreed(theirs: Sequence[Example], side: str, name: str) -> int:
    return sum(getattr(one, side).words[name] == one.ticket.verdict.words[name] for one in theirs)
