"""Scoring: train on who left, score everybody still there, and compare with a logistic baseline on held-out customers."""

from collections import Counter
from typing import Any

from careloop_local.client import Refused
from careloop_local.demo import figures
from careloop_local.demo.journey import Journey
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.report import Line
from careloop_local.demo.station import Station
from careloop_local.waiting import until

WITHIN = 120.0
RUNS = 3  # a run that began before scoring had read all of the import is followed by another
BELIEVABLE_AUC = 0.75
BASELINE_SLACK = 0.01


async def work(journey: Journey, line: Line, outcome: Outcome) -> None:
    present = sum(customer.present for customer in journey.customers.values())
    metrics: dict[str, float] = {}
    scored: set[str] = set()
    runs: list[str] = []
    while len(runs) < RUNS and len(scored) < present:
        run = await _run(journey, line, train="yes" if not runs else "no")
        runs.append(run["id"])
        metrics = metrics or run["metrics"]
        scored = await _scored(journey, runs)
    journey.facts["scoring_runs"] = runs
    _show(journey, metrics, runs, outcome)
    auc, baseline = metrics.get("auc", 0.0), metrics.get("baseline_auc", 1.0)
    outcome.expect(
        "every active customer has a score", len(scored) >= present, f"{len(scored):,} of {present:,}"
    )
    outcome.expect(f"AUC above {BELIEVABLE_AUC}", auc > BELIEVABLE_AUC, f"{auc:.4f}")
    outcome.expect(
        f"not worse than the baseline by {BASELINE_SLACK}", auc > baseline - BASELINE_SLACK, f"{baseline:.4f}"
    )
    outcome.expect("customers at risk are warned of", bool(_warned(journey, runs)))


async def _run(journey: Journey, line: Line, *, train: str) -> dict[str, Any]:
    async def accepted() -> dict[str, Any] | None:
        try:
            return dict(
                await journey.gateway.post("/v1/scoring-runs", {"train": train, "raise_warnings": True})
            )
        except Refused as refused:
            if refused.code != "scoring_run_already_queued":
                raise
            return None

    queued = await until(accepted, WITHIN, "a place for the scoring run", every=1.0)

    async def finished() -> dict[str, Any] | None:
        run = dict(await journey.gateway.get(f"/v1/scoring-runs/{queued['id']}"))
        line.update(run["progress"]["done"], run["progress"]["total"] or None, run["phase"])
        if run["state"] == "failed":
            raise LookupError(f"the scoring run failed: {run['error']}")
        return run if run["state"] == "completed" else None

    return await until(finished, WITHIN, "the scoring run", every=0.5)


async def _scored(journey: Journey, runs: list[str]) -> set[str]:
    """Customers of this demo run whose first score was announced; the announcement follows the run at once."""
    mine = {customer.customer_id for customer in journey.customers.values() if customer.present}

    async def announced() -> bool | None:
        completed = {seen.data["run_id"] for seen in journey.observer.of("score.run_completed")}
        return True if runs[-1] in completed else None

    await until(announced, 15.0, "the announcement of the scoring run")
    return mine & {seen.data["customer_id"] for seen in journey.observer.of("score.changed")}


def _warned(journey: Journey, runs: list[str]) -> set[str]:
    mine = journey.by_id()
    warnings = journey.observer.of("score.warning_raised")
    warned = {seen.data["customer_id"] for seen in warnings if seen.data["run_id"] in runs}
    return {customer_id for customer_id in warned if customer_id in mine}


def _show(journey: Journey, metrics: dict[str, float], runs: list[str], outcome: Outcome) -> None:
    latest = {seen.data["customer_id"]: seen.data for seen in journey.observer.of("score.changed")}
    mine = [latest[customer_id] for customer_id in journey.by_id() if customer_id in latest]
    outcome.show("AUC / baseline", f"{metrics.get('auc', 0):.4f} / {metrics.get('baseline_auc', 0):.4f}")
    outcome.show("warned of", figures.count(len(_warned(journey, runs))))
    outcome.show("scored", figures.count(len(mine)))
    outcome.show(
        "Brier / calibration error",
        f"{metrics.get('brier', 0):.4f} / {metrics.get('calibration_error', 0):.4f}",
    )
    outcome.show("training", figures.duration(metrics.get("training_seconds", 0)))
    outcome.show("tiers", figures.counts(Counter(score["tier"] for score in mine)))
    outcome.show("RFM segments", figures.counts(Counter(score["rfm_segment"] or "none" for score in mine)))


STATION = Station("Scoring", work)
