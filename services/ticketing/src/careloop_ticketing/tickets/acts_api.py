"""What people do to a ticket. Every route locks the ticket, does one act, and answers with what became of it."""

from typing import Annotated
from uuid import UUID

from careloop_common.errors import InvalidCursor, VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
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

from careloop_ticketing.classification.errors import ProductUnknown
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.service import Watches
from careloop_ticketing.staff import service as staff
from careloop_ticketing.staff.errors import AgentUnknown, TeamIsVirtual, TeamUnknown
from careloop_ticketing.tickets import queries, schemas, service, views
from careloop_ticketing.tickets.errors import (
    ApprovalNeeded,
    CancellationNotAllowed,
    EvidenceNeeded,
    FeedbackAwaited,
    LoweringNotAllowed,
    LoweringReasonNeeded,
    PauseNotAllowed,
    ReceivedBeforeOpening,
    TicketMerged,
    TicketNotFound,
    TransitionImpossible,
)
from careloop_ticketing.tickets.schemas import TicketView
from careloop_ticketing.tickets.service import Case, Note, Ticket

router = CareRouter(prefix="/v1/tickets", tags=["tickets"])

READ, WRITE, SUPERVISE = needs("tickets:read"), needs("tickets:write"), needs("tickets:supervise")
MERGE_PATCH = "application/merge-patch+json"
_SCHEMAS = "#/components/schemas"
PROBLEMS = problems(TicketNotFound, TransitionImpossible, VersionMismatch)


async def _locked(ticket_id: UUID, session: SessionDep, if_match: IfMatch) -> Ticket:
    return await service.lock(session, ticket_id, expected=if_match)


TicketDep = Annotated[Ticket, Depends(_locked)]


async def _watches(ticket: TicketDep, session: SessionDep) -> Watches:
    return await sla.of(session, ticket.id)


async def _case(
    ticket: TicketDep,
    watches: Annotated[Watches, Depends(_watches)],
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
) -> Case:
    """The ticket of the path, locked for this request and of the version that If-Match names; and who acts on it."""
    return Case(session, ticket, watches, actor, now)


CaseDep = Annotated[Case, Depends(_case)]


def _shown(case: Case, response: Response) -> TicketView:
    """The ticket as the act left it."""
    etag(response, case.ticket.version)
    return views.view(case.ticket, case.watches, case.now)


@router.patch(
    "/{ticket_id}",
    dependencies=[WRITE],
    responses=PROBLEMS,
    openapi_extra={"requestBody": {"content": {MERGE_PATCH: {"schema": {"$ref": f"{_SCHEMAS}/Amend"}}}}},
)
async def amend(body: schemas.Amend, case: CaseDep, response: Response) -> TicketView:
    """Correct what was taken down: texts, kind, channel, language, whose it is. What is decided by it follows."""
    await service.correct(case, body.said())
    return _shown(case, response)


@router.post("/{ticket_id}/respond", dependencies=[WRITE], responses=PROBLEMS)
async def respond(body: schemas.Respond, case: CaseDep, response: Response) -> TicketView:
    """The customer got an answer; the first one stops the first-response clock."""
    await service.respond(case, note=body.note)
    return _shown(case, response)


@router.post(
    "/{ticket_id}/classify",
    dependencies=[WRITE],
    responses={
        **PROBLEMS,
        **problems(ProductUnknown, LoweringReasonNeeded, LoweringNotAllowed),
    },
)
async def classify(body: schemas.Classify, case: CaseDep, response: Response) -> TicketView:
    """Correct the classification. The correction is kept, and another tier moves the due time.

    A lower tier or severity needs a reason, and the scope tickets:supervise.
    """
    await service.classify(case, body.said(), reason=body.reason)
    return _shown(case, response)


@router.post(
    "/{ticket_id}/assign",
    dependencies=[SUPERVISE],
    responses={**PROBLEMS, **problems(TeamUnknown, AgentUnknown, TeamIsVirtual)},
)
async def assign(body: schemas.Assign, case: CaseDep, response: Response) -> TicketView:
    """Give the ticket to a person, a level, a team, or several of these."""
    if body.team is not None:
        await staff.expect_team_for(case.session, case.ticket.id, body.team, pointer="/team")
    if body.assignee_id is not None:
        await staff.expect_agent(case.session, body.assignee_id, team=body.team, pointer="/assignee_id")
    await service.assign(case, assignee_id=body.assignee_id, level=body.level, team=body.team)
    return _shown(case, response)


@router.post("/{ticket_id}/milestones", dependencies=[WRITE], responses=PROBLEMS)
async def reach(body: schemas.Reach, case: CaseDep, response: Response) -> TicketView:
    """The work has come this far: it is diagnosed, a visit is needed, or was made. Clocks heed it."""
    await service.reach(case, body.milestone, note=body.note)
    return _shown(case, response)


@router.post("/{ticket_id}/acknowledge", dependencies=[WRITE], responses=PROBLEMS)
async def acknowledge(case: CaseDep, response: Response) -> TicketView:
    """Take notice of the last escalation: steps that wait for nobody doing so will not be taken. And of what was overlooked."""
    await service.acknowledge(case)
    return _shown(case, response)


@router.post(
    "/{ticket_id}/pause",
    dependencies=[WRITE],
    responses={**PROBLEMS, **problems(PauseNotAllowed, ApprovalNeeded, EvidenceNeeded, TransitionImpossible)},
)
async def pause(body: schemas.Pause, case: CaseDep, response: Response) -> TicketView:
    """Stop the clocks that may wait for this reason, while somebody else has to act."""
    await service.pause(case, reason=body.reason, evidence=body.evidence, note=body.note)
    return _shown(case, response)


@router.post("/{ticket_id}/resume", dependencies=[WRITE], responses=PROBLEMS)
async def resume(case: CaseDep, response: Response) -> TicketView:
    await service.resume(case)
    return _shown(case, response)


@router.post(
    "/{ticket_id}/messages",
    status_code=201,
    dependencies=[WRITE],
    responses={
        **PROBLEMS,
        **problems(TicketMerged, TransitionImpossible, VersionMismatch, ReceivedBeforeOpening),
    },
)
async def hear(body: schemas.CustomerMessage, case: CaseDep, response: Response) -> TicketView:
    """The customer wrote. What waited for them runs on from when they did; a ticket that was resolved before is reopened."""
    await service.hear(case, text=body.text, received_at=body.received_at)
    return _shown(case, response)


@router.post("/{ticket_id}/resolve", dependencies=[WRITE], responses=PROBLEMS)
async def resolve(body: schemas.Resolve, case: CaseDep, response: Response) -> TicketView:
    """A remedy was found and told: the clocks stop, and the customer is asked how it went."""
    await service.resolve(case, outcome=body.outcome, note=body.note)
    return _shown(case, response)


@router.post("/{ticket_id}/reopen", dependencies=[WRITE], responses=PROBLEMS)
async def reopen(body: schemas.Reopen, case: CaseDep, response: Response) -> TicketView:
    """The remedy was none: the resolution clock runs on from where it stopped."""
    await service.reopen(case, reason=body.reason, note=body.note)
    return _shown(case, response)


@router.post("/{ticket_id}/reject", dependencies=[SUPERVISE], responses=PROBLEMS)
async def reject(body: schemas.Reject, case: CaseDep, response: Response) -> TicketView:
    """We will do nothing about it: the clocks end without a verdict."""
    await service.reject(case, reason=body.reason, note=body.note)
    return _shown(case, response)


@router.post(
    "/{ticket_id}/cancel",
    dependencies=[WRITE],
    responses={**PROBLEMS, **problems(CancellationNotAllowed)},
)
async def cancel(body: schemas.Cancel, case: CaseDep, response: Response) -> TicketView:
    """Nothing needs to be done about it any more: the clocks end without a verdict, but for those that were late.

    Where one was, this needs the scope tickets:supervise.
    """
    await service.cancel(case, reason=body.reason, note=body.note)
    return _shown(case, response)


@router.post(
    "/{ticket_id}/close",
    dependencies=[WRITE],
    responses={**PROBLEMS, **problems(FeedbackAwaited, TransitionImpossible)},
)
async def close(body: schemas.Close, case: CaseDep, response: Response) -> TicketView:
    """Archive a resolved ticket: whose customer has had their time to answer, or that has nobody to ask."""
    await service.close(case, note=body.note)
    return _shown(case, response)


@router.post("/{ticket_id}/notes", status_code=201, dependencies=[WRITE], responses=PROBLEMS)
async def add_note(body: schemas.AddNote, case: CaseDep, response: Response) -> TicketView:
    await service.add_note(case, text=body.text)
    return _shown(case, response)


@router.get(
    "/{ticket_id}/notes",
    response_model=Page[schemas.NoteView],
    dependencies=[READ],
    responses=problems(TicketNotFound, InvalidCursor),
)
async def list_notes(ticket_id: UUID, session: SessionDep, query: PageQuery) -> Page[Note]:
    """What people wrote about the ticket, oldest first."""
    await service.get(session, ticket_id)
    rows = await queries.notes(session, ticket_id, after=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.id,))
