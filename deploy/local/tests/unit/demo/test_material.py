from dataclasses import replace

import pytest
from careloop_local.demo import material
from careloop_local.demo.table import Reject
from careloop_local.errors import LocalError
from hypothesis import given
from hypothesis import strategies as st

FCC_FORM = """\
Ticket #,Customer Complaint,Received Via,City,State
1,Speeds are slow,Customer Care Call,Abingdon,Maryland
2,"Charged twice, no answer",Internet,Acworth,Georgia
3,   ,Internet,Nowhere,Ohio
"""


@pytest.fixture
def people(make_known):
    known = [make_known(number, status="left" if number % 3 == 0 else "active") for number in range(1, 31)]
    return {customer.customer_no: customer for customer in known}


@pytest.fixture
def plan_with(plan, tmp_path):
    def make(text: str | bytes, encoding: str = "utf-8-sig"):
        path = tmp_path / "complaints.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return replace(plan, complaints=path)

    return make


def test_simulated_complaints_come_from_customers_who_are_there(plan, people):
    found = material.filings(plan, people)
    assert len(found) == plan.size.complaints
    assert {filing.customer_no for filing in found} <= {n for n, known in people.items() if known.present}


def test_complaints_of_a_file_are_given_to_the_same_customers_each_time(plan_with, people):
    plan = plan_with(FCC_FORM)
    found = material.filings(plan, people)
    assert [filing.text for filing in found] == [
        "Speeds are slow (Abingdon, Maryland)",
        "Charged twice, no answer (Acworth, Georgia)",
    ]
    assert [filing.channel for filing in found] == ["hotline", "web"]
    assert all(people[filing.customer_no].present for filing in found)
    assert material.filings(plan, people) == found


def test_a_file_may_say_who_complains(plan_with, people):
    plan = plan_with("customer_no,text,channel\n00000002,太慢了,app\n99999999,太贵了,app\n")
    named, stranger = material.filings(plan, people)
    assert named.customer_no == "00000002"
    assert stranger.customer_no in people


def test_a_file_in_gb18030_is_read_as_it_was_written(plan_with, people):
    plan = plan_with("投诉内容,渠道\n宽带太慢了，没人管,微信\n多扣了钱,热线\n", encoding="gb18030")
    found = material.filings(plan, people)
    assert [(one.text, one.channel) for one in found] == [
        ("宽带太慢了，没人管", "wechat"),
        ("多扣了钱", "hotline"),
    ]
    assert material.read_complaints(plan.complaints).encoding == "gb18030"


BAD_ROWS = {
    "nul_character": b"a\0b,app",
    "wrong_encoding": b"na\xffve \xe5\xa5,app",
    "cell_too_large": b"x" * 200_000 + b",app",
    "ragged_row": b"one,two,three",
    "text_missing": b"  ,app",
    "text_too_long": b"x" * 20_001 + b",app",
    "channel_unknown": "太慢,鸽子".encode(),
    "unterminated_quote": b'"never closed,app',
}


@pytest.mark.parametrize(("reason", "row"), BAD_ROWS.items(), ids=BAD_ROWS)
def test_a_bad_row_costs_nothing_but_itself(plan_with, people, reason, row):
    plan = plan_with("text,channel\n太慢了,app\n".encode() + row + "\n太贵了,app\n".encode())
    assert [one.text for one in material.filings(plan, people)] == ["太慢了", "太贵了"]
    assert material.read_complaints(plan.complaints).rejects == [Reject(3, reason)]


def test_all_bad_rows_are_named_by_the_lines_of_the_file(plan_with, people):
    rows = [b'"two\nlines",app', b'"said ""no""; then left",app', *BAD_ROWS.values(), b'5" screen,app']
    plan = plan_with(b"text,channel\n\n" + b"\n".join(rows))
    found = material.read_complaints(plan.complaints)
    assert [row.text for row in found.rows] == ["two\nlines", 'said "no"; then left', '5" screen']
    assert [(one.line, one.reason) for one in found.rejects] == list(enumerate(BAD_ROWS, start=6))


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_the_delimiter_is_found_out(plan_with, people, mark):
    plan = plan_with(f"channel{mark}text\napp{mark}too slow, again\n")
    (filing,) = material.filings(plan, people)
    assert (filing.text, filing.channel) == ("too slow, again", "app")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("text\nslow\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"", "none of the columns"),
        (b"a,b\n1,2\n", "Customer Complaint.*; read as utf-8, its columns are a, b"),
        (b"x" * 200_000 + b"\n", "the header cannot be read: cell_too_large"),
    ],
    ids=["utf-16", "empty", "no text", "header"],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(plan_with, people, data, said):
    with pytest.raises(LocalError, match=said):
        material.read_complaints(plan_with(data).complaints)


def test_nobody_complains_where_nobody_is_a_customer(plan, make_known):
    with pytest.raises(material.NobodyComplains):
        material.filings(plan, {"1": make_known(1, status="left")})


@given(st.binary(max_size=400))
def test_no_bytes_end_in_anything_but_rows_and_reasons(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"text,channel\n" + data)
    found = material.read_complaints(path)
    assert all(row.text and "\0" not in row.text for row in found.rows)
    assert all(reject.line > 1 for reject in found.rejects)


def test_the_customers_of_a_run_are_written_as_a_file(plan):
    path = material.simulated_customers(plan)
    assert len(path.read_text(encoding="utf-8").splitlines()) == plan.size.customers + 1
