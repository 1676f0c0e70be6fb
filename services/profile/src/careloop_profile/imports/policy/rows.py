"""From the cells of a row to what they say about a customer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from careloop_profile.cleansing.policy import FieldName, Finding, contradictions, findings, read
from careloop_profile.cleansing.policy import Setting as CleansingSetting
from careloop_profile.identifiers.policy import is_nothing
from careloop_profile.imports.policy.plan import PERSONAL, Field, Plan, Target
from careloop_profile.imports.policy.values import TRANSFORMS, Scalar, Setting, Unreadable, guess

_KEY_LENGTH = 200
_REMEMBERED = 1000
_FEE, _DEVICES = Target("subscription", "monthly_fee"), Target("customer", "devices")
_UNFIT = re.compile(r"[^a-z0-9]+")
_CHOICES = {
    Target("customer", "kind"): ("individual", "household", "enterprise"),
    Target("customer", "status"): ("prospect", "active", "left"),
}
_LENGTHS = {"care_flag": 64, "name": 200, "region": 200, "product": 80, "plan": 80, "contract": 80}
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
    findings: list[Finding] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)


class Refused(Exception):
    """The row cannot be taken."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.code)
        self.complaint = complaint


class RowReader:
    """Reads rows by a plan. Most columns have few different values, so what a value means is remembered."""

    def __init__(self, plan: Plan, header: Sequence[str], setting: Setting) -> None:
        self._plan = plan
        self._setting = setting
        self._others = attribute_names(plan.others(header), header)
        # What a customer is says how its name is read, so personal fields come last.
        ordered = sorted(plan.fields, key=lambda item: item.target in PERSONAL)
        self._fields: list[tuple[Field, dict[str, Scalar]]] = [(item, {}) for item in ordered]
        self._consents = [
            (purpose, channel, default.granted)
            for default in plan.consents
            for purpose in default.purposes
            for channel in default.channels
        ]

    def read(self, cells: Mapping[str, str]) -> Draft:
        """The draft of a row whose cells are tidy."""
        plan = self._plan
        assert plan.key is not None
        key = cells[plan.key]
        if is_nothing(key):
            raise Refused(Complaint("key_missing", plan.key, key))
        if len(key) > _KEY_LENGTH:
            raise Refused(Complaint("too_long", plan.key, key))
        draft = Draft(key)
        for item, memory in self._fields:
            self._read_field(item, memory, cells, draft)
        for column, attribute in self._others.items():
            if text := cells[column]:
                draft.attributes[attribute] = guess(text)
        draft.consents = self._consents + draft.consents
        if draft.subscription and not draft.subscription.get("product"):
            draft.subscription["product"] = "subscription"
        draft.findings += contradictions(draft.personal)
        _check_dates(draft.facts, "joined_on", "left_on")
        _check_dates(draft.subscription, "started_on", "ended_on")
        return draft

    def _read_field(
        self, item: Field, memory: dict[str, Scalar], cells: Mapping[str, str], draft: Draft
    ) -> None:
        column = item.column or ""
        text = (item.constant or "") if item.column is None else cells.get(column, "")
        if not text:
            if item.required:
                raise Refused(Complaint("required_value_missing", column))
            return
        value = memory.get(text)
        if value is None:
            try:
                value = self._value(item, text, draft)
            except Unreadable as unreadable:
                self._unreadable(item, Complaint(str(unreadable), column, text), draft)
                return
            if item.target not in PERSONAL and len(memory) < _REMEMBERED:
                memory[text] = value
        if value is not None:
            _put(self._plan, item.target, value, draft)

    def _unreadable(self, item: Field, complaint: Complaint, draft: Draft) -> None:
        if item.invalid == "reject":
            raise Refused(complaint) from None
        draft.dropped.append(complaint)

    def _value(self, item: Field, text: str, draft: Draft) -> Scalar:
        if item.values is not None:
            text = mapped(item.values, text)
            if not text:
                return None
        if item.target in PERSONAL:
            return self._personal(item, text, draft)
        value = TRANSFORMS[item.transform](text, self._setting)
        if isinstance(value, str):
            _check_text(item.target, value)
        elif item.target == _FEE:
            return _fee(value)
        elif item.target == _DEVICES:
            return _count(value)
        return value

    def _personal(self, item: Field, text: str, draft: Draft) -> str:
        name: FieldName = item.target.name  # type: ignore[assignment]  # the mapping takes no other
        _check_text(item.target, text)
        person = draft.facts.get("kind", "individual") == "individual"
        outcome = read(name, text, CleansingSetting(self._setting.today, self._plan.phone_region, person))
        draft.findings += findings(name, text, outcome)
        if outcome.value is None:
            raise Unreadable(str(outcome.reason))
        if outcome.repaired and item.column:
            draft.repaired.append(item.column)
        return outcome.value


def attribute_names(columns: Sequence[str], header: Sequence[str]) -> dict[str, str]:
    """Under which names columns are kept. One that has no Latin letters is named by its place in the file."""
    names: dict[str, str] = {}
    for column in columns:
        name = _UNFIT.sub("_", column.lower()).strip("_")[:60]
        if not name[:1].isalpha():
            name = f"column_{header.index(column) + 1}"
        names[column] = name if name not in names.values() else f"{name}_{header.index(column) + 1}"
    return names


def mapped(values: Mapping[str, str], text: str) -> str:
    """What a mapping says that the text stands for."""
    if text in values:
        return values[text]
    if "*" not in values:
        raise Unreadable("value_not_mapped")
    return values["*"]


def _check_text(target: Target, value: str) -> None:
    if value not in _CHOICES.get(target, (value,)):
        raise Unreadable("value_not_allowed")
    if len(value) > _LENGTHS.get(target.name, 1000):
        raise Unreadable("too_long")
    if target.name == "language" and not _LANGUAGE.fullmatch(value):
        raise Unreadable("not_a_language")
    if target.name == "currency" and not _CURRENCY.fullmatch(value):
        raise Unreadable("not_a_currency")


def _put(plan: Plan, target: Target, value: Scalar, draft: Draft) -> None:
    group, name = target.group, target.name
    if group == "attributes":
        draft.attributes[name] = value if isinstance(value, str | float | bool) else str(value)
    elif group == "subscription":
        draft.subscription[name] = value
    elif group == "consents":
        draft.consents += [(name, channel, bool(value)) for channel in plan.consent_channels]
    elif target in PERSONAL:
        draft.personal[name] = str(value)
    elif name == "care_flag":
        draft.care_flags.append(str(value))
    elif name == "do_not_disturb":
        draft.do_not_disturb = bool(value)
    else:
        draft.facts["declared_devices" if name == "devices" else name] = value


def _check_dates(facts: Mapping[str, Any], start: str, end: str) -> None:
    if facts.get(start) and facts.get(end) and facts[end] < facts[start]:
        raise Refused(Complaint("dates_reversed", end))


def _fee(value: Scalar) -> Decimal:
    fee = Decimal(str(value)).quantize(Decimal("0.01"))
    if not 0 <= fee < 10**10:
        raise Unreadable("out_of_range")
    return fee


def _count(value: Scalar) -> int:
    if not isinstance(value, float) or not value.is_integer() or not 0 <= value <= 100_000:
        raise Unreadable("not_a_count")
    return int(value)
