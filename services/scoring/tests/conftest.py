import math
import random
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from careloop_scoring.customers.policy import Facts, Subscription, Value

AS_OF = date(2025, 6, 30)


@pytest.fixture(scope="session")
def as_of() -> date:
    return AS_OF


@pytest.fixture(scope="session")
def make_facts() -> Callable[..., Facts]:
    """`make_facts(7, monthly_fee=…, contract=…, tenure=…, **facts)`: an active customer with one subscription."""

    def make(
        number: int = 1,
        *,
        monthly_fee: float | None = 50.0,
        contract: str | None = "Month-to-month",
        tenure: float | None = 12.0,
        **facts: Any,
    ) -> Facts:
        attributes: dict[str, Value] = {"tenure_months": tenure} | facts.pop("attributes", {})
        given = {
            "customer_id": UUID(int=number),
            "status": "active",
            "subscriptions": (Subscription("mobile", monthly_fee=monthly_fee, contract=contract),),
            "attributes": attributes,
        }
        return Facts(**(given | facts))

    return make


@pytest.fixture(scope="session")
def make_population(make_facts: Callable[..., Facts]) -> Callable[..., list[Facts]]:
    """Customers whose leaving depends on contract, tenure, fee and support, with noise on top."""

    def make(count: int, *, seed: int = 1) -> list[Facts]:
        dice = random.Random(seed)
        found = []
        for number in range(1, count + 1):
            contract = dice.choice(["Month-to-month", "One year", "Two year"])
            tenure = float(dice.randint(0, 72))
            fee = round(dice.uniform(20, 120), 2)
            support = dice.choice(["Yes", "No"])
            odds = (
                -1.2 + {"Month-to-month": 1.6, "One year": -0.6, "Two year": -1.6}[contract]
                - 0.03 * tenure + 0.012 * fee + (0.5 if support == "No" else -0.3)
            )  # fmt: skip
            left = dice.random() < 1 / (1 + math.exp(-odds))
            found.append(
                make_facts(
                    number,
                    monthly_fee=fee,
                    contract=contract,
                    tenure=tenure,
                    status="left" if left else "active",
                    attributes={
                        "tech_support": support,
                        "senior": dice.random() < 0.2,
                        "noise": round(dice.gauss(0, 1), 4),
                        "total_charges": None if tenure == 0 else round(tenure * fee, 2),
                    },
                )
            )
        return found

    return make
