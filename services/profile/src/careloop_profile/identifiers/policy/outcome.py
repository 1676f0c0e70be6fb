from enum import StrEnum
from typing import Final, NamedTuple

SURE: Final = 0.999
"""How certain a repair must be to be made; anything less is for people to decide."""


class Reason(StrEnum):
    """Why a value is not an identifier. The codes appear in import reports, so they are stable."""

    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    SYNTAX = "syntax"
    LETTERS = "letters"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    SEVERAL_VALUES = "several_values"
    SCIENTIFIC_NOTATION = "scientific_notation"
    UNASSIGNED = "unassigned_range"
    CHECK_DIGIT = "wrong_check_digit"
    BIRTH_DATE = "impossible_birth_date"
    NOT_A_DATE = "not_a_date"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable_characters"


class Outcome(NamedTuple):
    """Either a value or the reason why there is none. A tuple, since imports make one for each cell."""

    value: str | None = None
    reason: Reason | None = None
    rules: tuple[str, ...] = ()
    """The repairs that were made, in their order; punctuation and full-width forms are none."""
    confidence: float = 1.0
    """That the value, or else the suggestion, is what was meant."""
    suggestion: str | None = None
    """What may have been meant, too uncertain to be written in its place."""
    flags: tuple[str, ...] = ()
    """What somebody should look at, although there is a value or a suggestion."""

    @property
    def repaired(self) -> bool:
        return bool(self.rules)


def refused(reason: Reason) -> Outcome:
    return Outcome(reason=reason)


def flagged(written: Outcome, flag: str) -> Outcome:
    return written._replace(flags=(*written.flags, flag))


def repair(written: Outcome, value: str, rule: str, confidence: float) -> Outcome:
    """`written` with a repair: made if it is sure, only suggested otherwise."""
    if confidence >= SURE:
        sure = min(written.confidence, confidence)
        return written._replace(value=value, reason=None, rules=(*written.rules, rule), confidence=sure)
    return flagged(written, rule)._replace(suggestion=value, confidence=confidence)
