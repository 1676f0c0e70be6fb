"""Satisfaction: who was helped is asked how it went; most answer, the dissatisfied are taken up again, the rest is filed."""

import asyncio
from collections import Counter
from statistics import mean

from careloop_local.demo import figures
from careloop_local.demo.journey import Journey
from careloop_local.demo.observer import Seen
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.report import Line
from careloop_local.demo.rules import SATISFACTION_SECONDS
from careloop_local.demo.station import Station
from careloop_local.demo.tickets import HELPED, IN_TIME
from careloop_local.simulator import answers
from careloop_local.simulator.answers import Answer
from careloop_local.simulator.dice import stream
from careloop_local.waiting import until

ANSWERING = 0.6  # share of those asked who answer
CUSTOMERS_AT_ONCE = 2
LOOK_EVERY = 0.2
ASKED_WITHIN = 30.0
DISSATISFIED = 2


async def work(journey: Journey, line: Line, outcome: Outcome) -> None:
    customers = Customers(journey, line)
    await customers.answer_until_all_are_asked()

    async def settled() -> bool | None:
        line.update(len(customers.archived()), len(customers.asked), "archived")
        return True if customers.asked.keys() <= customers.archived().keys() else None

    await until(settled, SATISFACTION_SECONDS + 30.0, "the archive of every resolved ticket", every=0.3)
    _judge(customers, outcome)


class Customers:
    """Those who are asked. Each question is answered once or never."""

    def __init__(self, journey: Journey, line: Line) -> None:
        self.journey = journey
        self.line = line
        self.asked: dict[str, None] = {}
        self.given: dict[str, Answer] = {}
        self._dice = stream(journey.plan.seed, "answers")
        self._limit = asyncio.Semaphore(CUSTOMERS_AT_ONCE)

    async def answer_until_all_are_asked(self) -> None:
        """Look for new questions until the last ticket was resolved and everybody was asked."""
        tickets = self.journey.tickets
        async with asyncio.TaskGroup() as group:
            while not tickets.all_resolved.is_set():
                self._look(group)
                await asyncio.sleep(LOOK_EVERY)
            helped = {ticket.ticket_id for ticket in tickets.treated(*HELPED)}

            async def everybody_asked() -> bool | None:
                self._look(group)
                return True if tickets.gave_up or helped <= self.asked.keys() else None

            await until(
                everybody_asked, ASKED_WITHIN, "a question for every resolved ticket", every=LOOK_EVERY
            )

    def _look(self, group: asyncio.TaskGroup) -> None:
        """Some of those whose question is new answer it."""
        for ticket in self._fresh():
            if self._dice.random() < ANSWERING:
                group.create_task(self._answer(ticket))
        self.line.update(len(self.given), len(self.asked), "answered")

    def archived(self) -> dict[str, str]:
        """Why each ticket was archived."""
        return {seen.data["ticket_id"]: seen.data["reason"] for seen in self._events("archived")}

    def received(self) -> dict[str, int]:
        """The first score of each ticket, as ticketing announces it."""
        scores: dict[str, int] = {}
        for seen in self._events("satisfaction_received"):
            scores.setdefault(seen.data["ticket_id"], seen.data["score"])
        return scores

    def reopened(self) -> set[str]:
        return {seen.data["ticket_id"] for seen in self._events("reopened")}

    def _events(self, name: str) -> list[Seen]:
        filed = self.journey.tickets.filed
        return [
            seen for seen in self.journey.observer.of(f"ticket.{name}") if seen.data["ticket_id"] in filed
        ]

    def _fresh(self) -> list[str]:
        """Tickets whose first question has come since the last look."""
        requested = dict.fromkeys(seen.data["ticket_id"] for seen in self._events("satisfaction_requested"))
        fresh = [ticket for ticket in requested if ticket not in self.asked]
        self.asked.update(dict.fromkeys(fresh))
        return fresh

    async def _answer(self, ticket_id: str) -> None:
        """Say how it went. Who is dissatisfied is helped again, and is not asked twice for an answer."""
        ticket = self.journey.tickets.filed[ticket_id]
        given = answers.simulate(self._dice, in_time=ticket.treatment in IN_TIME)
        async with self._limit:
            body = (
                {"score": given.score}
                if given.comment is None
                else {"score": given.score, "comment": given.comment}
            )
            await self.journey.gateway.post(f"/v1/tickets/{ticket_id}/satisfaction", body)
            self.given[ticket_id] = given
            if given.score <= DISSATISFIED:
                again = {"outcome": "compensated", "note": "Taken up again and settled."}
                await self.journey.gateway.post(f"/v1/tickets/{ticket_id}/resolve", again)


def _judge(customers: Customers, outcome: Outcome) -> None:
    given, received, archived = customers.given, customers.received(), customers.archived()
    scores = list(received.values())
    unhappy = {ticket for ticket, answer in given.items() if answer.score <= DISSATISFIED}
    outcome.show("answers", f"{figures.count(len(given))} of {figures.count(len(customers.asked))} asked")
    outcome.show("mean score", f"{mean(scores):.2f}" if scores else "-")
    outcome.show("scores 5 to 1", " / ".join(figures.count(scores.count(score)) for score in range(5, 0, -1)))
    outcome.show("satisfied (4 or 5)", figures.share(sum(score > 3 for score in scores), len(scores)))
    outcome.show("taken up again", figures.count(len(customers.reopened())))
    outcome.show("archived", figures.counts(Counter(archived.values())))
    told = {ticket: answer.score for ticket, answer in given.items()}
    outcome.expect("answers were given", bool(given))
    outcome.expect(
        "every answer arrived as it was given", received == told, f"{len(received)} of {len(told)}"
    )
    outcome.expect("the dissatisfied were taken up again, nobody else", customers.reopened() == unhappy)
    outcome.expect("every resolved ticket is archived", customers.asked.keys() <= archived.keys())


STATION = Station("Satisfaction", work)
