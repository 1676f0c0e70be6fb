import pytest
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.identifiers.policy import (
    Reason,
    clean,
    is_placeholder,
    normalise_email,
    normalise_phone,
    tidy,
)
from hypothesis import given
from hypothesis import strategies as st

PHONES = {
    "13801234567": "+8613801234567",
    "+86 138 0123 4567": "+8613801234567",
    "0086-138-0123-4567": "+8613801234567",
    "86 13801234567": "+8613801234567",
    "(138) 0123-4567": "+8613801234567",
    "１３８０１２３４５６７": "+8613801234567",
    "\u200b138\u00a00123\u20114567\ufeff": "+8613801234567",
    "13801234567.0": "+8613801234567",
    "010-62345678": "+861062345678",
    "(0755) 8612 3456": "+8675586123456",
    "021-62345678 转 801": "+862162345678",
    "+1 202 456 1111": "+12024561111",
    "0044 20 7946 0018": "+442079460018",
    "+852 2123 4567": "+85221234567",
}


@pytest.mark.parametrize("raw", PHONES)
def test_phone_numbers_in_the_spellings_people_use(raw):
    assert normalise_phone(raw).value == PHONES[raw]


NO_PHONES = {
    "": Reason.EMPTY,
    "  \u200b": Reason.EMPTY,
    "无": Reason.PLACEHOLDER,
    "N/A": Reason.PLACEHOLDER,
    "13800138000": Reason.PLACEHOLDER,
    "11111111111": Reason.PLACEHOLDER,
    "13333333333": Reason.PLACEHOLDER,
    "0000000": Reason.PLACEHOLDER,
    "12345678901": Reason.PLACEHOLDER,
    "9876543210": Reason.PLACEHOLDER,
    "1.38012E+10": Reason.SCIENTIFIC_NOTATION,
    "13801234567; 13901234567": Reason.SEVERAL_VALUES,
    "13801234567、13901234567": Reason.SEVERAL_VALUES,
    "call Zhang": Reason.LETTERS,
    "12580": Reason.TOO_SHORT,
    "1380123456789012345678": Reason.TOO_LONG,
    "12001234567": Reason.UNASSIGNED,
}


@pytest.mark.parametrize("raw", NO_PHONES)
def test_what_is_no_phone_number_says_why(raw):
    outcome = normalise_phone(raw)
    assert (outcome.value, outcome.reason) == (None, NO_PHONES[raw])


def test_a_number_without_a_country_code_is_read_by_the_region():
    assert normalise_phone("(202) 456-1111", "US").value == "+12024561111"


MOBILES = st.integers(13_000_000_000, 19_999_999_999).map(str)
PUNCTUATION = st.sampled_from(["", " ", "-", ".", "\u00a0", "\u200b", "\u2011", "(", ")"])


@given(MOBILES, st.lists(PUNCTUATION, min_size=11, max_size=11), st.sampled_from(["", "+86", "0086", "86 "]))
def test_punctuation_and_country_code_make_no_difference(number, marks, prefix):
    spelt = prefix + "".join(digit + mark for digit, mark in zip(number, marks, strict=True))
    assert normalise_phone(spelt).value == normalise_phone(number).value


@given(st.text(max_size=40))
def test_every_text_is_either_a_number_or_refused(raw):
    outcome = normalise_phone(raw)
    assert (outcome.value is None) != (outcome.reason is None)
    if outcome.value:
        assert normalise_phone(outcome.value).value == outcome.value


EMAILS = {
    "Zhang.Wei@Example.com.cn": "zhang.wei@example.com.cn",
    " zhang＠qq．com ": "zhang@qq.com",
    "zhang@qq。com": "zhang@qq.com",
    "mailto:li@163.com": "li@163.com",
    "<li@163.com>": "li@163.com",
    "a.b+c@mail.example.cn": "a.b+c@mail.example.cn",
    "wang@例子.中国": "wang@xn--fsqu00a.xn--fiqs8s",
}


@pytest.mark.parametrize("raw", EMAILS)
def test_email_addresses_in_the_spellings_people_use(raw):
    assert normalise_email(raw).value == EMAILS[raw]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", Reason.EMPTY),
        ("无", Reason.PLACEHOLDER),
        ("test@test.com", Reason.PLACEHOLDER),
        ("someone@example.com", Reason.PLACEHOLDER),
        ("none@none.cn", Reason.PLACEHOLDER),
        ("zhang", Reason.SYNTAX),
        ("zhang@", Reason.SYNTAX),
        ("zhang@localhost", Reason.SYNTAX),
        (".zhang@qq.com", Reason.SYNTAX),
        ("a@qq.com; b@qq.com", Reason.SEVERAL_VALUES),
        ("x" * 65 + "@qq.com", Reason.TOO_LONG),
    ],
)
def test_what_is_no_email_address_says_why(raw, reason):
    assert normalise_email(raw).reason == reason


def test_only_misspellings_that_nobody_owns_are_repaired():
    assert normalise_email("li@gmial.com").value == "li@gmail.com"
    assert normalise_email("li@gmial.com").repaired
    assert normalise_email("li@gmail.co").value == "li@gmail.co"


@given(st.text(max_size=60))
def test_every_text_is_either_an_address_or_refused(raw):
    outcome = normalise_email(raw)
    assert (outcome.value is None) != (outcome.reason is None)
    if outcome.value:
        assert normalise_email(outcome.value).value == outcome.value


@given(st.text())
def test_cleaning_twice_is_cleaning_once_and_leaves_no_controls(raw):
    assert clean(clean(raw)) == clean(raw)
    assert tidy(tidy(raw)) == tidy(raw)
    assert all(character.isprintable() or not character.isascii() for character in tidy(raw))


def test_placeholders_are_known_in_any_case():
    assert is_placeholder("NULL")
    assert is_placeholder("Unknown")
    assert not is_placeholder("Nullarbor")


def test_the_id_of_a_source_key_is_stable_and_does_not_mix_sources():
    assert customer_id_of("crm", "7") == customer_id_of("crm", "7")
    assert customer_id_of("crm", "7") != customer_id_of("erp", "7")
    assert customer_id_of("a:b", "c") != customer_id_of("a", "b:c")
