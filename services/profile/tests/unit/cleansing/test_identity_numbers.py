from datetime import date

import pytest
from careloop_profile.identifiers.policy import Reason, holder_of, normalise_identity_number
from careloop_profile.identifiers.policy.divisions import PREFECTURES, PROVINCES
from careloop_profile.identifiers.policy.identity_number import check_digit
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 1, 1)
GOOD = "11010519491231002X"


def read(raw):
    return normalise_identity_number(raw, TODAY)


@pytest.mark.parametrize(
    "raw",
    [
        GOOD,
        GOOD.lower(),
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105-19491231-002x",
    ],
)
def test_a_number_is_known_in_the_spellings_people_use(raw):
    assert (read(raw).value, read(raw).rules, read(raw).flags) == (GOOD, (), ())


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", Reason.EMPTY),
        ("无", Reason.PLACEHOLDER),
        ("111111111111111111", Reason.PLACEHOLDER),
        ("110105194912310", Reason.BIRTH_DATE),
        ("1101051949123100", Reason.TOO_SHORT),
        ("110105194912310020X", Reason.TOO_LONG),
        ("护照E12345678", Reason.LETTERS),
        ("110105194912310021", Reason.CHECK_DIGIT),
        ("110105194913310023", Reason.BIRTH_DATE),
        ("110105202701010025", Reason.BIRTH_DATE),
        ("990105194912310025", Reason.UNASSIGNED),
    ],
)
def test_what_is_no_number_says_why(raw, reason):
    body = raw[:17]
    if reason in {Reason.BIRTH_DATE, Reason.UNASSIGNED} and len(raw) == 18:
        raw = body + check_digit(body)
    assert (read(raw).value, read(raw).reason) == (None, reason)


def test_an_old_number_gets_century_and_check_digit():
    assert (read("110105491231002").value, read("110105491231002").rules) == (GOOD, ("from_15_digits",))


def test_letters_that_look_like_digits_are_repaired_since_the_check_digit_confirms_it():
    outcome = read("11O105I949123l002X")
    assert (outcome.value, outcome.rules, outcome.confidence) == (GOOD, ("letters_for_digits",), 0.9995)
    assert read("11O105I949123l0021").value is None


def test_swapped_digits_are_refused_with_a_suggestion_and_never_repaired():
    outcome = read("11010519491230102X")
    assert (outcome.value, outcome.reason, outcome.suggestion) == (None, Reason.CHECK_DIGIT, GOOD)
    assert outcome.confidence < 0.999


def test_a_region_that_never_was_is_pointed_at_and_a_former_one_is_not():
    never, former = (body + check_digit(body) for body in ("11990519491231002", "51022119491231002"))
    assert (read(never).value, read(never).flags) == (never, ("unknown_region",))
    assert read(former).flags == ()


def test_permanent_residents_from_abroad_have_numbers_too():
    body = "93184019800101123"
    assert read(body + check_digit(body)).value
    assert read("998" + body[3:] + check_digit("998" + body[3:])).reason == Reason.UNASSIGNED


def test_a_number_tells_province_birth_date_and_sex():
    holder = holder_of(GOOD)
    assert holder is not None
    assert (holder.province, holder.born_on, holder.male) == ("北京市", date(1949, 12, 31), False)
    assert holder_of("something else") is None


@given(st.integers(0, 16), st.integers(0, 9))
def test_every_single_wrong_digit_is_noticed(place, digit):
    wrong = GOOD[:place] + str(digit) + GOOD[place + 1 :]
    assert (read(wrong).value == GOOD) == (wrong == GOOD)


@given(st.text(max_size=25))
def test_every_text_is_either_a_number_or_refused(raw):
    outcome = read(raw)
    assert (outcome.value is None) != (outcome.reason is None)
    assert outcome.value is None or read(outcome.value).value == outcome.value


def test_the_table_has_every_province_and_prefecture():
    assert (len(PROVINCES), len(PREFECTURES)) == (34, 333)
    assert len({place.name for place in PREFECTURES}) == 333
