from datetime import datetime

from careloop_contracts import ScoreRunCompletedV1

from careloop_scoring.runs.models import ScoringRun


def completed(run: ScoringRun, now: datetime) -> ScoreRunCompletedV1:
    return ScoreRunCompletedV1(
        run_id=run.id,
        model_version=run.model_version,
        counts=run.counts,
        metrics=run.metrics,
        completed_at=now,
    )
