"""Complaints: filed from several desks at once, some of them twice; classified; and most answered right away."""

from collections import Counter
from functools import partial
from typing import Any

from careloop_local.demo import figures, material
from careloop_local.demo.journey import Filing, Journey
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.report import Line
from careloop_local.demo.station import Station
from careloop_local.demo.tickets import IN_TIME, Ticket, Treatment, treatment
from careloop_local.simulator.dice import stream
from careloop_local.waiting import gather_limited, until

DESKS = 3
SUBJECT = 80
NAMED = 5  # rows that are left out, in the table
SENT_AGAIN = 0.03  # share of submissions that come a second time, as after a lost answer


async def work(journey: Journey, line: Line, outcome: Outcome) -> None:
    filings = material.filings(journey.plan, journey.customers)
    _show_left_out(journey, len(filings), outcome)
    dice = stream(journey.plan.seed, "agents")
    desk = Desk(journey, line, len(filings))
    jobs = [
        partial(desk.receive, filing, treatment(dice), again=dice.random() < SENT_AGAIN) for filing in filings
    ]
    await gather_limited(jobs, DESKS)
    filed = journey.tickets.filed

    async def announced() -> bool | None:
        seen = {event.data["ticket_id"] for event in journey.observer.of("ticket.classified")}
        return True if filed.keys() <= seen else None

    await until(announced, 15.0, "the announcement of every ticket")
    classified = [
        event.data for event in journey.observer.of("ticket.classified") if event.data["ticket_id"] in filed
    ]
    outcome.show(
        "complaints", f"{figures.count(len(filings))}, {figures.count(desk.repeated)} of them sent twice"
    )
    at_once = journey.tickets.treated(Treatment.FIRST_CONTACT)
    outcome.show("settled at first contact", figures.share(len(at_once), len(filed)))
    outcome.show("answered in time", figures.count(len(journey.tickets.treated(*IN_TIME))))
    outcome.show("tiers", figures.counts(Counter(ticket.tier for ticket in filed.values())))
    outcome.show("causes", figures.counts(Counter(data["cause"] for data in classified)))
    outcome.expect(
        "one ticket for each complaint", len(filed) == len(filings), f"{len(filed)} / {len(filings)}"
    )
    outcome.expect("sent twice, opened once", desk.doubled == 0, f"{desk.doubled} were doubled")
    first = {data["ticket_id"] for data in classified if data["by"] == "rules"}
    outcome.expect(
        "every ticket classified by the rules", first == filed.keys(), f"{len(first)} of {len(filed)}"
    )


def _show_left_out(journey: Journey, filed: int, outcome: Outcome) -> None:
    """Rows of the file that are no complaints, with their lines; all of them stand in a file of the run."""
    if journey.plan.complaints is None:
        return
    found = material.read_complaints(journey.plan.complaints)
    path = journey.plan.folder / "complaints.rejects.csv"
    outcome.show("read as", found.encoding)
    if found.rejects:
        rows = "".join(f"{reject.line},{reject.reason}\n" for reject in found.rejects)
        path.write_text(f"line,reason\n{rows}", encoding="utf-8")
        named = ", ".join(f"line {reject.line} {reject.reason}" for reject in found.rejects[:NAMED])
        outcome.show("left out", f"{figures.count(len(found.rejects))}: {named} (see {path})")
    read = filed + len(found.rejects)
    outcome.expect("filed = rows − left out", filed > 0, f"{filed:,} = {read:,} − {len(found.rejects):,}")


class Desk:
    """Where complaints come in."""

    def __init__(self, journey: Journey, line: Line, total: int) -> None:
        self.journey = journey
        self.line = line
        self.total = total
        self.repeated = 0
        self.doubled = 0

    async def receive(self, filing: Filing, treated: Treatment, *, again: bool) -> None:
        body = self._body(filing)
        opened = await self._file(body)
        if again:
            self.repeated += 1
            self.doubled += (await self._file(body))["id"] != opened["id"]
        ticket = Ticket(opened["id"], treated, opened["tier"])
        self.journey.tickets.filed[ticket.ticket_id] = ticket
        if treated in IN_TIME:
            await answer(self.journey, ticket)
        self.line.update(len(self.journey.tickets.filed), self.total, "filed")

    async def _file(self, body: dict[str, Any]) -> dict[str, Any]:
        return dict(await self.journey.gateway.post("/v1/tickets", body))

    def _body(self, filing: Filing) -> dict[str, Any]:
        return {
            "kind": "complaint",
            "channel": filing.channel,
            "subject": " ".join(filing.text.split())[:SUBJECT],
            "description": filing.text,
            "source": self.journey.plan.source,
            "external_ref": str(filing.number),
            "customer_id": self.journey.customers[filing.customer_no].customer_id,
        }


async def answer(journey: Journey, ticket: Ticket) -> None:
    """Respond and resolve, as an agent would; what is resolved at the first contact needs no word before."""
    path = f"/v1/tickets/{ticket.ticket_id}"
    if ticket.treatment is not Treatment.FIRST_CONTACT:
        await journey.gateway.post(f"{path}/respond", {"note": "We are on it."})
    await journey.gateway.post(f"{path}/resolve", {"outcome": "solved", "note": "Settled with the customer."})


STATION = Station("Complaints", work)
