from careloop_scoring.rfm.policy import NAMES, Segment
from careloop_scoring.scores.models import Score
from careloop_scoring.scores.schemas import ScoreView


def score(row: Score) -> ScoreView:
    return ScoreView.model_validate(
        row.model_dump(exclude={"published", "probability", "band"})
        | {"churn_probability": row.probability, "churn_band": row.band, "rfm": _rfm(row)}
    )


def _rfm(row: Score) -> dict[str, object] | None:
    if row.rfm_segment is None:
        return None
    name, name_zh = NAMES[Segment(row.rfm_segment)]
    return {
        "segment": row.rfm_segment,
        "name": name,
        "name_zh": name_zh,
        "basis": row.rfm_basis,
        "recency": row.rfm_recency,
        "frequency": row.rfm_frequency,
        "monetary": row.rfm_monetary,
    }
