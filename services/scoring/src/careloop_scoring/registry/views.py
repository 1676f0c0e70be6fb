from careloop_scoring.registry.models import ScoringModel
from careloop_scoring.registry.schemas import ModelView, ReportView


def model(row: ScoringModel) -> ModelView:
    figures = {
        "version": row.version,
        "rows": row.card["rows"],
        "leavers": row.card["leavers"],
        "auc": row.card["model"]["auc"],
        "baseline_auc": row.card["baseline"]["auc"],
    }
    return ModelView.model_validate(row.model_dump(exclude={"card"}) | figures)


def report(row: ScoringModel) -> ReportView:
    about = {"model_id": row.id, "version": row.version, "state": row.state, "verdict": row.verdict}
    return ReportView.model_validate(row.card | about)
