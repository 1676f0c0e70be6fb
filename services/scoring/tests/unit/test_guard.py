import numpy as np
import pytest
from careloop_scoring.churn import features, guard


@pytest.mark.parametrize(
    "name",
    [
        "status",
        "left_on",
        "churned",
        "churn_score",
        "Churn",
        "tier",
        "cancelled_at",
        "care_flag_win_back",
        "ended_on",
    ],
)
def test_fields_of_leaving_are_known_by_name(name: str) -> None:
    assert guard.forbidden(name)


@pytest.mark.parametrize(
    "name", ["marital_status", "contract", "tenure_months", "leftover_data", "data_left_mb_share"]
)
def test_other_names_pass_or_name_what_is_left(name: str) -> None:
    assert guard.forbidden(name) is (name == "data_left_mb_share")


def test_a_field_that_tells_the_label_under_another_name_is_left_out() -> None:
    labels = np.array([0, 1] * 100)
    records = [
        {
            "goodbye_gift": "yes" if left else "no",
            "fee": float(i % 17),
            "survey": None if left else float(i % 9),
        }
        for i, left in enumerate(labels)
    ]
    spec = features.observe(records)
    found = guard.leaks(spec, features.encode(spec, records), labels)
    assert set(found) == {"goodbye_gift", "survey"}


def test_a_field_that_one_source_of_many_leaves_out_for_its_leavers_is_left_out() -> None:
    labels = np.array([0, 0, 0, 1] * 100)
    records = [
        {"fee": float(i % 17), "months": None if left and i % 8 == 3 else float(i % 9)}
        for i, left in enumerate(labels)
    ]
    spec = features.observe(records)
    found = guard.leaks(spec, features.encode(spec, records), labels)
    assert found == {"months": "missing of leavers only"}
