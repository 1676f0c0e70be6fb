from careloop_profile.reconciliation.models import FindingRow, RunRow
from careloop_profile.reconciliation.schemas import LinkageFindingView, LinkageRunView


def run_view(row: RunRow) -> LinkageRunView:
    return LinkageRunView.model_validate(
        {**row.model_dump(), "run_id": row.id, "missed_online": row.missed, "missed_share": row.missed_share}
    )


def finding_view(row: FindingRow) -> LinkageFindingView:
    return LinkageFindingView.model_validate({**row.model_dump(), "finding_id": row.id})
