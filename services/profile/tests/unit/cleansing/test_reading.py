"""What is said about values on their way in: repairs with their lineage, doubts with suggestions, refusals."""

from datetime import date

import pytest
from careloop_profile.cleansing.policy import Setting, contradictions, findings, read
from careloop_profile.identifiers.policy import SURE, Outcome, repair
from careloop_profile.identifiers.policy.typos import one_slip
from hypothesis import given
from hypothesis import strategies as st

SETTING = Setting(date(2026, 1, 1))


def said(field, raw, setting=SETTING):
    return [
        (one.rule, one.action, one.value, one.suggestion)
        for one in findings(field, raw, read(field, raw, setting))
    ]


def test_a_sure_repair_is_made_and_its_lineage_told():
    assert said("email", "li@gmail.con") == [("domain_typo", "auto", "li@gmail.com", None)]
    assert said("phone", "021-62345678 转 801") == [("extension", "auto", "+862162345678", None)]


def test_an_unsure_repair_is_only_suggested():
    assert said("email", "li@gmal.com") == [("domain_typo", "flag", "li@gmal.com", "li@gmail.com")]
    assert said("phone", "1380123456O") == [("letters_for_digits", "flag", None, "+8613801234560")]
    assert said("phone", "51266551234")[0][:2] == ("area_code_without_zero", "flag")


def test_what_has_no_value_needs_somebody_to_ask():
    assert said("email", "zhang") == [("syntax", "manual", None, None)]


def test_what_is_written_well_needs_no_words():
    for field, raw in (("phone", "138 0123 4567"), ("email", "Li@QQ.com"), ("name", "张 伟")):
        assert said(field, raw) == []


def test_role_accounts_and_commas():
    assert said("email", "info@qq.com") == [("role_account", "flag", "info@qq.com", None)]
    assert said("email", "li@163,com") == [("comma_for_dot", "auto", "li@163.com", None)]


@pytest.mark.parametrize(
    "address", ["li@mail.com", "li@qq.cn", "li@139.com", "li@126.com", "li@163.com", "li@ymail.com"]
)
def test_providers_that_are_close_to_others_are_no_slips(address):
    assert said("email", address) == []


def test_the_name_of_a_firm_is_left_alone():
    firm = Setting(SETTING.today, person=False)
    assert read("name", "大华经理", firm).value == "大华经理"
    assert read("name", "无", firm).value is None


def test_nobody_is_born_tomorrow_or_before_anybody_alive():
    assert read("birth_date", "2026-01-02", SETTING).value is None
    assert read("birth_date", "1890-01-02", SETTING).value is None
    assert read("birth_date", "1990年1月2日", SETTING).value == "1990-01-02"


def test_a_birth_date_must_be_that_of_the_identity_number():
    number = "11010519491231002X"
    [found] = contradictions({"identity_number": number, "birth_date": "1949-12-30"})
    assert (found.rule, found.suggestion) == ("not_that_of_identity_number", "1949-12-31")
    assert list(contradictions({"identity_number": number, "birth_date": "1949-12-31"})) == []
    assert list(contradictions({"birth_date": "1949-12-31"})) == []


@given(st.floats(0, 1))
def test_a_repair_is_made_only_above_the_bar(confidence):
    outcome = repair(Outcome("written"), "repaired", "rule", confidence)
    assert outcome.value == ("repaired" if confidence >= SURE else "written")
    assert outcome.suggestion == (None if confidence >= SURE else "repaired")


def distance(one, other):
    """Damerau and Levenshtein's, by the book (optimal string alignment)."""
    rows = [[i + j if not i or not j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            rows[i][j] = min(
                rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (one[i - 1] != other[j - 1])
            )
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_slip_is_a_distance_of_one(one, other):
    assert one_slip(one, other) == (distance(one, other) == 1)
