"""Churn on the IBM telco file: five-fold figures of the model beside its baseline and the published ones.

    python tests/bench/churn_auc.py [FILE] [--seeds N]

Ends with status 1 when the mean AUC over the seeds is below the target.
"""

import argparse
import csv
import re
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from careloop_scoring.churn import features, training
from careloop_scoring.churn.evaluation import Report
from careloop_scoring.customers.policy import Facts, Subscription, Value

DEFAULT = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "telco_ibm_7043.csv"
AS_OF = date(2025, 1, 1)
TARGET = 0.847
PUBLISHED = ("published, leak-free", "0.8460 - 0.8470", "0.668", "-", "-", "-")
NOT_ATTRIBUTES = {"customerID", "Contract", "MonthlyCharges", "Churn", "tenure", "TotalCharges"}


def customers(path: Path) -> Iterator[Facts]:
    """The facts that an import of this file delivers."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            attributes: dict[str, Value] = {
                snake_case(name): value for name, value in row.items() if name not in NOT_ATTRIBUTES
            }
            attributes["tenure_months"] = float(row["tenure"])
            attributes["total_charges"] = float(row["TotalCharges"]) if row["TotalCharges"].strip() else None
            yield Facts(
                customer_id=uuid5(NAMESPACE_URL, row["customerID"]),
                status="left" if row["Churn"] == "Yes" else "active",
                attributes=attributes,
                subscriptions=(
                    Subscription("telco", monthly_fee=float(row["MonthlyCharges"]), contract=row["Contract"]),
                ),
            )


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    if not given.file.is_file():
        print(f"churn_auc: {given.file} is absent, nothing measured")
        return 0
    facts = list(customers(given.file))
    keys = [str(one.customer_id) for one in facts]
    records = [features.record(one, AS_OF) for one in facts]
    labels = [int(one.left) for one in facts]
    print(
        f"{len(facts)} customers, {sum(labels)} left; {training.FOLDS} stratified folds, {given.seeds} seeds\n"
    )
    table("", ("AUC", "AP", "Brier", "ECE", "lift@10%"))
    models: list[Report] = []
    baselines: list[Report] = []
    for seed in range(given.seeds):
        began = time.perf_counter()
        trained = training.train(keys, records, labels, seed=seed)
        seconds = time.perf_counter() - began
        models.append(trained.report)
        baselines.append(trained.baseline)
        table(f"model, seed {seed} ({seconds:.1f} s)", figures([trained.report]))
    table("model, mean", figures(models))
    table("plain logistic, mean", figures(baselines))
    table(PUBLISHED[0], PUBLISHED[1:])
    mean = statistics.fmean(one.auc for one in models)
    print(f"\ntarget {TARGET}: {'met' if mean >= TARGET else 'MISSED'} with {mean:.4f}")
    return 0 if mean >= TARGET else 1


def figures(reports: list[Report]) -> tuple[str, ...]:
    def mean(name: str) -> float:
        return statistics.fmean(getattr(report, name) for report in reports)

    return (
        f"{mean('auc'):.4f} ± {mean('auc_sd'):.4f}",
        f"{mean('average_precision'):.3f}",
        f"{mean('brier'):.4f}",
        f"{mean('calibration_error'):.4f}",
        f"{mean('top_decile_lift'):.2f}",
    )


def table(title: str, cells: tuple[str, ...]) -> None:
    widths = (17, 7, 8, 8, 9)
    print(f"{title:28}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
