"""What people do to a ticket. Every route locks the ticket, does one act, and answers with what became of it."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from careloop_common.errors import VersionMismatch
from careloop_common.web import (
    ActorDep,
    CareRouter,
    IfMatch,
    NowDep,
    SessionDep,
    etag,
    needs,
    problems,
)
from fastapi import Depends, Response

from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.service import Clocks
from careloop_ticketing.tickets import queries, schemas, service, views
from careloop_ticketing.tickets.errors import PauseNotAllowed, TicketNotFound, TransitionImpossible
from careloop_ticketing.tickets.schemas import TicketView
from careloop_ticketing.tickets.service import Ticket

router = CareRouter(prefix="/v1/tickets", tags=["tickets"])

READ, WRITE, SUPERVISE = needs("tickets:read"), needs("tickets:write"), needs("tickets:supervise")
PROBLEMS = problems(TicketNotFound, TransitionImpossible, VersionMismatch)


async def _locked(ticket_id: UUID, session: SessionDep, if_match: IfMatch) -> Ticket:
    return await service.lock(session, ticket_id, expected=if_match)


TicketDep = Annotated[Ticket, Depends(_locked)]


async def _clocks(ticket: TicketDep, session: SessionDep) -> Clocks:
    return await sla.of(session, ticket.id)


@dataclass
class Case:
    """The ticket of the path, locked for this request and of the version that If-Match names; and who acts on it."""

    ticket: TicketDep
    clocks: Annotated[Clocks, Depends(_clocks)]
    session: SessionDep
    actor: ActorDep
    now: NowDep
    response: Response

    def shown(self) -> TicketView:
        """The ticket as the act left it."""
        etag(self.response, self.ticket.version)
        return views.view(self.ticket, self.clocks, self.now)


CaseDep = Annotated[Case, Depends()]


@router.post("/{ticket_id}/respond", dependencies=[WRITE], responses=PROBLEMS)
async def respond(body: schemas.Respond, case: CaseDep) -> TicketView:
    """The customer got an answer; the first one stops the first-response clock."""
    await service.respond(
        case.session, case.ticket, case.clocks, note=body.note, actor=case.actor, now=case.now
    )
    return case.shown()


@router.post("/{ticket_id}/classify", dependencies=[WRITE], responses=PROBLEMS)
async def classify(body: schemas.Classify, case: CaseDep) -> TicketView:
    """Correct the classification. The correction is kept, and another tier moves the due time."""
    await service.classify(
        case.session,
        case.ticket,
        case.clocks,
        cause=body.cause,
        tier=body.tier,
        severity=body.severity,
        actor=case.actor,
        now=case.now,
    )
    return case.shown()


@router.post("/{ticket_id}/assign", dependencies=[SUPERVISE], responses=PROBLEMS)
async def assign(body: schemas.Assign, case: CaseDep) -> TicketView:
    """Give the ticket to a person, a level, or both."""
    service.assign(
        case.session,
        case.ticket,
        assignee_id=body.assignee_id,
        level=body.level,
        actor=case.actor,
        now=case.now,
    )
    return case.shown()


@router.post("/{ticket_id}/pause", dependencies=[WRITE], responses={**PROBLEMS, **problems(PauseNotAllowed)})
async def pause(body: schemas.Pause, case: CaseDep) -> TicketView:
    """Stop the resolution clock while somebody else has to act."""
    await service.pause(
        case.session,
        case.ticket,
        case.clocks,
        reason=body.reason,
        note=body.note,
        actor=case.actor,
        now=case.now,
    )
    return case.shown()


@router.post("/{ticket_id}/resume", dependencies=[WRITE], responses=PROBLEMS)
async def resume(case: CaseDep) -> TicketView:
    await service.resume(case.session, case.ticket, case.clocks, actor=case.actor, now=case.now)
    return case.shown()


@router.post("/{ticket_id}/resolve", dependencies=[WRITE], responses=PROBLEMS)
async def resolve(body: schemas.Resolve, case: CaseDep) -> TicketView:
    """A remedy was found and told: the clocks stop, and the customer is asked how it went."""
    await service.resolve(
        case.session,
        case.ticket,
        case.clocks,
        outcome=body.outcome,
        note=body.note,
        actor=case.actor,
        now=case.now,
    )
    return case.shown()


@router.post("/{ticket_id}/reopen", dependencies=[WRITE], responses=PROBLEMS)
async def reopen(body: schemas.Reopen, case: CaseDep) -> TicketView:
    """The remedy was none: the resolution clock runs on from where it stopped."""
    await service.reopen(
        case.session,
        case.ticket,
        case.clocks,
        reason=body.reason,
        note=body.note,
        actor=case.actor,
        now=case.now,
    )
    return case.shown()


@router.post("/{ticket_id}/notes", status_code=201, dependencies=[WRITE], responses=PROBLEMS)
async def add_note(body: schemas.AddNote, case: CaseDep) -> TicketView:
    service.add_note(case.session, case.ticket, text=body.text, actor=case.actor, now=case.now)
    return case.shown()


@router.get("/{ticket_id}/notes", dependencies=[READ], responses=problems(TicketNotFound))
async def list_notes(ticket_id: UUID, session: SessionDep) -> schemas.NotesView:
    """What people wrote about the ticket, oldest first."""
    await service.get(session, ticket_id)
    return schemas.NotesView.model_validate({"items": await queries.notes(session, ticket_id)})
