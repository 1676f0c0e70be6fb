from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either a value or the reason why there is none. `repaired` says that more than punctuation was changed."""

    value: str | None = None
    reason: Reason | None = None
    repaired: bool = False


def refused(reason: Reason) -> Outcome:
    return Outcome(reason=reason)
