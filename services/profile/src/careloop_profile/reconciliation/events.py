from careloop_contracts import CustomerLinkageReconciledV1

from careloop_profile.reconciliation.models import RunRow


def reconciled(row: RunRow) -> CustomerLinkageReconciledV1:
    shown = {name: getattr(row, name, None) for name in CustomerLinkageReconciledV1.model_fields}
    return CustomerLinkageReconciledV1.model_validate(
        {**shown, "run_id": row.id, "missed_online": row.missed}
    )
