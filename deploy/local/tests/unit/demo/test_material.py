from dataclasses import replace

import pytest
from careloop_local.demo import material

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
    def make(text: str, encoding: str = "utf-8-sig"):
        path = tmp_path / "complaints.csv"
        path.write_bytes(text.encode(encoding))
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


def test_bytes_that_are_no_utf8_do_not_stop_the_others(plan_with, people):
    plan = plan_with("text\nok\nna\xefve\n", encoding="latin-1")
    assert [filing.text[:2] for filing in material.filings(plan, people)] == ["ok", "na"]


def test_a_file_without_texts_is_refused_with_the_columns_that_would_do(plan_with, people):
    plan = plan_with("a,b\n1,2\n")
    with pytest.raises(material.ComplaintsUnreadable, match="Customer Complaint"):
        material.check_complaints(plan.complaints)
    with pytest.raises(material.ComplaintsUnreadable):
        material.filings(plan, people)


def test_the_customers_of_a_run_are_written_as_a_file(plan):
    path = material.simulated_customers(plan)
    assert len(path.read_text(encoding="utf-8").splitlines()) == plan.size.customers + 1
