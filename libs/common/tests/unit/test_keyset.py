"""Rows are read on behind a place, which is one column or several."""

from careloop_common import keyset
from sqlalchemy import Column, Integer, MetaData, Select, Table, select

TABLE = Table("t", MetaData(), Column("a", Integer), Column("b", Integer))
A, B = TABLE.c.a, TABLE.c.b


def sql(statement: Select[int]) -> str:
    return " ".join(str(statement.compile(compile_kwargs={"literal_binds": True})).split())


def test_the_first_page_begins_with_the_first_row_and_the_next_one_behind_the_last_that_was_seen() -> None:
    assert sql(keyset.forward(select(A), A, after=None, limit=2)) == "SELECT t.a FROM t ORDER BY t.a LIMIT 2"
    assert "WHERE t.a > 7 ORDER BY t.a LIMIT 2" in sql(keyset.forward(select(A), A, after=7, limit=2))


def test_a_place_of_zero_is_a_place() -> None:
    assert "WHERE t.a > 0" in sql(keyset.forward(select(A), A, after=0, limit=2))


def test_backward_every_column_of_the_key_descends_and_places_are_compared_as_a_whole() -> None:
    read = sql(keyset.backward(select(A), A, B, before=(7, 8), limit=2))
    assert "WHERE (t.a, t.b) < (7, 8) ORDER BY t.a DESC, t.b DESC LIMIT 2" in read
