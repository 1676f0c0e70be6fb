from importlib import resources
from itertools import product

import pytest
import yaml
from careloop_scoring.customers.policy import Subscription
from careloop_scoring.tiers import policy
from careloop_scoring.tiers.errors import TierTableInvalid
from careloop_scoring.tiers.policy import RANK, RISK, Tier
from hypothesis import given
from hypothesis import strategies as st

RAW = yaml.safe_load(
    resources.files("careloop_scoring.tiers").joinpath("default_table.yaml").read_text("utf-8")
)
TABLE = policy.parse(RAW)
LOW, MIDDLE, HIGH = "low", "middle", "high"

# arpu, need, loyalty -> tier while the risk is not high
EXPECTED = {
    (HIGH, LOW, LOW): "potential", (HIGH, LOW, MIDDLE): "strategic", (HIGH, LOW, HIGH): "strategic",
    (HIGH, MIDDLE, LOW): "potential", (HIGH, MIDDLE, MIDDLE): "strategic", (HIGH, MIDDLE, HIGH): "strategic",
    (HIGH, HIGH, LOW): "potential", (HIGH, HIGH, MIDDLE): "strategic", (HIGH, HIGH, HIGH): "strategic",
    (MIDDLE, LOW, LOW): "mass", (MIDDLE, LOW, MIDDLE): "mass", (MIDDLE, LOW, HIGH): "mass",
    (MIDDLE, MIDDLE, LOW): "potential", (MIDDLE, MIDDLE, MIDDLE): "potential", (MIDDLE, MIDDLE, HIGH): "potential",
    (MIDDLE, HIGH, LOW): "potential", (MIDDLE, HIGH, MIDDLE): "potential", (MIDDLE, HIGH, HIGH): "strategic",
    (LOW, LOW, LOW): "mass", (LOW, LOW, MIDDLE): "mass", (LOW, LOW, HIGH): "mass",
    (LOW, MIDDLE, LOW): "mass", (LOW, MIDDLE, MIDDLE): "mass", (LOW, MIDDLE, HIGH): "mass",
    (LOW, HIGH, LOW): "potential", (LOW, HIGH, MIDDLE): "potential", (LOW, HIGH, HIGH): "potential",
}  # fmt: skip


@pytest.mark.parametrize(("levels", "risk"), list(product(EXPECTED, RISK)))
def test_every_case_of_the_shipped_table(levels: tuple[str, str, str], risk: str) -> None:
    case = dict(zip(("arpu", "need", "loyalty"), levels, strict=True)) | {"risk": risk}
    assert TABLE.decide(case) == ("warning" if risk == "high" else EXPECTED[levels])


def test_the_expectations_are_all_cases() -> None:
    assert len(list(TABLE.cases())) == len(EXPECTED) * len(RISK) == 81


@given(
    *(st.floats(0, 200) for _ in range(3)),
    st.sampled_from(RISK),
    st.sampled_from(["arpu", "need", "loyalty"]),
)
def test_being_worth_more_never_lowers_the_tier(
    arpu: float, need: float, loyalty: float, risk: str, name: str
) -> None:
    values = {"arpu": arpu, "need": need, "loyalty": loyalty}
    more = policy.Standing(**(values | {name: values[name] * 2 + 1}))
    cuts = (40.0, 90.0)
    before = TABLE.decide(policy.Standing(**values).levels(TABLE, cuts, risk))
    assert RANK[TABLE.decide(more.levels(TABLE, cuts, risk))] >= RANK[before]


@given(*(st.floats(0, 200) for _ in range(3)))
def test_more_risk_never_raises_the_tier(arpu: float, need: float, loyalty: float) -> None:
    standing = policy.Standing(arpu, need, loyalty)
    ranks = [RANK[TABLE.decide(standing.levels(TABLE, (40.0, 90.0), risk))] for risk in RISK]
    assert ranks == sorted(ranks, reverse=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rules": RAW["rules"][:-1]}, "no rule for"),
        ({"rules": [*RAW["rules"], {"when": {}, "tier": "mass"}]}, "rule 8 can never apply"),
        (
            {"rules": [{"when": {"arpu": ["high"]}, "tier": "mass"}, {"when": {}, "tier": "potential"}]},
            "placed lower",
        ),
        (
            {"rules": [{"when": {"arpu": ["huge"]}, "tier": "mass"}, {"when": {}, "tier": "mass"}]},
            "unknown measure",
        ),
        ({"levels": RAW["levels"] | {"need": {"names": ["low", "high"], "cuts": []}}}, "one level more"),
        ({"levels": RAW["levels"] | {"need": {"names": ["a", "b", "c"], "cuts": [5, 2]}}}, "cuts must rise"),
        ({"levels": RAW["levels"] | {"arpu": RAW["levels"]["arpu"] | {"cuts": [0.5, 80]}}}, "shares between"),
        ({"levels": {}}, "unreadable"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(TierTableInvalid, match=said):
        policy.parse(RAW | change)


def test_standing_reads_fee_services_and_promises(make_facts, as_of) -> None:
    facts = make_facts(
        contract="Two year",
        tenure=10.0,
        devices=1,
        subscriptions=(Subscription("a", contract="Two year"), Subscription("b")),
        attributes={
            "tech_support": "Yes",
            "online_backup": "No",
            "streaming_tv": "No internet service",
            "gender": "F",
        },
    )
    assert policy.standing(facts, as_of, 42.0) == policy.Standing(arpu=42.0, need=4.0, loyalty=22.0)


def test_tiers_are_those_of_the_contract() -> None:
    assert [tier.value for tier in Tier] == ["strategic", "potential", "mass", "warning"]
