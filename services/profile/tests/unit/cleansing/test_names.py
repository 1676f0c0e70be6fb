import pytest
from careloop_profile.identifiers.policy import Reason, comparable_name, normalise_name, split_name
from hypothesis import given
from hypothesis import strategies as st

NAMES = {
    "张伟": "张伟",
    " 张　伟 ": "张伟",
    "欧阳娜娜": "欧阳娜娜",
    "买买提.艾力": "买买提·艾力",
    "买买提・艾力": "买买提·艾力",
    "ＷＡＮＧ　Ｌｉ": "WANG Li",
    "Zhang Wei (张伟)": "Zhang Wei (张伟)",
    "Mary  Ann O'Brien": "Mary Ann O'Brien",
}


@pytest.mark.parametrize("raw", NAMES)
def test_names_in_the_spellings_people_use(raw):
    assert (normalise_name(raw).value, normalise_name(raw).rules) == (NAMES[raw], ())


REPAIRED = {
    "张伟先生": ("张伟", "title"),
    "Mr. John Smith": ("John Smith", "title"),
    "Smith, John": ("John Smith", "order"),
    "O'Brien, Mary Ann": ("Mary Ann O'Brien", "order"),
}


@pytest.mark.parametrize("raw", REPAIRED)
def test_titles_and_order_are_repaired_and_said_to_be(raw):
    outcome = normalise_name(raw)
    assert (outcome.value, outcome.rules) == (REPAIRED[raw][0], (REPAIRED[raw][1],))
    assert comparable_name(raw) == comparable_name(REPAIRED[raw][0])


DOUBTS = {
    "张先生": "family_name_only",
    "欧阳女士": "family_name_only",
    "王": "family_name_only",
    "Mr Smith": "family_name_only",
    "张伟1": "digits",
    "张?伟": "unreadable_characters",
    "张三": "example_name",
    "=HYPERLINK(A)": "formula",
    "John Doe": "example_name",
}


@pytest.mark.parametrize("raw", DOUBTS)
def test_a_doubtful_name_is_kept_as_it_is_and_pointed_at(raw):
    assert (normalise_name(raw).value, normalise_name(raw).flags) == (raw, (DOUBTS[raw],))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", Reason.EMPTY),
        ("无", Reason.PLACEHOLDER),
        ("test", Reason.PLACEHOLDER),
        ("????", Reason.UNREADABLE),
        ("13800001111", Reason.SYNTAX),
    ],
)
def test_what_is_no_name_says_why(raw, reason):
    assert (normalise_name(raw).value, normalise_name(raw).reason) == (None, reason)


def test_what_follows_a_comma_may_be_no_given_name():
    assert normalise_name("King, Jr.").value == "King, Jr."


def test_family_and_given_name_are_told_apart_in_characters_only():
    assert split_name("欧阳娜") == ("欧阳", "娜")
    assert split_name("欧阳") == ("欧", "阳")
    assert split_name("张伟") == ("张", "伟")
    assert split_name("Zhang Wei") is None


@given(st.text(max_size=30))
def test_every_text_is_either_a_name_or_refused_and_stays_what_it_became(raw):
    outcome = normalise_name(raw)
    assert (outcome.value is None) != (outcome.reason is None)
