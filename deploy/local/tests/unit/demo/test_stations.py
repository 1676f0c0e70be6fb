"""The demo's own judgement: it has to notice when a station did not do its work."""

from dataclasses import replace

import pytest
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.station import Station
from careloop_local.demo.stations import clocks, complaints, customers, messages
from careloop_local.demo.tickets import Ticket, Treatment
from careloop_local.waiting import TooLate

DUE = "2026-03-02T12:00:00+00:00"


def message(purpose: str, channel: str = "sms") -> dict[str, str]:
    return {"purpose": purpose, "channel": channel}


def test_care_needs_a_consent_on_the_channel(make_known):
    customer = make_known(1, consents={("care", "sms")})
    assert messages._wanted(customer, message("care"))
    assert not messages._wanted(customer, message("care", "email"))
    assert not messages._wanted(customer, message("marketing"))


def test_service_needs_none_but_a_refusal_counts(make_known):
    assert messages._wanted(make_known(1, consents=set()), message("service"))
    assert not messages._wanted(make_known(1, refusals={("service", "sms")}), message("service"))


@pytest.mark.parametrize("purpose", ["service", "care"])
def test_who_wants_to_be_left_alone_is(make_known, purpose):
    assert not messages._wanted(make_known(1, do_not_disturb=True), message(purpose))


def test_who_left_gets_no_care(make_known):
    assert not messages._wanted(make_known(1, status="left"), message("care"))


@pytest.fixture
def ticket(journey):
    journey.tickets.filed["t1"] = Ticket("t1", Treatment.IGNORED, "primary")
    return "t1"


@pytest.fixture
def judged(journey, ticket):
    def judge() -> dict[str, bool]:
        outcome = Outcome()
        clocks._judge(journey, {ticket}, outcome)
        return {item.text: item.held for item in outcome.expectations}

    return judge


@pytest.fixture
def run_out(tell, ticket):
    """Tells of both clocks running out, and of their escalation after some seconds."""

    def told(after: str = "2026-03-02T12:00:00.050000+00:00") -> None:
        for clock in clocks.CLOCKS:
            tell("ticket.sla_breached", ticket_id=ticket, clock=clock)
            tell(
                "ticket.escalated",
                ticket_id=ticket,
                clock=clock,
                step="breach",
                due_at=DUE,
                escalated_at=after,
            )

    return told


def test_clocks_that_ran_out_and_were_escalated_in_time_pass(judged, run_out):
    run_out()
    assert all(judged().values())


def test_a_breach_without_escalation_is_noticed(judged, run_out, tell, journey):
    run_out()
    journey.tickets.filed["t2"] = Ticket("t2", Treatment.IGNORED, "primary")
    tell("ticket.sla_breached", ticket_id="t2", clock="resolution")
    assert not judged()["every breached clock escalated"]


def test_a_step_taken_twice_is_noticed(judged, run_out, tell, ticket):
    run_out()
    tell(
        "ticket.escalated", ticket_id=ticket, clock="resolution", step="breach", due_at=DUE, escalated_at=DUE
    )
    assert not judged()["no step taken twice"]


def test_a_clock_that_never_ran_out_is_noticed(judged, tell, ticket):
    tell("ticket.sla_breached", ticket_id=ticket, clock="first_response")
    assert not judged()["no clock lost"]


def test_lateness_is_noticed(judged, run_out):
    run_out(after="2026-03-02T12:00:01.500000+00:00")
    found = judged()
    assert not found["p99 lateness at most 1 s"]
    assert found["every breached clock escalated"]


def test_tickets_of_other_runs_do_not_count(judged, run_out, tell):
    run_out()
    tell("ticket.sla_breached", ticket_id="of another run", clock="resolution")
    assert judged()["every breached clock escalated"]


async def test_a_station_that_fails_says_why(journey):
    async def work(journey, line, outcome) -> None:
        outcome.show("done", 3)
        raise TooLate("the import did not happen within 5 s")

    visit = await Station("Import", work).visit(journey)
    assert not visit.passed
    assert visit.failure == "TooLate: the import did not happen within 5 s"
    assert visit.outcome.figures == [("done", "3")]


async def test_failures_of_workers_are_told_once(journey):
    async def work(journey, line, outcome) -> None:
        raise ExceptionGroup("two desks", [TooLate("a"), TooLate("a"), KeyError("b")])

    visit = await Station("Complaints", work).visit(journey)
    assert visit.failure == "TooLate: a; KeyError: 'b'"


def test_rows_that_are_left_out_stand_in_the_table_with_their_lines(journey, tmp_path):
    path = tmp_path / "complaints.csv"
    path.write_bytes(b"text\nslow\n\x00\n")
    journey.plan = replace(journey.plan, complaints=path)
    outcome = Outcome()
    complaints._show_left_out(journey, 1, outcome)
    rejects = tmp_path / "complaints.rejects.csv"
    assert outcome.figures == [("read as", "utf-8"), ("left out", f"1: line 3 nul_character (see {rejects})")]
    assert [str(item) for item in outcome.expectations] == ["filed = rows − left out (1 = 2 − 1)"]
    assert rejects.read_text() == "line,reason\n3,nul_character\n"


async def test_a_file_without_customers_is_named(journey, tmp_path, monkeypatch):
    async def nothing(*_):
        return {"import_id": "i1", "accepted": 0, "rows_read": 0, "rejected": 0}

    async def no_rejects(*_):
        return 0

    async def mapping(*_, **__):
        return {}

    monkeypatch.setattr(customers.importer, "import_file", nothing)
    monkeypatch.setattr(customers.importer, "save_rejects", no_rejects)
    monkeypatch.setattr(customers.importer, "load_mapping", mapping)
    journey.plan = replace(journey.plan, data=tmp_path / "empty.csv")
    visit = await customers.STATION.visit(journey)
    assert visit.failure == "NoCustomers: empty.csv: 0 rows, 0 of them rejected"
