import csv
import io

import pytest
from careloop_ticketing.exports.policy import cell, lines
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\ufeff=1", "＝1", "\r=1", "\n=1"]
)
def test_no_cell_is_a_formula(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "5G", "信号=无", "a-b"])
def test_other_text_stays_as_it_is(text):
    assert cell(text) == text


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")),
            min_size=2,
            max_size=4,
        )
    )
)
def test_what_is_written_is_read_again(rows):
    read = list(csv.reader(io.StringIO(lines(rows), newline="")))
    assert read == [[cell(value) for value in row] for row in rows]
