"""A chunk of customers in, a verdict on each out. Pure computation over what the run has loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from careloop_scoring.churn import features, reasons, rules
from careloop_scoring.churn.features import Record
from careloop_scoring.churn.model import FULL, Model
from careloop_scoring.churn.reasons import Driver, Reason
from careloop_scoring.customers.policy import Facts, monthly_fee
from careloop_scoring.rfm import policy as rfm
from careloop_scoring.scores import policy as scores
from careloop_scoring.scores.policy import Basis, Held, Judged, Thresholds, Verdict
from careloop_scoring.tiers import policy as tiers


@dataclass(frozen=True)
class Means:
    """Everything that a run judges with."""

    as_of: datetime
    model: Model | None
    model_version: str | None
    basis: Basis
    rfm_cuts: Mapping[rfm.Basis, rfm.CutPoints]
    arpu_cuts: Sequence[float]
    table: tiers.Table
    thresholds: Thresholds
    raise_warnings: bool


@dataclass(frozen=True)
class _Risk:
    probability: float
    driver: Driver | None
    reasons: tuple[Reason, ...]


def judge(
    means: Means, customers: Sequence[Facts], folds: Mapping[UUID, int], held: Mapping[UUID, Held]
) -> list[Judged]:
    risks = _by_model(means, means.model, customers, folds) if means.model else _by_rules(means, customers)
    return [
        _judge_one(means, facts, risk, held.get(facts.customer_id, Held()))
        for facts, risk in zip(customers, risks, strict=True)
    ]


def _judge_one(means: Means, facts: Facts, risk: _Risk, before: Held) -> Judged:
    day, thresholds = means.as_of.date(), means.thresholds
    episode = scores.advance(before.episode, risk.probability, thresholds)
    band = scores.band(risk.probability, episode, thresholds)
    standing = tiers.standing(facts, day, monthly_fee(facts, day))
    placement = rfm.place(rfm.measure(facts, means.as_of), means.rfm_cuts)
    verdict = Verdict(
        probability=risk.probability,
        band=band.value,
        rfm_segment=placement.segment.value if placement else None,
        tier=means.table.decide(standing.levels(means.table, means.arpu_cuts, band.value)).value,
    )
    warn = means.raise_warnings and episode.at_risk and not episode.warned
    return Judged(
        customer_id=facts.customer_id,
        basis=means.basis,
        model_version=means.model_version,
        verdict=verdict,
        placement=placement,
        driver=risk.driver,
        reasons=risk.reasons,
        episode=scores.Episode(at_risk=episode.at_risk, warned=episode.warned or warn),
        before=before,
        warn=warn,
        change=scores.changed(before.published, verdict, thresholds),
    )


def _by_model(
    means: Means, model: Model, customers: Sequence[Facts], folds: Mapping[UUID, int]
) -> list[_Risk]:
    day = means.as_of.date()
    records = [features.record(facts, day) for facts in customers]
    scored = model.score(records, [folds.get(facts.customer_id, FULL) for facts in customers])
    names = model.specification.names
    return [
        _risk(float(probability), names, row[:-1].tolist(), record, facts)
        for probability, row, record, facts in zip(
            scored.probabilities, scored.contributions, records, customers, strict=True
        )
    ]


def _by_rules(means: Means, customers: Sequence[Facts]) -> list[_Risk]:
    day = means.as_of.date()
    high_fee = means.arpu_cuts[-1] if means.arpu_cuts else None
    found: list[_Risk] = []
    for facts in customers:
        judged = rules.judge(facts, day, high_fee)
        record = features.record(facts, day) | rules.readings(facts, day)
        names, points = tuple(judged.points), tuple(judged.points.values())
        found.append(_risk(judged.probability, names, points, record, facts))
    return found


def _risk(
    probability: float, names: Sequence[str], contributions: Sequence[float], record: Record, facts: Facts
) -> _Risk:
    complaints = facts.activity.complaints if facts.activity else 0
    driver = reasons.leading(reasons.drivers(names, contributions), complaints)
    return _Risk(round(probability, 6), driver, reasons.explain(names, contributions, record))
