"""The last step of the fallback ladder: a risk by rule, for when there is no model.

Points are log-odds on top of a base; they order customers by what telecom data agree on (commitment, tenure, complaints,
a high fee) and are not fitted to anybody's customers.
"""

import math
from dataclasses import dataclass
from datetime import date

from careloop_scoring.customers.policy import (
    Facts,
    Value,
    contract_months,
    longest_contract,
    monthly_fee,
    tenure_months,
)

BASE = -1.4
LOWEST, HIGHEST = 0.02, 0.9


@dataclass(frozen=True, slots=True)
class Judged:
    probability: float
    points: dict[str, float]


def judge(facts: Facts, as_of: date, high_fee: float | None) -> Judged:
    """`high_fee` is the fee from which a customer counts as paying much, where that is known."""
    points: dict[str, float] = {}
    contract = longest_contract(facts, as_of)
    if contract is not None and (months := contract_months(contract)) is not None:
        points["contract"] = 0.8 if months == 0 else (-0.6 if months < 24 else -1.2)
    if (tenure := tenure_months(facts, as_of)) is not None:
        points["tenure_months"] = _tenure(tenure)
    complaints = facts.activity.complaints if facts.activity else 0
    if complaints:
        points["complaints"] = 0.6 if complaints < 3 else 1.2
    fee = monthly_fee(facts, as_of)
    if fee is not None and high_fee is not None and fee >= high_fee:
        points["monthly_fee"] = 0.3
    odds = BASE + sum(points.values())
    return Judged(min(HIGHEST, max(LOWEST, 1.0 / (1.0 + math.exp(-odds)))), points)


def _tenure(months: float) -> float:
    if months < 6:
        return 0.8
    if months < 12:
        return 0.4
    return 0.0 if months < 36 else -0.6


def readings(facts: Facts, as_of: date) -> dict[str, Value]:
    """The values that the points stand for, under the names of the points."""
    return {
        "tenure_months": tenure_months(facts, as_of),
        "complaints": float(facts.activity.complaints) if facts.activity else None,
    }
