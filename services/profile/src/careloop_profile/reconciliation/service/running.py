"""Going through all customers, chunk by chunk: each chunk is one transaction, which moves the cursor and counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloop_common import ids, outbox
from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.identity.service import Candidates
from careloop_profile.linkage import queries as linkage
from careloop_profile.linkage.policy import Model
from careloop_profile.linkage.service import Linker, Records, versions
from careloop_profile.linkage.service.linking import detail_of
from careloop_profile.reconciliation import events, queries
from careloop_profile.reconciliation.models import RunRow
from careloop_profile.reconciliation.policy import Finding, Phase, State
from careloop_profile.reconciliation.policy.bridges import FEWEST
from careloop_profile.reconciliation.service.parting import Parting
from careloop_profile.reconciliation.service.questions import Asking

CHUNK: Final = 25
"""Customers that are compared in one transaction: so few that whoever waits for the worker hardly notices."""
_COLUMN: Final = {
    Finding.MERGED: "merged",
    Finding.PROPOSED: "proposed",
    Finding.CLOSED: "closed",
    Finding.BRIDGE: "bridges",
    Finding.SPLIT: "split",
    Finding.SKIPPED: "skipped",
}


class Step(NamedTuple):
    """What a chunk came to: how many it looked at, and how many findings there were of each kind."""

    phase: Phase
    looked_at: int
    found: Mapping[Finding, int]


class Reconciler:
    """Takes a run further. `splits` is whether persons are taken apart without anybody being asked."""

    def __init__(self, vault: Vault, *, splits: bool = False) -> None:
        self._records = Records(vault)
        self._linker = Linker(self._records, Candidates(vault))
        self._parting = Parting(self._records, splits=splits)
        self._asking = Asking(self._records, self._parting)

    async def step(self, session: AsyncSession, *, now: datetime, limit: int = CHUNK) -> Step | None:
        """Take the next chunk of the run that is under way; None if there is none."""
        await presence.enter(session)
        run = await queries.running(session, lock=True)
        if run is None:
            return None
        model = await versions.active(session)
        assert model is not None, "a run begins with a model, and models stay"
        run.model_version = model.version
        phase = Phase(run.phase)
        chunk = await self._chunk(session, run, phase, limit)
        found = await self._look(session, run, phase, model, chunk, now) if chunk else []
        counted = await _write_down(session, run, found)
        if phase is Phase.CUSTOMERS and run.round == 1:
            run.looked_at += len(chunk)
        run.cursor = chunk[-1] if chunk else run.cursor
        if len(chunk) < limit:
            await _turn(session, run, phase, now)
        return Step(phase, len(chunk), counted)

    async def skip(self, session: AsyncSession, reason: str, *, now: datetime) -> None:
        """Pass the next one, which could not be looked at, and write down why."""
        await presence.enter(session)
        run = await queries.running(session, lock=True)
        chunk = await self._chunk(session, run, Phase(run.phase), 1) if run else ()
        if run and chunk:
            await _write_down(
                session,
                run,
                [finding(run, Finding.SKIPPED, (chunk[0], None), now, detail={"reason": reason})],
            )
            run.cursor = chunk[0]

    async def _chunk(self, session: AsyncSession, run: RunRow, phase: Phase, limit: int) -> Sequence[UUID]:
        if phase is Phase.QUESTIONS:
            return await queries.open_questions(session, run.cursor, limit)
        if phase is Phase.PERSONS:
            return await queries.persons_after(session, run.cursor, FEWEST, limit)
        if run.round == 1:
            return await linkage.customers_after(session, run.cursor, limit)
        return await queries.grown(session, run.id, run.round - 1, run.cursor, limit)

    async def _look(
        self,
        session: AsyncSession,
        run: RunRow,
        phase: Phase,
        model: Model,
        chunk: Sequence[UUID],
        now: datetime,
    ) -> list[dict[str, Any]]:
        if phase is Phase.CUSTOMERS:
            return await self._compare(session, run, model, chunk, now)
        if phase is Phase.QUESTIONS:
            closed = await self._asking.close(session, model, chunk, now=now)
            return [
                finding(
                    run,
                    Finding.CLOSED,
                    (one.one, one.other),
                    now,
                    one.probability,
                    one.review_id,
                    {"kind": one.kind},
                )
                for one in closed
            ]
        kind = Finding.SPLIT if self._parting.splits else Finding.BRIDGE
        return [
            finding(
                run,
                kind,
                one.weak.bridge[:2],
                now,
                one.weak.score.probability,
                one.subject_id,
                one.weak.detail | detail_of(model, one.weak.score),
            )
            for one in await self._parting.look(session, model, chunk, now=now, run_id=run.id)
        ]

    async def _compare(
        self, session: AsyncSession, run: RunRow, model: Model, chunk: Sequence[UUID], now: datetime
    ) -> list[dict[str, Any]]:
        linked = await self._linker.reconcile(session, model, chunk, now=now, run_id=run.id)
        return [
            finding(
                run,
                kind,
                (one.one, one.other),
                now,
                one.score.probability,
                subject_id,
                detail_of(model, one.score),
            )
            for kind, pairs in ((Finding.MERGED, linked.merged), (Finding.PROPOSED, linked.asked))
            for one, subject_id in pairs
        ]


def finding(
    run: RunRow,
    kind: Finding,
    pair: tuple[UUID, UUID | None],
    now: datetime,
    probability: float | None = None,
    subject_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "id": ids.new_id(),
        "run_id": run.id,
        "kind": kind.value,
        "round": run.round,
        "one": pair[0],
        "other": pair[1],
        "model_version": run.model_version,
        "probability": probability,
        "subject_id": subject_id,
        "detail": detail or {},
        "at": now,
    }


async def _write_down(
    session: AsyncSession, run: RunRow, found: Sequence[dict[str, Any]]
) -> Counter[Finding]:
    await queries.add_findings(session, found)
    counted = Counter(Finding(one["kind"]) for one in found)
    for kind, number in counted.items():
        setattr(run, _COLUMN[kind], getattr(run, _COLUMN[kind]) + number)
    return counted


async def _turn(session: AsyncSession, run: RunRow, phase: Phase, now: datetime) -> None:
    """Everybody has been looked at: what comes next. A round in which persons grew is followed by one over those."""
    run.cursor = None
    if phase is Phase.CUSTOMERS and await queries.grown(session, run.id, run.round, None, 1):
        run.round += 1
    elif phase is Phase.CUSTOMERS:
        run.phase = Phase.QUESTIONS.value
    elif phase is Phase.QUESTIONS:
        run.phase = Phase.PERSONS.value
    else:
        run.state, run.finished_at = State.DONE.value, now
        outbox.add(session, events.reconciled(run), now=now)
