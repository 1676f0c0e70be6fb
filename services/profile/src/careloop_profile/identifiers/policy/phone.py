"""Phone numbers to E.164.

Nine of ten values are Chinese mobile numbers written in a few ways; a regular expression settles those, and only
the rest pays for the numbering-plan library, which costs thirty times as much.
"""

import re

import phonenumbers

from careloop_profile.identifiers.policy.outcome import Outcome, Reason, flagged, refused, repair
from careloop_profile.identifiers.policy.text import clean, is_placeholder

_USUAL = re.compile(r"(?:\+86)?(1[3-9]\d{9})", re.ASCII)
_CHINESE_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})", re.ASCII)
_PUNCTUATION = re.compile(r"[\s().\-/‐‑‒–—―·]+")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+", re.ASCII)
_FLOAT_TAIL = re.compile(r"\.0+$")
_SEPARATORS = re.compile(r"[;,、|]|\s(?:or|或)\s")
_EXTENSION = re.compile(r"\s*(?:ext\.?|x|转|分机|#)\s*\d{1,6}$", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_LANDLINE = re.compile(r"\+86(?!1[3-9]\d{9}$|400|800|9[56])\d+", re.ASCII)
"""Everybody writes 010 for Beijing, so 10 is more likely what is left of a mobile number."""
_LOOKALIKES = str.maketrans("OoIlZzSB", "00112258")

_FAMILIAR_FAKES = frozenset(
    {"13800138000", "13800000000", "13912345678", "13812345678", "18888888888", "10086"}
)
_ASCENDING = "01234567890123456789"
_MIN_DIGITS, _MAX_DIGITS = 7, 15


def normalise_phone(raw: str, region: str = "CN") -> Outcome:
    """The number in E.164, or the reason why it is none. `region` reads numbers without a country code."""
    if region == "CN" and (match := _USUAL.fullmatch(raw)):
        return refused(Reason.PLACEHOLDER) if _is_fake(match[1]) else Outcome("+86" + match[1])
    text = clean(raw)
    if is_placeholder(text):
        return refused(Reason.PLACEHOLDER if text else Reason.EMPTY)
    compact = _PUNCTUATION.sub("", text)
    if region == "CN" and (match := _CHINESE_MOBILE.fullmatch(compact)):
        mobile = match[1]
        return refused(Reason.PLACEHOLDER) if _is_fake(mobile) else Outcome("+86" + mobile)
    return _settle(text, region)


def _settle(text: str, region: str) -> Outcome:
    whole = _FLOAT_TAIL.sub("", text)
    bare = _EXTENSION.sub("", whole)
    digits = "".join(filter(str.isdigit, bare))
    if reason := _flaw(text, bare, digits):
        return _suggested(text) if reason is Reason.LETTERS else refused(reason)
    outcome = _by_numbering_plan(bare, region)
    for rule, changed in (("float_tail", whole != text), ("extension", bare != whole)):
        if changed and outcome.value:
            outcome = repair(outcome, outcome.value, rule, 1.0)
    landline = outcome.value and region == "CN" and _LANDLINE.fullmatch(outcome.value)
    if landline and not digits.startswith(("0", "86")):
        return flagged(outcome, "area_code_without_zero")
    return outcome


def _suggested(text: str) -> Outcome:
    """A number with letters is refused; where they look like digits and make a mobile number, with that hint."""
    compact = _PUNCTUATION.sub("", text).translate(_LOOKALIKES)
    match = _CHINESE_MOBILE.fullmatch(compact)
    if match is None or _is_fake(match[1]):
        return refused(Reason.LETTERS)
    return repair(refused(Reason.LETTERS), "+86" + match[1], "letters_for_digits", 0.99)


def _flaw(text: str, bare: str, digits: str) -> Reason | None:
    """Why the text is no number, as far as that can be told without a numbering plan."""
    checks = (
        (Reason.SCIENTIFIC_NOTATION, _SCIENTIFIC.fullmatch(text)),
        (Reason.SEVERAL_VALUES, _SEPARATORS.search(text)),
        (Reason.LETTERS, _LETTER.search(bare)),
        (Reason.PLACEHOLDER, _is_fake(digits)),
        (Reason.TOO_SHORT, len(digits) < _MIN_DIGITS),
        (Reason.TOO_LONG, len(digits) > _MAX_DIGITS + 2),
    )
    return next((reason for reason, found in checks if found), None)


def _by_numbering_plan(text: str, region: str) -> Outcome:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return refused(Reason.SYNTAX)
    if not phonenumbers.is_valid_number(number):
        possible = phonenumbers.is_possible_number_with_reason(number)
        by_length = {
            phonenumbers.ValidationResult.TOO_SHORT: Reason.TOO_SHORT,
            phonenumbers.ValidationResult.TOO_LONG: Reason.TOO_LONG,
        }
        return refused(by_length.get(possible, Reason.UNASSIGNED))
    value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.national_significant_number(number)
    if number.country_code == 86 and _is_fake(national):
        return refused(Reason.PLACEHOLDER)
    return Outcome(value)


def _is_fake(digits: str) -> bool:
    """One digit repeated, a run up or down, or a number known from forms and advertisements."""
    if digits in _FAMILIAR_FAKES or len(set(digits)) <= 1:
        return True
    tail = digits[1:] if digits.startswith("1") and len(digits) == 11 else digits
    return len(set(tail)) == 1 or digits in _ASCENDING or digits in _ASCENDING[::-1]
