"""What a level means is written twice; here DuckDB and Python have to agree."""

import duckdb
import pytest
from careloop_profile.linkage.policy.levels import level
from careloop_profile.linkage.policy.strings import edits, jaro_winkler
from hypothesis import given, settings
from hypothesis import strategies as st

LEVELS = (
    "equal", "edits 1", "edits 2", "first 1", "first 4", "last 7", "words 1", "words 2", "days 366", "mailbox",
    "jaro_winkler 0.8", "jaro_winkler 0.92",
)  # fmt: skip
NEAR = st.text("ab 张伟é@-01", max_size=9)
DATES = st.one_of(st.dates().map(str), st.sampled_from(("1999-02-29", "2000-02-29", "1985-13-01", "x")))
PAIRS = st.lists(st.one_of(st.tuples(NEAR, NEAR), st.tuples(DATES, DATES)), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def database():
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        yield connection


@pytest.mark.parametrize("when", LEVELS)
def test_a_level_holds_in_python_where_it_holds_in_sql(database, when):
    found = level(when)
    sql = found.sql.format(one="one", other="other")

    @settings(deadline=None, max_examples=60)
    @given(PAIRS)
    def agree(pairs):
        ones, others = zip(*pairs, strict=True)
        query = f"SELECT coalesce({sql}, false) FROM (SELECT unnest(?) AS one, unnest(?) AS other)"
        theirs = [row[0] for row in database.execute(query, [list(ones), list(others)]).fetchall()]
        assert [found.holds(*pair) for pair in pairs] == theirs

    agree()


def test_similarity_and_edits_are_those_of_the_literature():
    assert jaro_winkler("martha", "marhta") == pytest.approx(0.9611, abs=1e-4)
    assert jaro_winkler("dwayne", "duane") == pytest.approx(0.84)
    assert jaro_winkler("dixon", "dicksonx") == pytest.approx(0.8133, abs=1e-4)
    assert (edits("ca", "abc"), edits("ab", "ba"), edits("", "abc"), edits("同一", "同一")) == (2, 1, 3, 0)


@given(st.text(max_size=8), st.text(max_size=8))
def test_being_alike_has_no_direction(one, other):
    assert edits(one, other) == edits(other, one)
    assert jaro_winkler(one, other) == pytest.approx(jaro_winkler(other, one))


@pytest.mark.parametrize(
    "when", ["", "equal 1", "edits", "edits 0", "edits 1.5", "jaro_winkler 1", "jaro_winkler", "soundex", "words -1"]
)  # fmt: skip
def test_a_level_that_there_is_not_is_refused(when):
    with pytest.raises(ValueError, match="there is no level"):
        level(when)
