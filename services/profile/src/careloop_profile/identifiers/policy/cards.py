"""Numbers with Luhn's check digit: bank cards and device identities (IMEI)."""

import re
from typing import Final

from careloop_profile.identifiers.policy.outcome import Outcome, Reason, refused
from careloop_profile.identifiers.policy.text import clean, is_placeholder

_CARD = re.compile(r"[2-6]\d{11,18}", re.ASCII)
_IMEI = re.compile(r"\d{15}", re.ASCII)
_PUNCTUATION = re.compile(r"[\s.\-/_‐‑–—]+")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_DOUBLED[digit] for digit in numbers[1::2])) % 10 == 0


def normalise_bank_card(raw: str) -> Outcome:
    """The digits of a bank card, or the reason why it is none."""
    return _checked(raw, _CARD, shortest=12, longest=19)


def normalise_imei(raw: str) -> Outcome:
    """The 15 digits of a device's identity, or the reason why it is none."""
    return _checked(raw, _IMEI, shortest=15, longest=15)


def _checked(raw: str, form: re.Pattern[str], *, shortest: int, longest: int) -> Outcome:
    text = clean(raw)
    if is_placeholder(text):
        return refused(Reason.PLACEHOLDER if text else Reason.EMPTY)
    digits = _PUNCTUATION.sub("", text)
    numeric = digits.isascii() and digits.isdigit()
    checks = (
        (Reason.SCIENTIFIC_NOTATION, _SCIENTIFIC.fullmatch(text)),
        (Reason.LETTERS, not numeric),
        (Reason.TOO_SHORT, len(digits) < shortest),
        (Reason.TOO_LONG, len(digits) > longest),
        (Reason.PLACEHOLDER, len(set(digits)) == 1),
        (Reason.UNASSIGNED, not form.fullmatch(digits)),
        (Reason.CHECK_DIGIT, numeric and not luhn(digits)),
    )
    return next((refused(reason) for reason, found in checks if found), Outcome(digits))
