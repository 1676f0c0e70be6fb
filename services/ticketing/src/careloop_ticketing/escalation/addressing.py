"""Whom the steps that were taken are told: a word of a ladder becomes people, and the history says which.

A step names the assignee or a level. While nobody holds the ticket, or who does is away, the lead of its team stands in,
or who holds its level; where nobody holds a level, the fallback of the roster. So every step is told to somebody, or
says that nobody was there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.escalation.climbing import Taken
from careloop_ticketing.escalation.policy import ASSIGNEE
from careloop_ticketing.notices import service as notices
from careloop_ticketing.notices.service import NOBODY, Addressees, Duty, Notice, Placed, Reason, Role
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.tickets.service import changed_hands, watching
from careloop_ticketing.vocabulary import Level

_IN_PERSON: Final = frozenset({Role.ASSIGNEE, Role.TEAM_LEAD})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ticket stood when a step was taken, which later ones may have changed."""

    assignee_id: str | None
    level: Level
    team: str | None
    region: str | None


async def address(session: AsyncSession, taken: Sequence[Taken], now: datetime) -> list[Taken]:
    """The same steps with the people who are told of them."""
    if not taken:
        return []
    places = [_place(one) for one in taken]
    duty = await notices.duty(
        session,
        people={place.assignee_id for place in places if place.assignee_id},
        teams={place.team for place in places if place.team},
        now=now,
    )
    return [_addressed(one, place, duty) for one, place in zip(taken, places, strict=True)]


def _place(taken: Taken) -> Place:
    before = taken.entry.before
    level = Level(before["level"])
    return Place(before["assignee_id"], level, before["team"], taken.ticket.region)


def _addressed(taken: Taken, place: Place, duty: Duty) -> Taken:
    told = taken.told
    if told == ASSIGNEE:
        people = duty.in_charge(place)
        role = people[0].role
        told = role.value if role in _IN_PERSON else place.level.value
    else:
        people = duty.holders(Level(told), team=place.team, region=place.region)
    after = {**taken.entry.after, "told": told, "people": named(people)}
    return taken._replace(told=told, people=people, entry=taken.entry._replace(after=after))


async def addressees(
    session: AsyncSession, ticket: Placed, now: datetime
) -> tuple[Duty, dict[Level, Addressees]]:
    """Who is on duty for a ticket, and who would be told of it in the name of each level."""
    people, teams = ([one] if one else [] for one in (ticket.assignee_id, ticket.team))
    duty = await notices.duty(session, people=people, teams=teams, now=now)
    return duty, {level: duty.holders(level, team=ticket.team, region=ticket.region) for level in Level}


def named(people: Addressees) -> list[str]:
    """Their ids; none if nobody was there."""
    return [one.id for one in people if one.id != NOBODY]


def notices_of(taken: Sequence[Taken]) -> Iterator[Notice]:
    """What people are told of these steps: those whom they tell, who lost the ticket by one, and who watches it."""
    for one in taken:
        ticket = one.ticket
        about = _about(one)
        for addressee in one.people:
            yield Notice(
                ticket.id,
                ticket.number,
                addressee.id,
                addressee.role,
                Reason.ESCALATED,
                # What befell a clock that had stopped before is only to be known.
                asks=one.watch.state is not State.STOPPED,
                **about,
            )
        for watcher in watching(ticket, Reason.ESCALATED):
            yield watcher._replace(**about)
        if one.lost_by is not None:
            yield from changed_hands(ticket, one.lost_by)


def _about(taken: Taken) -> dict[str, Any]:
    level = None if taken.told in _IN_PERSON else Level(taken.told)
    step = taken.upcoming
    return {"level": level, "clock": taken.watch.name, "step": step.step.name, "due_at": step.due_at}
