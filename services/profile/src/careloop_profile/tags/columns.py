"""The facts as SQL: what a rule's condition is written over."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from careloop_common.rules import BOOL, NUMBER, TEXT, TIMESTAMP, Rule, Type, sql
from careloop_common.rules.sql_values import member
from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import JSONB

from careloop_profile.tags.policy.definitions import Content, Value, ValueType
from careloop_profile.tags.policy.registry import Registry
from careloop_profile.tags.policy.vocabulary import FACTS, FAMILIES, tag_key
from careloop_profile.tags.queries.facts import FACT

Column = ColumnElement[Any]
_TYPES: Final[dict[Type, Any]] = {
    NUMBER: sa.Double(),
    BOOL: sa.Boolean(),
    TIMESTAMP: sa.DateTime(timezone=True),
}


_JSON_TYPES: Final = {ValueType.BOOL: "boolean", ValueType.NUMBER: "number", ValueType.TEXT: "string"}


class FactColumns:
    """The column, or the member of a document, for what a rule asks."""

    def __init__(self, given: dict[str, Type]) -> None:
        self._given = {tag_key(code): (code, type_) for code, type_ in given.items()}

    def __getitem__(self, key: str, /) -> Column:
        if key in FACTS:
            return FACT.c[key]
        if found := self._given.get(key):
            return member(FACT.c.given, *found)
        document, name, type_ = FAMILIES[key]
        column = FACT.c[document]
        # Of its type where it is, for we wrote it: no need to look.
        plain = column[name].astext
        value: Column = plain if type_ == TEXT else sa.cast(plain, _TYPES[type_])
        return sa.func.coalesce(value, 0.0, type_=sa.Double()) if document == "metrics" else value


def columns(known: Registry) -> FactColumns:
    """Of the tags that are given in this registry, too."""
    return FactColumns(
        {one.code: one.content.type for one in known.definitions.values() if one.content.kind.given}
    )


def condition(rule: Rule, known: Registry, now: Any) -> ColumnElement[bool]:
    return sql.to_sql(rule, columns(known), now)


def value(outcomes: Sequence[tuple[Value, Rule]], known: Registry, now: Any) -> Column:
    """What the first rule that holds gives, as JSON; NULL where none does."""
    over = columns(known)
    whens = [(sql.to_sql(rule, over, now), sa.literal(given, JSONB)) for given, rule in outcomes]
    return sa.case(*whens, else_=sa.null().cast(JSONB))


def amount(key: str, known: Registry) -> Column:
    """What is counted, as JSON; NULL where it is missing or nothing."""
    return sa.func.to_jsonb(sa.func.nullif(columns(known)[key], 0))


def said(code: str, content: Content) -> Column:
    """What somebody gave, as JSON; NULL where that is nothing or no, or was said when the tag had other values."""
    given: Column = FACT.c.given[code]
    fits = sa.func.jsonb_typeof(given) == _JSON_TYPES[content.value_type]
    if content.values:
        fits &= given.in_([sa.literal(value, JSONB) for value in content.values])
    for nothing in (False, 0):
        given = sa.func.nullif(given, sa.literal(nothing, JSONB), type_=JSONB())
    return sa.case((fits, given))
