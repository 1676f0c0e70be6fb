"""How each personal field of a customer is read, and what there is to say about how it was written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, get_args
from uuid import UUID

from careloop_profile.identifiers.policy import (
    Outcome,
    Reason,
    clean,
    holder_of,
    is_placeholder,
    normalise_address,
    normalise_date,
    normalise_email,
    normalise_identity_number,
    normalise_name,
    normalise_phone,
    refused,
)

FieldName = Literal["name", "phone", "email", "identity_number", "birth_date", "address"]
Action = Literal["auto", "flag", "manual"]
"""`auto`: repaired, there is nothing to do; `flag`: look, and perhaps accept what is suggested; `manual`: no value could be
made of it, somebody has to ask."""
FIELDS: Final[tuple[FieldName, ...]] = get_args(FieldName)
_OLDEST: Final = 130


@dataclass(frozen=True, slots=True)
class Setting:
    """What reading needs besides the text: whose it is, the country of bare phone numbers, and the day."""

    today: date
    region: str = "CN"
    person: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about one value. `value` is what was taken of it, if anything."""

    field: str
    rule: str
    action: Action
    confidence: float
    raw: str
    value: str | None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """A finding that was written down, and what became of it. What is sealed opens with the vault only."""

    id: UUID
    customer_id: UUID
    source: str
    field: str
    rule: str
    action: str
    confidence: float
    raw_sealed: str
    value_sealed: str | None
    suggestion_sealed: str | None
    state: str
    noted_at: datetime
    noted_by: str
    decided_at: datetime | None
    decided_by: str | None


def read(field: FieldName, raw: str, setting: Setting) -> Outcome:
    """The value of a personal field, or the reason why it is none."""
    match field:
        case "name":
            return normalise_name(raw) if setting.person else _firm(raw)
        case "phone":
            return normalise_phone(raw, setting.region)
        case "email":
            return normalise_email(raw)
        case "identity_number":
            return normalise_identity_number(raw, setting.today)
        case "birth_date":
            return _born(normalise_date(raw), setting.today)
        case "address":
            return normalise_address(raw)


def findings(field: FieldName, raw: str, outcome: Outcome) -> Iterator[Finding]:
    """What there is to say about a value and how it came about: the lineage from what was written to what was taken."""
    for rule in outcome.rules:
        yield Finding(field, rule, "auto", outcome.confidence, raw, outcome.value)
    for flag in outcome.flags:
        yield Finding(field, flag, "flag", outcome.confidence, raw, outcome.value, outcome.suggestion)
    if outcome.value is None and not outcome.suggestion:
        yield Finding(field, str(outcome.reason), "manual", 1.0, raw, None)


def contradictions(values: Mapping[str, str]) -> Iterator[Finding]:
    """What two values of one customer, each good by itself, do not agree on."""
    number, born = values.get("identity_number"), values.get("birth_date")
    holder = holder_of(number) if number else None
    if holder and born and holder.born_on.isoformat() != born:
        known = holder.born_on.isoformat()
        yield Finding("birth_date", "not_that_of_identity_number", "flag", 0.99, born, born, known)


def _firm(raw: str) -> Outcome:
    """Names of firms follow no rule."""
    text = clean(raw)
    if is_placeholder(text):
        return refused(Reason.PLACEHOLDER if text else Reason.EMPTY)
    return Outcome(text)


def _born(outcome: Outcome, today: date) -> Outcome:
    if outcome.value is None:
        return outcome
    born = date.fromisoformat(outcome.value)
    return outcome if born <= today and today.year - born.year <= _OLDEST else refused(Reason.BIRTH_DATE)
