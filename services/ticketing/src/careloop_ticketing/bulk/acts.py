"""The acts of bulk jobs: each is the use case of a single ticket, and says with what it would be taken back."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from careloop_ticketing.bulk.policy import Act
from careloop_ticketing.bulk.schemas import Watch
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.staff import service as staff
from careloop_ticketing.tickets import schemas
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.facts import place
from careloop_ticketing.tickets.policy import LowerReason, ReopenReason
from careloop_ticketing.tickets.service import Case
from careloop_ticketing.vocabulary import Level

Arguments = Mapping[str, Any]


class _Assign(schemas.Assign):
    """What is put back includes that there was no team, or whether a person had chosen it."""

    team_pinned: bool = True


class _Classify(schemas.Classify):
    """What is put back includes the level, to which a higher tier has lifted the ticket."""

    level: Level | None = None


async def do(act: Act, case: Case, given: Arguments) -> Arguments | None:
    """Do it; returns the arguments with which the inverse act takes it back, or none if nothing does."""
    return await _ACTS[act](case, given)


async def _assign(case: Case, given: Arguments) -> Arguments:
    wanted, ticket = _Assign.model_validate(given), case.ticket
    back = {**place(ticket), "team_pinned": ticket.team_pinned}
    if wanted.team is not None:
        await staff.expect_team(case.session, wanted.team, pointer="/arguments/team")
    await tickets.assign(
        case,
        assignee_id=wanted.assignee_id,
        level=wanted.level,
        team=wanted.team,
        no_team="team" in given and wanted.team is None,
        pinned=wanted.team_pinned,
    )
    return back


async def _classify(case: Case, given: Arguments) -> Arguments:
    wanted, ticket = _Classify.model_validate(given), case.ticket
    back = {**ticket.verdict.words, "level": ticket.level, "reason": LowerReason.TAKEN_BACK}
    await tickets.classify(case, wanted.said(), level=wanted.level, reason=wanted.reason)
    return back


async def _respond(case: Case, given: Arguments) -> None:
    await tickets.respond(case, note=schemas.Respond.model_validate(given).note)


async def _pause(case: Case, given: Arguments) -> Arguments:
    wanted = schemas.Pause.model_validate(given)
    await tickets.pause(case, reason=wanted.reason, evidence=wanted.evidence, note=wanted.note)
    return {}


async def _resume(case: Case, _: Arguments) -> Arguments | None:
    waits = (one.clock.intervals[-1].because for one in case.watches.values() if one.state is State.PAUSED)
    why = next(filter(None, waits), None)
    await tickets.resume(case)
    return {"reason": why.reason, "evidence": why.evidence} if why else None


async def _resolve(case: Case, given: Arguments) -> Arguments:
    wanted = schemas.Resolve.model_validate(given)
    await tickets.resolve(case, outcome=wanted.outcome, note=wanted.note)
    return {"reason": ReopenReason.MISTAKE}


async def _reopen(case: Case, given: Arguments) -> Arguments:
    wanted, back = schemas.Reopen.model_validate(given), {"outcome": case.ticket.outcome}
    await tickets.reopen(case, reason=wanted.reason, note=wanted.note)
    return back


async def _reject(case: Case, given: Arguments) -> None:
    wanted = schemas.Reject.model_validate(given)
    await tickets.reject(case, reason=wanted.reason, note=wanted.note)


async def _cancel(case: Case, given: Arguments) -> None:
    wanted = schemas.Cancel.model_validate(given)
    await tickets.cancel(case, reason=wanted.reason, note=wanted.note)


async def _note(case: Case, given: Arguments) -> None:
    tickets.add_note(case, text=schemas.AddNote.model_validate(given).text)


async def _watch(case: Case, given: Arguments) -> Arguments:
    tickets.watch(case, Watch.model_validate(given).person)
    return given


async def _unwatch(case: Case, given: Arguments) -> Arguments:
    tickets.unwatch(case, Watch.model_validate(given).person)
    return given


_ACTS: Final[Mapping[Act, Callable[[Case, Arguments], Awaitable[Arguments | None]]]] = {
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
