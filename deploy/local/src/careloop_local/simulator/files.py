"""Simulated operators as files that any import can read."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from careloop_local.simulator.complaints import Complaint
from careloop_local.simulator.customers import Customer
from careloop_local.simulator.interactions import Interaction

CUSTOMER_COLUMNS = (
    "customer_no", "name", "phone", "email", "kind", "region", "language", "joined_on", "left_on", "status", "vip",
    "birth_year", "product", "plan", "monthly_fee", "contract_end", "contract_remaining_days", "devices", "data_gb", "voice_min",
    "late_payments", "complaints_90d", "network_score", "consent_marketing", "consent_care", "do_not_disturb",
)  # fmt: skip
COMPLAINT_COLUMNS = ("number", "customer_no", "channel", "language", "text", "cause", "tier")


def write_customers(path: Path, customers: Sequence[Customer]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, CUSTOMER_COLUMNS)
        writer.writeheader()
        writer.writerows(customer_row(customer) for customer in customers)


def customer_row(customer: Customer) -> dict[str, str]:
    values = {
        column: getattr(customer, column) for column in CUSTOMER_COLUMNS if column not in {"product", "plan"}
    }
    values |= {"product": customer.plan.product, "plan": customer.plan.name}
    return {column: _cell(values[column]) for column in CUSTOMER_COLUMNS}


def write_interactions(path: Path, interactions: Iterable[Interaction]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for interaction in interactions:
            record = asdict(interaction) | {"occurred_at": interaction.occurred_at.isoformat()}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def write_complaints(path: Path, complaints: Iterable[Complaint]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COMPLAINT_COLUMNS)
        writer.writeheader()
        writer.writerows(asdict(complaint) for complaint in complaints)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
