"""Chinese resident identity numbers (GB 11643): region, birth date, serial number, check digit.

The check digit (ISO 7064 MOD 11-2) tells every single wrong digit and every swap of neighbours, but not which one it
was: what it refuses is not repaired. Only letters that stand for digits are, since the digit then confirms the repair.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from operator import mul
from typing import Final

from careloop_profile.identifiers.policy.divisions import PREFECTURE_CODES, PROVINCES
from careloop_profile.identifiers.policy.outcome import Outcome, Reason, flagged, refused, repair
from careloop_profile.identifiers.policy.text import clean, is_placeholder

_WRITTEN = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_OLD = re.compile(r"[1-9]\d{14}", re.ASCII)
_PUNCTUATION = re.compile(r"[\s.\-_'‐‑–—]+")
_DIGITS = re.compile(r"\d+", re.ASCII)
_LOOKALIKES = str.maketrans("OQILZSB×*", "0011258XX")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"
_OLDEST = 130
_FOREIGN = "9"
"""Permanent residents from abroad have it before the code of the province."""


@dataclass(frozen=True, slots=True)
class Holder:
    """What an identity number says of who has it."""

    province: str
    born_on: date
    male: bool


def normalise_identity_number(raw: str, today: date) -> Outcome:
    """The number in its 18 digits, or the reason why it is none. Nobody is born after `today`."""
    text = raw
    if not _WRITTEN.fullmatch(text):
        text = _PUNCTUATION.sub("", clean(raw)).upper()
        if is_placeholder(text):
            return refused(Reason.PLACEHOLDER if text else Reason.EMPTY)
        if _OLD.fullmatch(text):
            return _upgraded(text, today)
        if not _WRITTEN.fullmatch(text):
            return _by_lookalikes(text, today)
    return _checked(text, today)


def holder_of(number: str) -> Holder | None:
    """What a number in 18 digits says; None for one that says nothing."""
    born = _born_on(number)
    if born is None or not _WRITTEN.fullmatch(number):
        return None
    province = PROVINCES.get(number[1:3] if number[0] == _FOREIGN else number[:2])
    return Holder(province, born, int(number[16]) % 2 == 1) if province else None


def check_digit(digits: str) -> str:
    """The last of 18 digits, by the 17 before it."""
    return _CHECK_DIGITS[sum(map(mul, _WEIGHTS, map(int, digits[:17]))) % 11]


def _checked(number: str, today: date) -> Outcome:
    if len(set(number[:17])) == 1:
        return refused(Reason.PLACEHOLDER)
    if check_digit(number) != number[17]:
        return _with_neighbours_swapped(number, today)
    born = _born_on(number)
    if born is None or born > today or today.year - born.year > _OLDEST:
        return refused(Reason.BIRTH_DATE)
    if number[0] == _FOREIGN:
        return Outcome(number) if number[1:3] in PROVINCES else refused(Reason.UNASSIGNED)
    if number[:2] not in PROVINCES:
        return refused(Reason.UNASSIGNED)
    known = number[:4] in PREFECTURE_CODES or number[2:6] == "0000"
    return Outcome(number) if known else flagged(Outcome(number), "unknown_region")


def _with_neighbours_swapped(number: str, today: date) -> Outcome:
    """A refusal, with the one number that comes of swapping two neighbours, if there is only one."""
    possible = {
        swapped
        for swapped in _swaps(number)
        if check_digit(swapped) == swapped[17] and _checked(swapped, today).value
    }
    wrong = refused(Reason.CHECK_DIGIT)
    return repair(wrong, possible.pop(), "digits_swapped", 0.8) if len(possible) == 1 else wrong


def _swaps(number: str) -> Iterator[str]:
    for place in range(16):
        if number[place] != number[place + 1]:
            yield number[:place] + number[place + 1] + number[place] + number[place + 2 :]


def _upgraded(old: str, today: date) -> Outcome:
    """Numbers had 15 digits until 1999: no century, which is the twentieth, and no check digit."""
    body = f"{old[:6]}19{old[6:]}"
    found = _checked(body + check_digit(body), today)
    return repair(found, found.value, "from_15_digits", 1.0) if found.value else found


def _by_lookalikes(text: str, today: date) -> Outcome:
    read = text.translate(_LOOKALIKES)
    if _WRITTEN.fullmatch(read):
        found = _checked(read, today)
        return repair(found, found.value, "letters_for_digits", 0.9995) if found.value else found
    if _DIGITS.fullmatch(text.removesuffix("X")):
        return refused(Reason.TOO_SHORT if len(text) < 18 else Reason.TOO_LONG)
    return refused(Reason.LETTERS)


def _born_on(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
