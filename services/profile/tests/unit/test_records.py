import csv
import io

import pytest
from careloop_profile.imports.policy import records
from careloop_profile.imports.policy.dialect import (
    EncodingProbe,
    Undecodable,
    dialect_of,
    header_names,
    skip_mark,
)
from careloop_profile.imports.policy.quality import Distinct, Quality
from careloop_profile.imports.policy.records import Flaw, Place
from hypothesis import given
from hypothesis import strategies as st


def rows_of(data, *, step=None, encoding="utf-8"):
    """Everything in `data`, read `step` bytes at a time and resumed from the place after every record."""
    place, found = Place(), []
    size = step or len(data) or 1
    reach = size
    while place.offset < len(data):
        end = min(len(data), reach)
        buffer = data[place.offset : end]
        progress = False
        for record, after in records.split(buffer, place, delimiter=b",", final=end == len(data)):
            place, progress = after, True
            if record is not None:
                read = record.flaw or records.cells(record.raw, encoding=encoding, delimiter=",")
                found.append((record.line, read))
            break
        if not progress:
            reach += size
        reach = max(reach, place.offset + size)
    return found


# Python's writer leaves a carriage return bare when it is not its own line end.
cells = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)
tables = st.lists(st.lists(cells, min_size=2, max_size=4), max_size=8)


@given(tables, st.integers(1, 20), st.sampled_from(["utf-8", "gb18030"]), st.sampled_from(["\n", "\r\n"]))
def test_what_a_writer_wrote_is_read_back_however_it_is_cut(table, step, encoding, ending):
    file = io.StringIO()
    csv.writer(file, lineterminator=ending).writerows(table)
    data = file.getvalue().encode(encoding)
    expected = [row for row in table if any(cell.strip(" \t\r\n\x0b\x0c") for cell in row) or len(row) > 1]
    found = [row for _, row in rows_of(data, step=step, encoding=encoding)]
    assert found == expected


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_end_and_say_the_same_however_they_are_cut(data, step):
    assert rows_of(data, step=step) == rows_of(data)


def test_lines_are_counted_through_quoted_newlines_and_blank_lines():
    found = rows_of(b'a,b\n\n"1\n2\n3",x\ny,z')
    assert [(line, row) for line, row in found] == [(1, ["a", "b"]), (3, ["1\n2\n3", "x"]), (6, ["y", "z"])]


def test_a_quote_in_the_middle_of_a_cell_is_only_a_character():
    assert rows_of(b'5" screen,x\nb,c\n') == [(1, ['5" screen', "x"]), (2, ["b", "c"])]


def test_after_an_open_quote_reading_goes_on_at_the_next_line():
    assert rows_of(b'a,"open\nb,c\n') == [(1, Flaw.UNTERMINATED_QUOTE), (2, ["b", "c"])]


@pytest.mark.parametrize("newlines", [False, True])
def test_a_cell_of_ten_megabytes_costs_one_record(newlines):
    cell = (b"x\n" if newlines else b"xx") * (5 << 20)
    found = rows_of(b'a,"' + cell + b'"\nb,c\n', step=1 << 20)
    assert [row for _, row in found] == [Flaw.RECORD_TOO_LARGE, ["b", "c"]]


def test_a_line_longer_than_the_search_is_passed_over():
    data = b"x" * (records.MAX_SEARCH + (3 << 20)) + b"\nb,c\n"
    assert [row for _, row in rows_of(data, step=1 << 20)] == [Flaw.RECORD_TOO_LARGE, ["b", "c"]]


def test_flaws_of_single_records():
    assert records.cells(b"a\0b", encoding="utf-8", delimiter=",") is Flaw.NUL
    assert records.cells(b"\xff\xfe", encoding="utf-8", delimiter=",") is Flaw.ENCODING
    assert records.cells(b"x" * 200_000, encoding="utf-8", delimiter=",") is Flaw.CELL_TOO_LARGE
    assert records.cells(b"a\rb", encoding="utf-8", delimiter=",") is Flaw.MALFORMED
    assert records.cells(b"," * 2000, encoding="utf-8", delimiter=",") is Flaw.MALFORMED


def probe(*pieces):
    found = EncodingProbe()
    for piece in pieces:
        found.feed(piece)
    found.feed(b"", final=True)
    return found.verdict()


def test_the_encoding_is_known_from_the_whole_file():
    assert probe("张".encode()[:1], "张".encode()[1:]) == "utf-8"
    assert probe(b"plain ascii", "张伟".encode("gb18030")) == "gb18030"
    assert probe(b"\xff\xff\xff") == "utf-8"


def test_byte_order_marks():
    assert skip_mark(b"\xef\xbb\xbfid") == 3
    assert skip_mark(b"id") == 0
    with pytest.raises(Undecodable):
        skip_mark("id".encode("utf-16"))


@pytest.mark.parametrize(
    ("mark", "header"), [(",", b"a,b,c\n"), ("\t", b"a\tb, c\td\n"), (";", b"a;b\n"), (",", b"a\n")]
)
def test_the_delimiter_is_the_commonest_mark_of_the_header(mark, header):
    assert dialect_of(header, "utf-8").delimiter == mark


def test_old_line_ends_and_nameless_columns():
    assert dialect_of(b"a,b\r1,2\r", "utf-8").newline == "\r"
    assert header_names([" id ", "", "\ufeffx"]) == ["id", "column_2", "x"]


@given(st.sets(st.text(max_size=6), max_size=100))
def test_few_distinct_values_are_counted_exactly(values):
    distinct = Distinct()
    for value in [*values, *values]:
        distinct.add(value)
    assert distinct.exact
    assert distinct.count == len(values)


def test_many_distinct_values_are_counted_nearly():
    distinct = Distinct()
    for number in range(50_000):
        distinct.add(str(number))
    assert not distinct.exact
    assert abs(distinct.count - 50_000) < 10_000


def test_quality_survives_storage():
    quality = Quality.from_json({})
    quality.flaw("ragged_row")
    assert Quality.from_json(quality.to_json()) == quality
