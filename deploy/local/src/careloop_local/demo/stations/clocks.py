"""Clocks: tickets nobody answers run out of time, step by step up the ladder; some are answered late after all."""

from collections import Counter
from functools import partial

from careloop_local.demo import figures
from careloop_local.demo.journey import Journey
from careloop_local.demo.observer import Seen
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.report import Line
from careloop_local.demo.rules import LONGEST_TARGET, MOST_LATENESS
from careloop_local.demo.station import Station
from careloop_local.demo.stations.complaints import answer
from careloop_local.demo.tickets import Treatment
from careloop_local.waiting import gather_limited, until

AGENTS = 2
CLOCKS = ("first_response", "resolution")
BREACH = "breach"


async def work(journey: Journey, line: Line, outcome: Outcome) -> None:
    left = {ticket.ticket_id for ticket in journey.tickets.treated(Treatment.LATE, Treatment.IGNORED)}
    await _run_out(journey, line, left)
    late = journey.tickets.treated(Treatment.LATE)
    await gather_limited([partial(answer, journey, ticket) for ticket in late], AGENTS)
    journey.tickets.all_resolved.set()
    ignored = {ticket.ticket_id for ticket in journey.tickets.treated(Treatment.IGNORED)}
    await _climb(journey, line, ignored)
    _judge(journey, left, outcome)


async def _run_out(journey: Journey, line: Line, left: set[str]) -> None:
    wanted = {(ticket, clock) for ticket in left for clock in CLOCKS}

    async def breached() -> bool | None:
        found = wanted & _breaches(journey)
        line.update(len(found), len(wanted), "clocks run out")
        return True if found == wanted else None

    await until(breached, LONGEST_TARGET + 30.0, "the end of every clock left alone", every=0.3)


async def _climb(journey: Journey, line: Line, ignored: set[str]) -> None:
    """Wait until the last step above the breach was taken for every ticket that nobody touches."""

    async def at_the_top() -> bool | None:
        topped = {
            seen.data["ticket_id"]
            for seen in _escalations(journey)
            if seen.data["clock"] == "resolution" and seen.data["target"] == "group_committee"
        }
        line.update(len(topped & ignored), len(ignored), "at the top of the ladder")
        return True if ignored <= topped else None

    await until(at_the_top, LONGEST_TARGET + 30.0, "the top of the ladder", every=0.3)


def _breaches(journey: Journey) -> set[tuple[str, str]]:
    events = journey.observer.of("ticket.sla_breached")
    return {(seen.data["ticket_id"], seen.data["clock"]) for seen in events}


def _escalations(journey: Journey) -> list[Seen]:
    filed = journey.tickets.filed
    return [seen for seen in journey.observer.of("ticket.escalated") if seen.data["ticket_id"] in filed]


def _judge(journey: Journey, left: set[str], outcome: Outcome) -> None:
    filed, steps = journey.tickets.filed, _escalations(journey)
    breached = {pair for pair in _breaches(journey) if pair[0] in filed}
    told = Counter((s.data["ticket_id"], s.data["clock"]) for s in steps if s.data["step"] == BREACH)
    taken = Counter((s.data["ticket_id"], s.data["clock"], s.data["step"]) for s in steps)
    lateness = [figures.seconds_between(s.data["due_at"], s.data["escalated_at"]) for s in steps]
    seen_after = [(s.received_at - s.time).total_seconds() for s in steps]
    outcome.show("breached clocks", f"{figures.count(len(breached))} of {figures.count(2 * len(filed))}")
    outcome.show("escalation steps", f"{figures.count(len(steps))} ({_by_step(steps)})")
    outcome.show("lateness p50/p99/max", figures.spread(lateness))
    outcome.show("on NATS after p50/p99/max", figures.spread(seen_after))
    outcome.expect(
        "every breached clock escalated", breached <= told.keys(), f"{len(told)} of {len(breached)}"
    )
    outcome.expect("no step taken twice", all(count == 1 for count in taken.values()))
    outcome.expect("no clock lost", {(ticket, clock) for ticket in left for clock in CLOCKS} <= breached)
    late = figures.quantile(lateness, 0.99) if lateness else float("inf")
    outcome.expect(
        f"p99 lateness at most {MOST_LATENESS:.0f} s", late <= MOST_LATENESS, figures.duration(late)
    )


def _by_step(steps: list[Seen]) -> str:
    return figures.counts(Counter(seen.data["step"] for seen in steps))


STATION = Station("SLA clocks and escalation", work)
