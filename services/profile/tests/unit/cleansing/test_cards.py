import pytest
from careloop_profile.identifiers.policy import Reason, normalise_bank_card, normalise_imei
from careloop_profile.identifiers.policy.cards import luhn
from hypothesis import given
from hypothesis import strategies as st

CARD, IMEI = "6222021234567890128", "490154203237518"


def test_cards_and_devices_are_known_in_the_spellings_people_use():
    assert normalise_bank_card("6222 0212 3456 7890 128").value == CARD
    assert normalise_bank_card("６２２２-0212-3456-7890-128").value == CARD
    assert normalise_imei("49-015420-323751-8").value == IMEI


@pytest.mark.parametrize(
    ("read", "raw", "reason"),
    [
        (normalise_bank_card, "", Reason.EMPTY),
        (normalise_bank_card, "无", Reason.PLACEHOLDER),
        (normalise_bank_card, "6222222222222222", Reason.CHECK_DIGIT),
        (normalise_bank_card, "4444444444444444", Reason.PLACEHOLDER),
        (normalise_bank_card, "6.22202E+18", Reason.SCIENTIFIC_NOTATION),
        (normalise_bank_card, "card 6222", Reason.LETTERS),
        (normalise_bank_card, "62220212345", Reason.TOO_SHORT),
        (normalise_bank_card, "9222021234567890128", Reason.UNASSIGNED),
        (normalise_imei, IMEI + "1", Reason.TOO_LONG),
        (normalise_imei, "490154203237519", Reason.CHECK_DIGIT),
    ],
)
def test_what_is_no_number_says_why(read, raw, reason):
    assert (read(raw).value, read(raw).reason) == (None, reason)


@given(st.integers(0, len(CARD) - 1), st.integers(0, 9))
def test_every_single_wrong_digit_is_noticed(place, digit):
    wrong = CARD[:place] + str(digit) + CARD[place + 1 :]
    assert luhn(wrong) == (wrong == CARD)


@given(st.text(max_size=25))
def test_every_text_is_either_a_number_or_refused(raw):
    for outcome in (normalise_bank_card(raw), normalise_imei(raw)):
        assert (outcome.value is None) != (outcome.reason is None)
