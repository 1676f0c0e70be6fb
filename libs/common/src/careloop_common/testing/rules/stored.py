"""A catalogue with every type, and where the databases keep the values.

PostgreSQL has a column of each kind, and members of a document; DuckDB a column for each, as a Parquet file has them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from careloop_common.rules import (
    BOOL,
    DATE,
    DURATION,
    NUMBER,
    TEXT,
    TEXTS,
    TIMESTAMP,
    Catalogue,
    Type,
    one_of,
)
from careloop_common.rules.sql_values import member

NOW = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
KINDS = ("alpha", "beta", "gamma", "中文")
STORED: dict[str, tuple[Type, Any]] = {
    "double": (NUMBER, sa.Double()),
    "decimal": (NUMBER, sa.Numeric()),
    "amount": (NUMBER, sa.Numeric(38, 10)),
    "whole": (NUMBER, sa.BigInteger()),
    "small": (NUMBER, sa.Integer()),
    "word": (TEXT, sa.Text()),
    "other.word": (TEXT, sa.String(100)),
    "kind": (one_of(*KINDS), sa.Text()),
    "yes": (BOOL, sa.Boolean()),
    "no": (BOOL, sa.Boolean()),
    "seen": (TIMESTAMP, sa.DateTime(timezone=True)),
    "due": (TIMESTAMP, sa.DateTime(timezone=True)),
    "joined": (DATE, sa.DateTime(timezone=True)),
    "span": (DURATION, sa.Interval()),
    "ticks": (DURATION, sa.BigInteger()),
    "words": (TEXTS, ARRAY(sa.Text())),
}
"""Attributes with a column each, and its type."""
MEMBERS: dict[str, Type] = {
    "json.number": NUMBER,
    "json.text": TEXT,
    "json.yes": BOOL,
    "json.at": TIMESTAMP,
    "json.span": DURATION,
    "json.words": TEXTS,
}
"""Attributes that are members of one JSONB column."""
CATALOGUE = Catalogue({name: type_ for name, (type_, _) in STORED.items()} | MEMBERS)

TABLE = sa.Table(
    "random_case",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    *(sa.Column(name, stored) for name, (_, stored) in STORED.items()),
    sa.Column("document", JSONB(none_as_null=True)),
    prefixes=["TEMPORARY"],
)
COLUMNS: Mapping[str, sa.ColumnElement[Any]] = {name: TABLE.c[name] for name in STORED} | {
    name: member(TABLE.c.document, name, type_) for name, type_ in MEMBERS.items()
}

_FLAT: dict[Type, Any] = {
    NUMBER: sa.Double(),
    TEXT: sa.Text(),
    BOOL: sa.Boolean(),
    TIMESTAMP: sa.DateTime(timezone=True),
    DURATION: sa.BigInteger(),
    TEXTS: ARRAY(sa.Text()),
}
FLAT = sa.Table(
    "random_case",
    sa.MetaData(),
    sa.Column("id", sa.Integer),
    # A decimal without a scale is PostgreSQL's alone.
    *(
        sa.Column(name, _FLAT[NUMBER] if name == "decimal" else stored)
        for name, (_, stored) in STORED.items()
    ),
    *(sa.Column(name, _FLAT[type_]) for name, type_ in MEMBERS.items()),
)
