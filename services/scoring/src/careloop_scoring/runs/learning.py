"""The training phase of a run: gather, train off the event loop, pass the gate, register."""

import asyncio
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import structlog
from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_scoring.churn import bundle, features, gate, training
from careloop_scoring.churn.bundle import File
from careloop_scoring.churn.features import Record
from careloop_scoring.churn.gate import Verdict
from careloop_scoring.customers import queries as customers
from careloop_scoring.registry import queries as models
from careloop_scoring.registry import service as registry
from careloop_scoring.registry.service import Loaded
from careloop_scoring.runs import policy, service
from careloop_scoring.runs.models import ScoringRun
from careloop_scoring.runs.policy import Phase
from careloop_scoring.settings import Settings

log = structlog.get_logger()


@dataclass
class Sample:
    """The labelled customers; `folds` are those that the active model gave to customers it was trained on."""

    ids: list[UUID] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    folds: list[int] = field(default_factory=list)


class Interrupted(Exception):
    """The process is stopping; the training need not go on."""


async def learn(runtime: Runtime[Settings], run: ScoringRun) -> None:
    """Train if the run wants it; either way the run goes on to cutting."""
    database, settings = runtime.database, runtime.settings
    async with database.transaction() as session:
        active = await models.active(session, registry.CHURN)
        leavers = await customers.count(session, "left")
        total = leavers + await customers.count(session, "active")
    known = policy.Trained(active.created_at, int(active.card["leavers"])) if active else None
    if not policy.should_train(run.train, known, leavers, clock.now(), settings.retrain_days):
        return await _skip(runtime, run)
    loaded = await registry.load(database) if active else None
    sample = await gather(runtime, run.as_of.date(), total, loaded)
    if not training.enough(sample.labels):
        note = (
            f"not trained: {len(sample.labels)} customers with {sum(sample.labels)} leavers; "
            f"at least {training.MIN_ROWS} with {training.MIN_LEAVERS} are needed"
        )
        return await _skip(runtime, run, note)
    await _train(runtime, run, sample, loaded)
    return None


async def gather(runtime: Runtime[Settings], day: date, total: int, loaded: Loaded | None) -> Sample:
    """Every labelled customer, or a sample by hash when there are too many."""
    sample = Sample()
    parts = min(customers.SAMPLE_PARTS, runtime.settings.train_rows * customers.SAMPLE_PARTS // max(1, total))
    async for chunk in customers.walk(runtime.database, "active", "left", parts=max(1, parts)):
        found: dict[UUID, int] = {}
        if loaded:
            async with runtime.database.transaction() as session:
                found = await models.folds(session, loaded.id, [facts.customer_id for facts in chunk])
        for facts in chunk:
            sample.ids.append(facts.customer_id)
            sample.records.append(features.record(facts, day))
            sample.labels.append(int(facts.left))
            sample.folds.append(found.get(facts.customer_id, -1))
    return sample


async def _skip(runtime: Runtime[Settings], run: ScoringRun, note: str | None = None) -> None:
    notes = [*run.notes, note] if note else run.notes
    async with runtime.database.transaction() as session:
        await service.record(session, run, phase=Phase.CUTTING, notes=notes)


async def _train(runtime: Runtime[Settings], run: ScoringRun, sample: Sample, loaded: Loaded | None) -> None:
    began = time.perf_counter()
    stop = threading.Event()
    try:
        trained, files, verdict = await asyncio.to_thread(_compute, sample, loaded, stop)
    except asyncio.CancelledError:
        stop.set()
        raise
    metrics = _metrics(trained) | {"training_seconds": round(time.perf_counter() - began, 2)}
    now = clock.now()
    async with runtime.database.transaction() as session:
        row = await registry.save(
            session, trained, files, verdict, sample.ids, run_id=run.id, as_of=run.as_of, now=now
        )
        note = f"trained {row.version}: {'promoted' if verdict.promoted else 'kept as candidate'}, {verdict.reason}"
        await service.record(
            session, run, phase=Phase.CUTTING, metrics=run.metrics | metrics, notes=[*run.notes, note]
        )
    log.info("model.trained", model=row.version, promoted=verdict.promoted, auc=trained.report.auc)


def _compute(
    sample: Sample, loaded: Loaded | None, stop: threading.Event
) -> tuple[training.Trained, tuple[File, ...], Verdict]:
    def checkpoint() -> None:
        if stop.is_set():
            raise Interrupted

    keys = [str(customer_id) for customer_id in sample.ids]
    trained = training.train(keys, sample.records, sample.labels, checkpoint=checkpoint)
    if loaded is None:
        verdict = gate.first(trained.report.auc)
    else:
        held_out = loaded.model.predict(sample.records, sample.folds)
        verdict = gate.against(trained.probabilities, held_out, training.as_labels(sample.labels))
    return trained, bundle.save(trained.model, sample.records), verdict


def _metrics(trained: training.Trained) -> dict[str, float]:
    model, baseline = trained.report, trained.baseline
    return {
        "auc": model.auc,
        "auc_sd": model.auc_sd,
        "average_precision": model.average_precision,
        "brier": model.brier,
        "calibration_error": model.calibration_error,
        "top_decile_lift": model.top_decile_lift,
        "baseline_auc": baseline.auc,
        "baseline_auc_sd": baseline.auc_sd,
        "baseline_brier": baseline.brier,
        "baseline_calibration_error": baseline.calibration_error,
        "training_rows": float(trained.rows),
        "training_leavers": float(trained.leavers),
    }
