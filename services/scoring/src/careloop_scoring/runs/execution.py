"""The job that works on runs. Everything it needs to go on is in the run's row, so a killed process costs one chunk."""

import asyncio
import time
from typing import Any

import structlog
from careloop_common import clock, outbox
from careloop_common.errors import DomainError
from careloop_common.runtime import Runtime

from careloop_scoring.customers import queries as customers
from careloop_scoring.cutpoints import service as cutpoints
from careloop_scoring.registry import queries as models
from careloop_scoring.registry import service as registry
from careloop_scoring.registry.service import Loaded
from careloop_scoring.runs import events, learning, metrics, service
from careloop_scoring.runs.errors import RunTakenOver
from careloop_scoring.runs.judging import Means, judge
from careloop_scoring.runs.models import ScoringRun
from careloop_scoring.runs.policy import Phase, State
from careloop_scoring.scores import queries as scores
from careloop_scoring.scores import service as writing
from careloop_scoring.scores.policy import Basis
from careloop_scoring.settings import Settings
from careloop_scoring.tiers import service as tiers

log = structlog.get_logger()


async def work(runtime: Runtime[Any]) -> bool:
    """Take the next run as far as it goes; True when there was one."""
    async with runtime.database.transaction() as session:
        run = await service.claim(session, now=clock.now())
    if run is None or run.state == State.FAILED:
        return run is not None
    log.info("run.started", run_id=str(run.id), phase=run.phase, attempt=run.attempts)
    try:
        await execute(runtime, run)
    except RunTakenOver:
        log.warning("run.taken_over", run_id=str(run.id))
    except DomainError as error:
        if error.passes:
            raise
        await _fail(runtime, run, error.code)
    return True


async def execute(runtime: Runtime[Settings], run: ScoringRun) -> None:
    if run.phase == Phase.TRAINING:
        await learning.learn(runtime, run)
    if run.phase == Phase.CUTTING:
        await cut(runtime, run)
    if run.phase == Phase.SCORING:
        await score(runtime, run)


async def cut(runtime: Runtime[Settings], run: ScoringRun) -> None:
    """Draw cut points where the stored ones do not serve any more."""
    database, settings = runtime.database, runtime.settings
    async with database.transaction() as session:
        deciding = await tiers.deciding(session, now=clock.now())
        held = await cutpoints.current(session)
        renew = (
            run.refresh_cut_points
            or held is None
            or await cutpoints.outdated(
                session, held, deciding, now=clock.now(), days=settings.cut_point_days
            )
        )
    drawn = await cutpoints.draw(database, deciding, as_of=run.as_of) if renew else None
    async with database.transaction() as session:
        if drawn:
            held = await cutpoints.save(session, drawn, deciding, as_of=run.as_of, now=clock.now())
        assert held is not None
        total, withheld = await customers.count_scorable(session)
        await service.record(
            session,
            run,
            phase=Phase.SCORING,
            cut_points=held.version,
            counts={"total": total, "withheld": withheld, "scored": 0, "changed": 0, "warned": 0},
        )


async def score(runtime: Runtime[Settings], run: ScoringRun) -> None:
    began = time.perf_counter()
    means = await _means(runtime, run)
    while await _score_chunk(runtime, run, means):
        pass
    now = clock.now()
    figures = run.metrics | {"scoring_seconds": round(time.perf_counter() - began, 2)}
    async with runtime.database.transaction() as session:
        removed = await scores.drop_departed(session)
        await service.record(
            session,
            run,
            state=State.COMPLETED,
            phase=Phase.DONE,
            finished_at=now,
            metrics=figures,
            counts=run.counts | {"removed": removed},
        )
        outbox.add(session, events.completed(run, now), now=now)
    metrics.RUNS.labels(State.COMPLETED, run.basis).inc()
    metrics.SECONDS.observe((now - (run.started_at or now)).total_seconds())
    log.info("run.completed", run_id=str(run.id), **run.counts)


async def _score_chunk(runtime: Runtime[Settings], run: ScoringRun, means: Means) -> bool:
    async with runtime.database.transaction() as session:
        chunk = await customers.chunk(
            session, "active", after=run.position, limit=runtime.settings.chunk, scorable=True
        )
        ids = [facts.customer_id for facts in chunk]
        folds = await models.folds(session, run.model_id, ids) if run.model_id else {}
        held = await scores.held(session, ids)
    if not chunk:
        return False
    verdicts = await asyncio.to_thread(judge, means, chunk, folds, held)
    now = clock.now()
    async with runtime.database.transaction() as session:
        active = await customers.lock_scorable(session, ids)
        kept = [one for one in verdicts if one.customer_id in active]
        assert run.cut_points is not None
        await writing.write(session, kept, run_id=run.id, cut_points=run.cut_points, as_of=run.as_of, now=now)
        before = run.counts
        counts = before | {
            "scored": run.counts["scored"] + len(kept),
            "changed": run.counts["changed"] + sum(one.change for one in kept),
            "warned": run.counts["warned"] + sum(one.warn for one in kept),
        }
        await service.record(session, run, position=ids[-1], counts=counts)
    for what in ("scored", "changed", "warned"):
        metrics.CUSTOMERS.labels(what).inc(counts[what] - before[what])
    return True


async def _means(runtime: Runtime[Settings], run: ScoringRun) -> Means:
    """Load what the run judges with, and write down which step of the ladder it is."""
    loaded = await registry.load(runtime.database)
    async with runtime.database.transaction() as session:
        held = await cutpoints.find(session, run.cut_points or 0)
        table = await tiers.find(session, held.tier_table)
        await service.record(
            session,
            run,
            model_id=loaded.id if loaded else None,
            model_version=loaded.version if loaded else None,
            basis=_basis(loaded),
        )
    return Means(
        as_of=run.as_of,
        model=loaded.model if loaded else None,
        model_version=loaded.version if loaded else None,
        basis=_basis(loaded),
        rfm_cuts=cutpoints.rfm_cuts(held),
        arpu_cuts=held.arpu,
        table=table,
        thresholds=runtime.settings.thresholds(),
        raise_warnings=run.raise_warnings,
    )


def _basis(loaded: Loaded | None) -> Basis:
    if loaded is None:
        return Basis.RULES
    return Basis.MODEL if loaded.current else Basis.PREVIOUS_MODEL


async def _fail(runtime: Runtime[Settings], run: ScoringRun, code: str) -> None:
    log.error("run.failed", run_id=str(run.id), code=code)
    metrics.RUNS.labels(State.FAILED, run.basis or "none").inc()
    async with runtime.database.transaction() as session:
        await service.record(session, run, state=State.FAILED, finished_at=clock.now(), error=code)
