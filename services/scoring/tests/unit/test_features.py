from datetime import date, timedelta

import numpy as np
import pytest
from careloop_scoring.churn import features
from careloop_scoring.churn.features import Feature, Kind, Specification
from careloop_scoring.customers.policy import Subscription
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.one_of(st.none(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=8))
SPEC = Specification(
    (Feature("colour", Kind.CATEGORY, ("blue", "red")), Feature("size", Kind.NUMERIC)),
    (("id", "identifier"),),
)


def test_a_specification_survives_json() -> None:
    assert Specification.from_json(SPEC.to_json()) == SPEC


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["a", "b", "care_flag_x"]), VALUES, max_size=3),
        min_size=1,
        max_size=40,
    )
)
def test_what_is_observed_survives_json_and_encodes_what_it_was_observed_on(
    records: list[dict[str, features.Value]],
) -> None:
    spec = features.observe(records)
    again = Specification.from_json(spec.to_json())
    assert again == spec
    np.testing.assert_array_equal(features.encode(again, records), features.encode(spec, records))


def test_unknown_categories_share_a_bucket_and_missing_values_stay_missing() -> None:
    rows = [{"colour": " RED "}, {"colour": "green"}, {"colour": "mauve"}, {"colour": ""}, {}]
    column = features.encode(SPEC, rows)[:, 0]
    assert column[:3].tolist() == [1.0, 2.0, 2.0]
    assert np.isnan(column[3:]).all()


def test_a_number_in_words_is_missing_and_a_number_as_text_is_a_number() -> None:
    column = features.encode(SPEC, [{"size": "29.85"}, {"size": "large"}, {"size": True}, {"size": "inf"}])[
        :, 1
    ]
    assert column[0] == 29.85
    assert np.isnan(column[1])
    assert column[2] == 1.0
    assert np.isnan(column[3])


def test_columns_are_typed_by_their_values() -> None:
    records = [
        {
            "fee": str(i / 2),
            "plan": "AB"[i % 2],
            "number": f"C-{i}",
            "same": "x",
            "blank": " ",
            "end": f"2025-01-0{i % 9 + 1}",
        }
        for i in range(80)
    ]
    spec = features.observe(records)
    assert {f.name: f.kind for f in spec.features} == {"fee": Kind.NUMERIC, "plan": Kind.CATEGORY}
    assert dict(spec.dropped) == {"number": "identifier", "same": "constant", "blank": "empty", "end": "date"}


def test_an_absent_care_flag_is_no_missing_value() -> None:
    records = [{"care_flag_elderly": True}, {}] * 20
    spec = features.observe(records)
    assert features.encode(spec, records)[:2, 0].tolist() == [1.0, 0.0]


def test_the_subscription_speaks_for_fee_and_contract(make_facts, as_of: date) -> None:
    facts = make_facts(
        monthly_fee=30.0, contract="One year", attributes={"monthly_fee": 99.0, "plan_name": "X"}
    )
    record = features.record(facts, as_of)
    assert (record["monthly_fee"], record["contract"], record["plan_name"]) == (30.0, "One year", "X")


@pytest.mark.parametrize("ended_on", [None, date(2025, 3, 1)])
def test_a_leavers_record_shows_what_he_had(make_facts, as_of: date, ended_on: date | None) -> None:
    had = Subscription("mobile", "ended", 40.0, "One year", date(2023, 3, 1), ended_on)
    facts = make_facts(
        tenure=None, status="left", joined_on=date(2023, 3, 1), left_on=date(2025, 3, 2), subscriptions=(had,)
    )
    record = features.record(facts, as_of)
    assert (record["subscriptions"], record["monthly_fee"], record["tenure_months"]) == (1.0, 40.0, 24.0)


@pytest.mark.parametrize(
    ("told", "tenure"), [({}, 24.0), ({"tenure_months": "7"}, "7"), ({"tenure_months": "?"}, 24.0)]
)
def test_the_tenure_of_the_file_counts_and_else_that_from_dates(
    make_facts, as_of: date, told, tenure
) -> None:
    facts = make_facts(tenure=None, joined_on=as_of - timedelta(days=731), attributes=told)
    assert features.record(facts, as_of)["tenure_months"] == tenure
