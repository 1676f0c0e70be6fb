from datetime import datetime
from uuid import UUID

from careloop_contracts import ScoreChangedV1, ScoreWarningRaisedV1
from careloop_contracts.score import Reason, ScoreState

from careloop_scoring.scores.policy import Judged, Verdict


def changed(judged: Judged, run_id: UUID) -> ScoreChangedV1:
    previous = judged.before.published
    return ScoreChangedV1(
        customer_id=judged.customer_id,
        run_id=run_id,
        model_version=judged.model_version,
        reasons=_reasons(judged),
        previous=_state(previous) if previous else None,
        **dict(_state(judged.verdict)),
    )


def warning_raised(judged: Judged, run_id: UUID, now: datetime) -> ScoreWarningRaisedV1:
    state = _state(judged.verdict)
    return ScoreWarningRaisedV1(
        customer_id=judged.customer_id,
        run_id=run_id,
        churn_probability=state.churn_probability,
        tier=state.tier,
        rfm_segment=state.rfm_segment,
        driver=judged.driver,
        reasons=_reasons(judged),
        raised_at=now,
    )


def _state(verdict: Verdict) -> ScoreState:
    return ScoreState.model_validate(
        {
            "churn_probability": verdict.probability,
            "churn_band": verdict.band,
            "rfm_segment": verdict.rfm_segment,
            "tier": verdict.tier,
        }
    )


def _reasons(judged: Judged) -> tuple[Reason, ...]:
    return tuple(
        Reason(feature=one.feature, label=one.label, contribution=one.contribution, driver=one.driver)
        for one in judged.reasons
    )
