"""The acts of bulk jobs: each is the use case of a single ticket, and what it changes can be put back."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.bulk.errors import UndoImpossible
from careloop_ticketing.bulk.policy import INVERSE, SAID_AGAIN, Act
from careloop_ticketing.bulk.schemas import Watch
from careloop_ticketing.staff import service as staff
from careloop_ticketing.tickets import schemas
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.service import Case

Arguments = Mapping[str, Any]


async def do(act: Act, case: Case, given: Arguments) -> Arguments | None:
    """Do it; returns what takes it back, or none if nothing does."""
    was = tickets.before(case)
    done = await _ACTS[act](case, given)
    if act not in INVERSE:
        return None
    return given if act in SAID_AGAIN else tickets.back(case, was, done)


async def undo(act: Act, case: Case, given: Arguments) -> Arguments | None:
    """Take back what the act that `act` is the inverse of has changed; returns what puts that there again."""
    if act in SAID_AGAIN:
        return await do(act, case, given)
    if "ticket" not in given:
        raise UndoImpossible("It was done by an earlier release, which did not keep what was before.")
    was = tickets.before(case)
    await tickets.take_back(case, INVERSE[act], await _without_ended(case, given))
    return tickets.back(case, was)


async def _without_ended(case: Case, given: Arguments) -> Arguments:
    """A team that has ended since answers for nothing. It is left in the same breath: what was taken back is one entry."""
    team = given["ticket"].get("team", case.ticket.team)
    if team is None or not await staff.has_ended(case.session, team):
        return given
    return {**given, "ticket": {**given["ticket"], "team": None, "team_pinned": False}}


async def expect(session: AsyncSession, act: Act, given: Arguments, *, undo: bool) -> None:
    """Whoever the act would name has to be there: the same for all tickets, so it is looked up once for many.

    What is put back as it was is put back also to somebody who has left since.
    """
    if undo and act not in SAID_AGAIN:
        return
    if act is Act.ASSIGN:
        wanted = schemas.Assign.model_validate(given)
        if wanted.team is not None:
            await staff.expect_team_for(session, None, wanted.team, pointer="/arguments/team")
        if (agent := wanted.assignee_id) is not None:
            await staff.expect_agent(session, agent, team=wanted.team, pointer="/arguments/assignee_id")
    elif act is Act.WATCH:
        person = Watch.model_validate(given).person
        await staff.expect_agent(session, person, pointer="/arguments/person")


async def _assign(case: Case, given: Arguments) -> None:
    wanted = schemas.Assign.model_validate(given)
    await tickets.assign(case, assignee_id=wanted.assignee_id, level=wanted.level, team=wanted.team)


async def _classify(case: Case, given: Arguments) -> UUID:
    wanted = schemas.Classify.model_validate(given)
    return await tickets.classify(case, wanted.said(), reason=wanted.reason)


async def _respond(case: Case, given: Arguments) -> None:
    await tickets.respond(case, note=schemas.Respond.model_validate(given).note)


async def _pause(case: Case, given: Arguments) -> None:
    wanted = schemas.Pause.model_validate(given)
    await tickets.pause(case, reason=wanted.reason, evidence=wanted.evidence, note=wanted.note)


async def _resume(case: Case, _: Arguments) -> None:
    await tickets.resume(case)


async def _resolve(case: Case, given: Arguments) -> None:
    wanted = schemas.Resolve.model_validate(given)
    await tickets.resolve(case, outcome=wanted.outcome, note=wanted.note)


async def _reopen(case: Case, given: Arguments) -> None:
    wanted = schemas.Reopen.model_validate(given)
    await tickets.reopen(case, reason=wanted.reason, note=wanted.note)


async def _reject(case: Case, given: Arguments) -> None:
    wanted = schemas.Reject.model_validate(given)
    await tickets.reject(case, reason=wanted.reason, note=wanted.note)


async def _cancel(case: Case, given: Arguments) -> None:
    wanted = schemas.Cancel.model_validate(given)
    await tickets.cancel(case, reason=wanted.reason, note=wanted.note)


async def _note(case: Case, given: Arguments) -> None:
    await tickets.add_note(case, text=schemas.AddNote.model_validate(given).text)


async def _watch(case: Case, given: Arguments) -> None:
    tickets.watch(case, Watch.model_validate(given).person)


async def _unwatch(case: Case, given: Arguments) -> None:
    tickets.unwatch(case, Watch.model_validate(given).person)


_ACTS: Final[Mapping[Act, Callable[[Case, Arguments], Awaitable[UUID | None]]]] = {
    Act.ASSIGN: _assign,
    Act.CLASSIFY: _classify,
    Act.RESPOND: _respond,
    Act.PAUSE: _pause,
    Act.RESUME: _resume,
    Act.RESOLVE: _resolve,
    Act.REOPEN: _reopen,
    Act.REJECT: _reject,
    Act.CANCEL: _cancel,
    Act.NOTE: _note,
    Act.WATCH: _watch,
    Act.UNWATCH: _unwatch,
}
