import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from careloop_profile.imports.mapping import Mapping, shipped
from careloop_profile.imports.policy.rows import Refused, RowReader, attribute_names
from careloop_profile.imports.policy.values import Setting, Unreadable, as_months_ago, as_number, guess
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

SETTING = Setting(date(2025, 3, 31))
TELCO = """customerID,gender,SeniorCitizen,Partner,Dependents,tenure,PhoneService,MultipleLines,InternetService,\
OnlineSecurity,OnlineBackup,DeviceProtection,TechSupport,StreamingTV,StreamingMovies,Contract,PaperlessBilling,\
PaymentMethod,MonthlyCharges,TotalCharges,Churn
0001-AAAAA,Female,1,Yes,No,13,No,No phone service,DSL,No,Yes,No,No,No,No,Month-to-month,Yes,Electronic check,29.85,388.05,Yes
0002-BBBBB,Male,0,No,No,0,Yes,No,Fiber optic,No,Yes,No,No,No,No,Two year,No,Mailed check,52.55, ,No
"""


def read(mapping, **cells):
    plan = Mapping.model_validate({"source": "s", "key": "id"} | mapping).plan()
    cells = {"id": "1"} | cells
    return RowReader(plan, list(cells), SETTING).read({name: text.strip() for name, text in cells.items()})


def test_the_telco_file_is_read_with_all_its_columns():
    header, *lines = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(TELCO))]
    reader = RowReader(shipped("telco-ibm").plan(), header, SETTING)
    first, second = [reader.read(dict(zip(header, line, strict=True))) for line in lines]
    assert first.external_id == "0001-AAAAA"
    assert (first.facts["status"], first.facts["joined_on"]) == ("left", date(2024, 2, 29))
    assert first.care_flags == ["elderly"]
    assert first.subscription == {
        "product": "internet",
        "plan": "DSL",
        "contract": "Month-to-month",
        "monthly_fee": Decimal("29.85"),
        "currency": "USD",
        "status": "ended",
    }
    assert set(first.attributes) == {
        *("gender", "senior_citizen", "partner", "dependents", "tenure_months", "phone_service"),
        *("multiple_lines", "internet_service", "online_security", "online_backup", "device_protection"),
        *("tech_support", "streaming_tv", "streaming_movies", "paperless_billing", "payment_method"),
        "total_charges",
    }
    assert (first.attributes["gender"], first.attributes["senior_citizen"]) == ("female", True)
    assert ("care", "sms", True) in first.consents
    assert "total_charges" not in second.attributes
    assert second.dropped == []
    assert second.care_flags == []


def test_the_simulator_file_is_read_and_its_other_columns_kept():
    cells = {
        "customer_no": "00000001",
        "name": "张伟",
        "phone": "138 0123 4567",
        "email": "",
        "kind": "household",
        "region": "广东 深圳",
        "language": "zh",
        "joined_on": "2020-01-05",
        "left_on": "2025-03-01",
        "status": "left",
        "vip": "true",
        "birth_year": "1950",
        "product": "fusion",
        "plan": "全家融合159",
        "monthly_fee": "159.0",
        "contract_end": "2025-12-31",
        "devices": "6",
        "consent_marketing": "false",
        "consent_care": "true",
        "do_not_disturb": "true",
    }
    draft = RowReader(shipped("simulator").plan(), list(cells), SETTING).read(cells)
    assert draft.personal == {"name": "张伟", "phone": "+8613801234567"}
    assert draft.facts["declared_devices"] == 6
    assert draft.attributes == {"birth_year": 1950.0, "contract_end": "2025-12-31"}
    assert draft.subscription["status"] == "ended"
    assert draft.do_not_disturb
    consents = {(purpose, granted) for purpose, _, granted in draft.consents}
    assert consents == {("service", True), ("care", True), ("marketing", False)}


def test_what_a_map_does_not_mention_is_refused_or_read_as_the_rest():
    strict = {"fields": [{"column": "s", "to": "status", "map": {"A": "active"}}]}
    with pytest.raises(Refused, match="value_not_mapped"):
        read(strict, s="B")
    rest = {"fields": [{"column": "s", "to": "status", "map": {"A": "active", "*": "prospect"}}]}
    assert read(rest, s="B").facts["status"] == "prospect"


def test_a_wrong_fact_costs_the_row_and_a_wrong_phone_only_itself():
    fields = {"fields": [{"column": "since", "to": "joined_on"}, {"column": "phone", "to": "phone"}]}
    with pytest.raises(Refused, match="not_a_date"):
        read(fields, since="soon", phone="13801234567")
    draft = read(fields, since="2020年1月5日", phone="12580")
    assert draft.facts["joined_on"] == date(2020, 1, 5)
    assert [(complaint.code, complaint.column) for complaint in draft.dropped] == [("too_short", "phone")]


def test_required_values_and_keys_must_be_there():
    with pytest.raises(Refused, match="required_value_missing"):
        read({"fields": [{"column": "n", "to": "name", "required": True}]}, n=" ")
    for key in ("", " ", "NULL", "无"):
        with pytest.raises(Refused, match="key_missing"):
            read({}, id=key)
    assert read({}, id="0").external_id == "0"


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ({"column": "x", "to": "shoe_size"}, "no target"),
        ({"column": "x", "to": "attributes.Größe"}, "no attribute name"),
        ({"column": "x", "to": "subscription.colour"}, "no target"),
        ({"to": "name"}, "either a column or a const"),
        ({"column": "x", "const": 1, "to": "name"}, "either a column or a const"),
        ({"column": "x", "to": "name", "transform": "shout"}, "strip"),
        ({"column": "x", "to": "name", "typo": 1}, "Extra inputs"),
        ({"column": "x", "to": "vip", "transform": "number"}, "needs the transform yes_no"),
        ({"column": "x", "to": "joined_on", "transform": "strip"}, "needs the transform date or months_ago"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_place(field, word):
    with pytest.raises(ValidationError, match=word) as refused:
        Mapping.model_validate({"source": "s", "key": "id", "fields": [{"column": "a", "to": "name"}, field]})
    assert refused.value.errors()[0]["loc"][:2] == ("fields", 1)


def test_columns_that_the_file_lacks_are_named():
    fields = [{"column": "a", "to": "name"}, {"column": "b", "to": "phone", "optional": True}]
    plan = Mapping.model_validate({"source": "s", "key": "id", "fields": fields}).plan()
    assert plan.missing_columns(["x"]) == ["id", "a"]
    assert plan.others(["id", "a", "city"]) == ["city"]


@pytest.mark.parametrize(("text", "value"), [("1,234.50", 1234.5), ("¥99", 99), ("３９元", 39), ("-5", -5)])
def test_numbers_in_the_spellings_files_use(text, value):
    assert as_number(text, SETTING) == value


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "1e400", "12 34"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(Unreadable):
        as_number(text, SETTING)


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(0, 600))
def test_months_ago_is_the_same_day_or_the_last_of_a_shorter_month(today, months):
    found = as_months_ago(str(months), Setting(today))
    assert (today.year - found.year) * 12 + today.month - found.month == months
    assert found.day <= today.day
    assert found.day == today.day or found.day >= 28


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("007", "007"),
        ("7", 7.0),
        ("-1.5", -1.5),
        ("true", True),
        ("13801234567890123", "13801234567890123"),
        ("x", "x"),
        ("--5", "--5"),
        ("-.5", -0.5),
        ("-", "-"),
    ],
)
def test_unmapped_columns_are_guessed_without_losing_digits(text, value):
    assert guess(text) == value


def test_unmapped_columns_get_names_of_their_own():
    header = ["id", "城市", "Monthly Charges (¥)", "等级", "monthly_charges"]
    assert attribute_names(header[1:], header) == {
        "城市": "column_2",
        "Monthly Charges (¥)": "monthly_charges",
        "等级": "column_4",
        "monthly_charges": "monthly_charges_5",
    }
