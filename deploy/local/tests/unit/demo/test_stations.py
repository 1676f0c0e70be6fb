"""The demo's own judgement: it has to notice when a station did not do its work."""

import pytest
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.station import Station
from careloop_local.demo.stations import clocks, messages
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
