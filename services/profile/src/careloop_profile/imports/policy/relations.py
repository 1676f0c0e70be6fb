"""From the cells of a row to what they say of two customers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from careloop_profile.cleansing.policy import Setting as CleansingSetting
from careloop_profile.cleansing.policy import read
from careloop_profile.identifiers.policy import is_nothing
from careloop_profile.imports.policy.plan import By, End, Origin, Plan, RelationPlan
from careloop_profile.imports.policy.rows import Complaint, mapped
from careloop_profile.imports.policy.values import Setting, Unreadable, as_date, as_number, as_yes_no
from careloop_profile.parties.policy.relations import TERMS, Relation, Role, Stance

_KEY_LENGTH: Final = 200
_FORMULA: Final = ("=", "+", "-", "@")
"""A spreadsheet would run a text that begins so; it is no key, no title and no reason."""
_LENGTHS: Final = {"title": 80, "preference": 80, "evidence": 500}
_RANGES: Final = {"influence": (-5, 5), "rapport": (0, 5)}
_CHOICES: Final = {
    "kind": frozenset(Relation),
    "role": frozenset(Role),
    "stance": frozenset(Stance),
}
_WITHIN: Final = frozenset(kind.value for kind, terms in TERMS.items() if terms.within)
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)


class Ref(NamedTuple):
    """Whom a row means. `source` is where the key is from; identifiers have none."""

    by: By
    source: str
    value: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says of two, and where in the file each of them stands."""

    kind: Relation
    one: Ref
    other: Ref
    within: Ref | None
    columns: tuple[str, str, str]
    facts: Mapping[str, Any] = field(default_factory=dict)
    evidence: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def refs(self) -> tuple[Ref, ...]:
        return (self.one, self.other) if self.within is None else (self.one, self.other, self.within)


class RelationReader:
    """Reads what a plan says of relations. `own` is the customer of the row; a row without one names both ends."""

    def __init__(self, plan: Plan, setting: Setting) -> None:
        self._plan, self._setting = plan, setting
        self._cleansing = CleansingSetting(setting.today, plan.phone_region)

    def read(self, cells: Mapping[str, str], own: str | None) -> list[Said | Complaint]:
        """What the row says, and what is wrong with it. What names nobody says nothing, if the row is somebody's."""
        found: list[Said | Complaint] = []
        for item in self._plan.relations:
            try:
                said = self._one(item, cells, own)
            except _Wrong as wrong:
                found.append(wrong.complaint)
            else:
                if said is not None:
                    found.append(said)
        return found

    def _one(self, item: RelationPlan, cells: Mapping[str, str], own: str | None) -> Said | None:
        mine = None if own is None else Ref("external_id", self._plan.source, own)
        refs: list[Ref | None] = []
        for end in (item.one, item.other):
            ref = None if end is None else self._ref(end, cells)
            if end is not None and ref is None:
                if own is not None:
                    return None
                raise _Wrong(Complaint("key_missing", end.origin.column or "", _text(end.origin, cells)))
            refs.append(ref)
        kind = self._value("kind", item.kind, cells)
        if kind is None:
            raise _Wrong(Complaint("required_value_missing", item.kind.column or ""))
        within = self._within(item.within, cells) if item.within and kind in _WITHIN else None
        facts = {name: self._value(name, origin, cells) for name, origin in item.facts.items()}
        self._check_formal(item, kind, facts.pop("formal", None), cells)
        given = {name: facts.pop(name, None) for name in ("evidence", "valid_from", "valid_to")}
        one, other = refs[0] or mine, refs[1] or mine
        assert one is not None
        assert other is not None
        columns = [end.origin.column or "" if end else "" for end in (item.one, item.other, item.within)]
        stated = {name: value for name, value in facts.items() if value is not None}
        return Said(Relation(kind), one, other, within, (columns[0], columns[1], columns[2]), stated, **given)

    def _within(self, end: End, cells: Mapping[str, str]) -> Ref:
        ref = self._ref(end, cells)
        if ref is None:
            raise _Wrong(Complaint("required_value_missing", end.origin.column or ""))
        return ref

    def _ref(self, end: End, cells: Mapping[str, str]) -> Ref | None:
        column, text = end.origin.column or "", _text(end.origin, cells)
        if is_nothing(text):
            return None
        if end.by == "external_id":
            source = cells.get(end.source_column, "") if end.source_column else ""
            for name, key in ((column, text), (end.source_column or "", source)):
                _check_plain(name, key, _KEY_LENGTH)
            return Ref(end.by, source or end.source, text)
        outcome = read(end.by, text, self._cleansing)
        if outcome.value is None:
            raise _Wrong(Complaint(str(outcome.reason), column, text))
        return Ref(end.by, "", outcome.value)

    def _value(self, name: str, origin: Origin, cells: Mapping[str, str]) -> Any:
        text = _text(origin, cells)
        try:
            if origin.values is not None and text:
                text = mapped(origin.values, text)
            return _fact(name, text, origin.column or "", self._setting) if text else None
        except Unreadable as unreadable:
            raise _Wrong(Complaint(str(unreadable), origin.column or "", text)) from None

    @staticmethod
    def _check_formal(item: RelationPlan, kind: str, formal: bool | None, cells: Mapping[str, str]) -> None:
        """Influence runs beside the formal lines, and nothing else does."""
        if formal is not None and formal == (kind == Relation.INFLUENCES):
            origin = item.facts["formal"]
            raise _Wrong(Complaint("formal_contradicts_type", origin.column or "", _text(origin, cells)))


def unreadable(name: str, text: str) -> str | None:
    """Why a text is never a kind of relation, or such a fact of one; None if it can be."""
    try:
        _fact(name, text, "", Setting(_FIRST))
    except Unreadable as error:
        return str(error)
    except _Wrong as wrong:
        return wrong.complaint.code
    return None


class _Wrong(Exception):
    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.code)
        self.complaint = complaint


def _text(origin: Origin, cells: Mapping[str, str]) -> str:
    return (origin.constant or "") if origin.column is None else cells.get(origin.column, "")


def _fact(name: str, text: str, column: str, setting: Setting) -> Any:
    if name in _CHOICES:
        if text.lower() not in _CHOICES[name]:
            raise Unreadable("value_not_allowed")
        return text.lower()
    if name in _RANGES:
        return _whole(as_number(text, setting), *_RANGES[name])
    if name == "formal":
        return as_yes_no(text, setting)
    if name in _LENGTHS:
        _check_plain(column, text, _LENGTHS[name])
        return text
    day = as_date(text, setting)
    if day is not None and not _FIRST <= day <= _LAST:
        raise Unreadable("out_of_range")
    return day


def _check_plain(column: str, text: str, longest: int) -> None:
    if text.startswith(_FORMULA):
        raise _Wrong(Complaint("formula", column, text))
    if len(text) > longest:
        raise _Wrong(Complaint("too_long", column, text))


def _whole(number: float, least: int, most: int) -> int:
    if not number.is_integer() or not least <= number <= most:
        raise Unreadable("out_of_range")
    return int(number)
