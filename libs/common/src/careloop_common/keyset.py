"""Reading on along a key, some rows at a time, however many lie before them. What HTTP makes of it is `pagination`.

rows = keyset.backward(select(JobRow), col(JobRow.id), before=before, limit=limit)
return (await session.scalars(rows)).all()
"""

from typing import Any, TypeVar

from sqlalchemy import Select, SQLColumnExpression, tuple_

S = TypeVar("S", bound=Select[*tuple[Any, ...]])


def forward(rows: S, *key: SQLColumnExpression[Any], after: Any, limit: int) -> S:
    """The next rows in the order of `key`: from the first one on, or from behind the one that has `after` there."""
    if after is not None:
        rows = rows.where(_place(key) > after)
    return rows.order_by(*key).limit(limit)


def backward(rows: S, *key: SQLColumnExpression[Any], before: Any, limit: int) -> S:
    """The same from the last one on."""
    if before is not None:
        rows = rows.where(_place(key) < before)
    return rows.order_by(*(part.desc() for part in key)).limit(limit)


def _place(key: tuple[SQLColumnExpression[Any], ...]) -> SQLColumnExpression[Any]:
    return key[0] if len(key) == 1 else tuple_(*key)
