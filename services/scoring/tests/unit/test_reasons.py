import pytest
from careloop_scoring.churn import reasons, rules
from careloop_scoring.churn.reasons import Driver
from careloop_scoring.customers.policy import Activity, contract_months


def test_the_strongest_pushes_come_first_in_both_languages() -> None:
    names = ("contract", "monthly_fee", "tech_support", "tenure_months")
    record = {"contract": "Month-to-month", "monthly_fee": 89.5, "tech_support": "", "tenure_months": 3.0}
    found = reasons.explain(names, (0.9, 0.4, 0.2, -0.7), record)
    assert [(one.label, one.label_zh) for one in found] == [
        ("Contract: Month-to-month", "合约：按月"),
        ("Monthly fee: 89.5", "月费：89.5"),
        ("Technical support: unknown", "技术支持：未知"),
    ]


def test_what_lowers_the_risk_is_no_reason() -> None:
    assert reasons.explain(("contract",), (-0.2,), {"contract": "Two year"}) == ()


@pytest.mark.parametrize(
    ("feature", "driver"),
    [
        ("monthly_fee", Driver.PRICE),
        ("complaint_count", Driver.EXPERIENCE),
        ("streaming_tv", Driver.NEED),
        ("avg_latency_ms", Driver.NETWORK),
        ("contract", Driver.OTHER),
        ("shoe_size", Driver.OTHER),
    ],
)
def test_every_feature_belongs_to_a_group(feature: str, driver: Driver) -> None:
    assert reasons.driver_of(feature) is driver


def test_groups_add_up_to_the_contributions() -> None:
    sums = reasons.drivers(("monthly_fee", "price_rise", "contract"), (0.5, -0.2, 1.0))
    assert sums[Driver.PRICE] == pytest.approx(0.3)
    assert sum(sums.values()) == pytest.approx(1.3)


def test_a_driver_needs_a_fair_share_of_the_push() -> None:
    assert reasons.leading({Driver.PRICE: 0.05, Driver.OTHER: 2.0}) is None
    assert reasons.leading({Driver.PRICE: 0.3, Driver.OTHER: 2.0}) is Driver.PRICE
    assert reasons.leading({Driver.PRICE: 0.3, Driver.NEED: 0.3, Driver.NETWORK: 0.3}) is None
    assert reasons.leading({Driver.OTHER: 2.0}) is None
    assert reasons.leading({Driver.PRICE: -1.0}) is None


def test_complaints_decide_for_experience_when_it_is_close() -> None:
    sums = {Driver.PRICE: 1.0, Driver.EXPERIENCE: 0.6}
    assert reasons.leading(sums) is Driver.PRICE
    assert reasons.leading(sums, complaints=1) is Driver.EXPERIENCE


def test_the_rules_order_customers_by_commitment_tenure_and_complaints(make_facts, as_of) -> None:
    def risk(**facts) -> float:
        return rules.judge(make_facts(**facts), as_of, high_fee=80.0).probability

    assert risk(contract="Month-to-month", tenure=2.0) > risk(contract="One year", tenure=2.0)
    assert risk(tenure=2.0) > risk(tenure=60.0)
    assert risk(monthly_fee=90.0) > risk(monthly_fee=40.0)
    assert risk(activity=Activity(complaints=3)) > risk(activity=Activity(complaints=1)) > risk()


@pytest.mark.parametrize(
    ("wording", "months"),
    [
        ("Month-to-month", 0), ("monthly", 0), ("prepaid", 0), ("按月", 0), ("One year", 12), ("Two year", 24),
        ("24 months", 24), ("2-year", 24), ("24", 24), ("两年合约", 24), ("12个月", 12), ("annual", 12), ("gold", None),
    ],
)  # fmt: skip
def test_contract_lengths_are_read_from_their_wording(wording: str, months: int | None) -> None:
    assert contract_months(wording) == months
