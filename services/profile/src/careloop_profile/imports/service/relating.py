"""What files say of two: whom they mean, what becomes of it, and what waits for whom."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from careloop_common import ids, subject_keys, timers
from careloop_common.errors import DomainError
from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.errors import CustomerErased
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.policy.relations import Ref, Said
from careloop_profile.imports.policy.rows import Complaint
from careloop_profile.imports.service import waiting
from careloop_profile.imports.service.rejects import Reject, keep_rejects
from careloop_profile.imports.service.uploading import TIMER
from careloop_profile.imports.service.waiting import UNKNOWN, Heard, Pointer
from careloop_profile.parties.errors import GuardianNeeded
from careloop_profile.parties.policy.ledger import Verdict
from careloop_profile.parties.policy.relations import Relation
from careloop_profile.parties.queries import relations
from careloop_profile.parties.service.importing import relate_many

SETTLING: Final = "settle"
_SHARED: Final = "party_ambiguous"
_HOPELESS: Final = (CustomerErased.code, _SHARED, UNKNOWN)
_ROWS: Final = {Verdict.STATED: "created", Verdict.CHANGED: "updated", Verdict.UNCHANGED: "unchanged"}


@dataclass(slots=True)
class _Outcome:
    """What became of statements, each by its place: a verdict, a refusal, or where and why it waits."""

    verdicts: dict[int, Verdict] = field(default_factory=dict)
    refused: dict[int, tuple[int, str]] = field(default_factory=dict)
    waiting: dict[int, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Found:
    people: Mapping[str, UUID]
    erased: frozenset[str]
    shared: frozenset[str]

    def lacking(self, heard: Heard) -> tuple[int, str] | None:
        """The first end that is nobody, and why; who was erased, or is several, comes before who may still come."""
        nobody = [
            (place, self._why(end.text))
            for place, end in enumerate(heard.ends)
            if end is not None and end.text not in self.people
        ]
        return min(nobody, key=lambda one: _HOPELESS.index(one[1]), default=None)

    def _why(self, text: str) -> str:
        if text in self.erased:
            return CustomerErased.code
        return _SHARED if text in self.shared else UNKNOWN


class Relater:
    """Makes relations of what files say."""

    def __init__(self, vault: Vault, minors_under: int) -> None:
        self._vault, self._minors_under = vault, minors_under

    def heard(self, source: str, day: date, line: int, said: Said, cells: Mapping[str, str]) -> Heard:
        """A statement whose ends are what they are found by."""
        ends = (said.one, said.other, said.within)
        return Heard(
            line,
            said.columns,
            said.kind.value,
            tuple(end and self._pointer(end) for end in ends),
            said.facts,
            source,
            said.evidence or f"line {line}",
            day.isoformat(),
            said.valid_from.isoformat() if said.valid_from else None,
            said.valid_to.isoformat() if said.valid_to else None,
            tuple(cells.get(name) for name in said.columns),
        )

    def _pointer(self, ref: Ref) -> Pointer:
        if ref.by == "external_id":
            return Pointer(identifier=False, text=str(customer_id_of(ref.source, ref.value)))
        return Pointer(identifier=True, text=self._vault.blind_index(ref.by, ref.value))

    async def take(
        self, session: AsyncSession, job: ImportRow, said: Sequence[Heard], *, today: date, now: datetime
    ) -> list[Reject]:
        """State what a chunk of rows says; what names nobody waits. Returns what was refused."""
        if not said:
            return []
        outcome = await self._try(session, job.id, said, today=today, now=now)
        waits = [(said[at], place, code, False) for at, (place, code) in sorted(outcome.waiting.items())]
        await waiting.keep(session, self._vault, job.id, waits, now)
        return self._count(job, said, outcome)

    async def settle(
        self, session: AsyncSession, job: ImportRow, limit: int, *, today: date, now: datetime
    ) -> bool:
        """Try again what waits and is due; whether there may be more."""
        # Who relates others first has their lock, and then what waits.
        await relations.hold_all(session)
        due = await waiting.take_due(session, job.id, limit)
        if not due:
            return False
        outcome = await self._try(session, job.id, due, today=today, now=now)
        stay = {}
        for at, (_, code) in outcome.waiting.items():
            again = code == GuardianNeeded.code != due[at].code
            stay[_id(due[at])] = (code, again)
        gone = [_id(one) for at, one in enumerate(due) if at not in outcome.waiting]
        await waiting.settle(session, gone, stay)
        rejects = self._count(job, due, outcome)
        await keep_rejects(session, self._vault, job.id, rejects)
        job.rejected += sum(reject.whole_row for reject in rejects)
        return True

    async def _try(
        self, session: AsyncSession, import_id: UUID, said: Sequence[Heard], *, today: date, now: datetime
    ) -> _Outcome:
        found = await _look_up(session, {end for heard in said for end in heard.pointers})
        outcome, whole = _Outcome(), list[int]()
        for at, heard in enumerate(said):
            lacking = found.lacking(heard)
            if lacking is None:
                whole.append(at)
            elif lacking[1] == UNKNOWN:
                outcome.waiting[at] = lacking
            else:
                outcome.refused[at] = lacking
        statements = [said[at].statement(found.people) for at in whole]
        by = f"import:{import_id}"
        answers = await relate_many(
            session, self._vault, statements, self._minors_under, today=today, now=now, by=by
        )
        for at, answer in zip(whole, answers, strict=True):
            _note(outcome, at, said[at], answer)
        await _call_minors(session, said, outcome.verdicts, now)
        return outcome

    @staticmethod
    def _count(job: ImportRow, said: Sequence[Heard], outcome: _Outcome) -> list[Reject]:
        """Add to the figures of the import; returns the rejects."""
        rows = job.mapping.get("key") is None
        tally = dict(job.relations)
        for verdict in outcome.verdicts.values():
            tally[verdict.value] = tally.get(verdict.value, 0) + 1
            if rows:
                setattr(job, _ROWS[verdict], getattr(job, _ROWS[verdict]) + 1)
        if outcome.refused:
            tally["refused"] = tally.get("refused", 0) + len(outcome.refused)
        job.relations = tally
        rejects = []
        for at, (place, code) in sorted(outcome.refused.items()):
            kept = said[at].values and code != CustomerErased.code
            complaint = Complaint(code, said[at].columns[place], (kept and said[at].values[place]) or "")
            rejects.append(Reject(said[at].line, complaint, rows, said[at].customer_at(place)))
        return rejects


def _note(outcome: _Outcome, at: int, heard: Heard, answer: Verdict | DomainError) -> None:
    place = next(place for place in (1, 0) if heard.columns[place])
    if isinstance(answer, Verdict):
        outcome.verdicts[at] = answer
    elif isinstance(answer, GuardianNeeded) and heard.kind != Relation.GUARDIAN:
        outcome.waiting[at] = place, answer.code
    else:
        outcome.refused[at] = place, answer.code


async def _call_minors(
    session: AsyncSession, said: Sequence[Heard], verdicts: Mapping[int, Verdict], now: datetime
) -> None:
    """Who has a guardian now may do what waited for one."""
    guarded = {
        said[at].pointers[1].text
        for at, verdict in verdicts.items()
        if said[at].kind == Relation.GUARDIAN and verdict is not Verdict.UNCHANGED
    }
    if guarded:
        await _wake(session, await waiting.call_minors(session, guarded), now)


async def arrived(session: AsyncSession, customer_ids: Collection[UUID], now: datetime) -> None:
    """These customers became known, or known by something else: what waits for them is tried again."""
    if not await waiting.anything(session):
        return
    ours = list(customer_ids)
    refs = {str(one) for one in ours} | await customers.indexes_of(session, ours)
    await _wake(session, await waiting.call(session, refs), now)


async def grown(session: AsyncSession, now: datetime) -> None:
    """Minors may have a guardian now, or need none any more: what waits for one is tried again."""
    await _wake(session, await waiting.call_minors(session), now)


async def _wake(session: AsyncSession, import_ids: Iterable[UUID], now: datetime) -> None:
    for import_id in sorted(import_ids):
        # Never the timer that somebody fires just now, whose rows these may be.
        step = f"{SETTLING} {ids.new_id()}"
        await timers.arm(session, kind=TIMER, owner_id=import_id, step=step, due_at=now)


async def _look_up(session: AsyncSession, pointers: Collection[Pointer]) -> _Found:
    named = {UUID(one.text): one.text for one in pointers if not one.identifier}
    known = await customers.known(session, list(named))
    people = {named[key]: key for key in known}
    erased = {named[key] for key in await subject_keys.destroyed(session, set(named) - known)}
    shared = frozenset[str]()
    if indexes := [one.text for one in pointers if one.identifier]:
        people |= await customers.sole_holders(session, indexes)
        nobodys = [one for one in indexes if one not in people]
        shared = frozenset(await customers.holders(session, nobodys))
        erased |= await waiting.suppressed(session, nobodys) - shared
    return _Found(people, frozenset(erased), shared)


def _id(heard: Heard) -> UUID:
    assert heard.id is not None
    return heard.id
