"""The 7,043 real customers, from the replica to their scores. The file is not part of the repository."""

import csv
import os
import re
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest
from careloop_scoring.customers.policy import Facts, Subscription

FOLDER = Path(os.environ.get("CARELOOP_DATA", Path(__file__).resolve().parents[4] / ".." / "shared" / "data"))
FILE = FOLDER / "telco_ibm_7043.csv"
ELSEWHERE = {"customerID", "Contract", "MonthlyCharges", "TotalCharges", "tenure", "Churn"}


def _facts(row: dict[str, str]) -> Facts:
    attributes = {
        re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): row[name] for name in row.keys() - ELSEWHERE
    }
    total = row["TotalCharges"].strip()
    return Facts(
        customer_id=uuid5(NAMESPACE_URL, row["customerID"]),
        status="left" if row["Churn"] == "Yes" else "active",
        subscriptions=(
            Subscription("telco", monthly_fee=float(row["MonthlyCharges"]), contract=row["Contract"]),
        ),
        attributes=attributes
        | {"tenure_months": float(row["tenure"]), "total_charges": float(total) if total else None},
    )


class TestRealCustomers:
    @pytest.fixture
    def settings_overrides(self) -> dict[str, object]:
        return {"run_daily_at": None}

    @pytest.mark.skipif(not FILE.is_file(), reason=f"{FILE.name} is not in CARELOOP_DATA ({FOLDER})")
    async def test_a_run_reaches_the_published_figures(self, remember, run) -> None:
        with FILE.open(encoding="utf-8", newline="") as file:
            await remember([_facts(row) for row in csv.DictReader(file)])
        found = await run()
        metrics = found["metrics"]
        assert found["progress"] == {"done": 5174, "total": 5174}
        assert metrics["auc"] >= 0.847
        assert metrics["auc"] > metrics["baseline_auc"]
        assert metrics["average_precision"] >= 0.66
        assert metrics["brier"] <= 0.135
        assert metrics["calibration_error"] <= 0.02
        assert metrics["training_seconds"] + metrics["scoring_seconds"] < 60
