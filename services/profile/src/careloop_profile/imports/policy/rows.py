"""From the cells of a row to what they say about a customer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from careloop_profile.identifiers.policy import (
    Outcome,
    is_nothing,
    is_placeholder,
    normalise_email,
    normalise_phone,
    tidy,
)
from careloop_profile.imports.policy.plan import PERSONAL, Field, Plan, Target
from careloop_profile.imports.policy.values import TRANSFORMS, Scalar, Setting, Unreadable, guess

_KEY_LENGTH = 200
_UNFIT = re.compile(r"[^a-z0-9]+")
_CHOICES = {
    Target("customer", "kind"): ("individual", "household", "enterprise"),
    Target("customer", "status"): ("prospect", "active", "left"),
}
_LENGTHS = {"name": 200, "region": 200, "product": 80, "plan": 80, "contract": 80}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a row (`column` empty) or with one of its cells; `value` is the cell, never shown freely."""

    code: str
    column: str = ""
    value: str = ""


@dataclass(slots=True)
class Draft:
    """What one row says. Facts that it does not know are absent."""

    external_id: str
    facts: dict[str, Any] = field(default_factory=dict)
    personal: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str | float | bool | None] = field(default_factory=dict)
    subscription: dict[str, Any] = field(default_factory=dict)
    care_flags: list[str] = field(default_factory=list)
    consents: list[tuple[str, str, bool]] = field(default_factory=list)
    do_not_disturb: bool | None = None
    dropped: list[Complaint] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)


class Refused(Exception):
    """The row cannot be taken."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.code)
        self.complaint = complaint


def read(plan: Plan, cells: Mapping[str, str], others: Mapping[str, str], setting: Setting) -> Draft:
    """The draft of a row. `others` are unmapped columns with the attribute names they get."""
    key = tidy(cells[plan.key])
    if is_nothing(key):
        raise Refused(Complaint("key_missing", plan.key, key))
    if len(key) > _KEY_LENGTH:
        raise Refused(Complaint("too_long", plan.key, key))
    draft = Draft(key)
    for item in plan.fields:
        _read_field(plan, item, cells, setting, draft)
    for column, attribute in others.items():
        if text := tidy(cells[column]):
            value = guess(text)
            draft.attributes[attribute] = value if isinstance(value, str | float | bool) else str(value)
    for default in plan.consents:
        draft.consents += [(p, c, default.granted) for p in default.purposes for c in default.channels]
    if draft.subscription and not draft.subscription.get("product"):
        draft.subscription["product"] = "subscription"
    _check_dates(draft.facts, "joined_on", "left_on")
    _check_dates(draft.subscription, "started_on", "ended_on")
    return draft


def attribute_name(column: str) -> str:
    """The name under which an unmapped column is kept."""
    name = _UNFIT.sub("_", column.lower()).strip("_")[:64]
    return name if name[:1].isalpha() else f"column_{name}".strip("_")[:64]


def _read_field(plan: Plan, item: Field, cells: Mapping[str, str], setting: Setting, draft: Draft) -> None:
    raw = item.constant if item.column is None else cells.get(item.column, "")
    text = tidy(raw or "")
    column = item.column or ""
    if not text:
        if item.required:
            raise Refused(Complaint("required_value_missing", column))
        return
    try:
        value = _value(plan, item, text, setting, draft)
    except Unreadable as unreadable:
        complaint = Complaint(str(unreadable), column, text)
        if item.invalid == "reject":
            raise Refused(complaint) from None
        draft.dropped.append(complaint)
    else:
        if value is not None:
            _put(plan, item, value, draft)


def _value(plan: Plan, item: Field, text: str, setting: Setting, draft: Draft) -> Scalar:
    name = item.target.name
    if item.values is not None:
        if text not in item.values:
            if "*" not in item.values:
                raise Unreadable("value_not_mapped")
            text = item.values["*"] or text
        else:
            text = item.values[text]
        if not text:
            return None
    if item.target.group == "customer" and name in PERSONAL:
        return _personal(plan, name, text, item, draft)
    value = TRANSFORMS[item.transform](text, setting)
    if isinstance(value, str):
        _check_text(item.target, value)
    return value


def _personal(plan: Plan, name: str, text: str, item: Field, draft: Draft) -> str | None:
    if name == "name":
        if is_placeholder(text):
            raise Unreadable("placeholder")
        _check_text(item.target, text)
        return text
    outcome: Outcome = normalise_phone(text, plan.phone_region) if name == "phone" else normalise_email(text)
    if outcome.value is None:
        raise Unreadable(str(outcome.reason))
    if outcome.repaired and item.column:
        draft.repaired.append(item.column)
    return outcome.value


def _check_text(target: Target, value: str) -> None:
    name = target.name
    if value not in _CHOICES.get(target, (value,)):
        raise Unreadable("value_not_allowed")
    if len(value) > _LENGTHS.get(name, 1000):
        raise Unreadable("too_long")
    if name == "language" and not _LANGUAGE.fullmatch(value):
        raise Unreadable("not_a_language")
    if name == "currency" and not _CURRENCY.fullmatch(value):
        raise Unreadable("not_a_currency")


def _put(plan: Plan, item: Field, value: Scalar, draft: Draft) -> None:
    group, name = item.target.group, item.target.name
    if group == "attributes":
        draft.attributes[name] = value if isinstance(value, str | float | bool) else str(value)
    elif group == "subscription":
        draft.subscription[name] = _fee(value, item) if name == "monthly_fee" else value
    elif group == "consents":
        draft.consents += [(name, channel, bool(value)) for channel in plan.consent_channels]
    elif name in PERSONAL:
        draft.personal[name] = str(value)
    elif name == "care_flag":
        draft.care_flags.append(str(value))
    elif name == "do_not_disturb":
        draft.do_not_disturb = bool(value)
    elif name == "devices":
        draft.facts["declared_devices"] = _count(value, item)
    else:
        draft.facts[name] = value


def _check_dates(facts: Mapping[str, Any], start: str, end: str) -> None:
    if facts.get(start) and facts.get(end) and facts[end] < facts[start]:
        raise Refused(Complaint("dates_reversed", end))


def _fee(value: Scalar, item: Field) -> Decimal:
    fee = Decimal(str(value)).quantize(Decimal("0.01"))
    if not 0 <= fee < 10**10:
        raise Refused(Complaint("out_of_range", item.column or ""))
    return fee


def _count(value: Scalar, item: Field) -> int:
    if not isinstance(value, float) or not value.is_integer() or not 0 <= value <= 100_000:
        raise Refused(Complaint("not_a_count", item.column or ""))
    return int(value)
