"""Every figure of `/v1/ticket-kpis`, counted again from events, histories and intervals, in plain Python.

And of pauses: those that were made to get round a clock are all found, and none of those that were in order.
"""

import json
import random
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from careloop_common import clock, ids
from careloop_common.plumbing import outbox
from careloop_common.tokens import SYSTEM
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.models import ClockRow, IntervalRow
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.models import HistoryRow
from careloop_ticketing.tickets.policy import ArchiveReason, Outcome, RejectReason, ReopenReason
from careloop_ticketing.tickets.service import Case, Intake
from careloop_ticketing.vocabulary import Kind, PauseReason
from sqlalchemy import select
from sqlmodel import col

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SUBJECTS = ("账单看不懂", "手机信号很差")
CUSTOMER, OTHERS = PauseReason.WAITING_FOR_CUSTOMER, PauseReason.WAITING_FOR_THIRD_PARTY
ROUND_A_CLOCK = {
    "nothing_asked": [(1, "respond"), (2, "hear"), (3, "pause", CUSTOMER), (4, "resume")],
    "last_minute": [(1, "respond"), (22.5, "pause", OTHERS), (23, "resume")],
    "mostly_paused": [(1, "respond"), (2, "pause", OTHERS), (30, "resume"), (31, "resolve")],
}
IN_ORDER = [(1, "respond"), (3, "hear"), (4, "respond"), (6, "pause", CUSTOMER), (8, "hear")]
FIGURES = ("responded_in_30_min", "first_contact_resolution", "closed_in_72_h", "reopened")


def lives(dice):
    """What happens to tickets, in hours after their opening: answers, pauses, solutions, second thoughts, ends."""
    for _ in range(40):
        life, hour = [], 0.0
        if dice.random() < 0.8:
            life.append((hour := hour + dice.choice((0.2, 0.5, 3)), "respond"))
            if dice.random() < 0.4:
                life += [(hour + 2, "pause", OTHERS), (hour := hour + 3, "resume")]
        if dice.random() < 0.1:
            yield [*life, (hour + 1, "reject")]
            continue
        for _ in range(dice.choice((0, 1, 1, 2))):
            life.append((hour := hour + dice.choice((1, 20, 60)), "resolve"))
            if dice.random() < 0.6:
                break
            life.append((hour := hour + dice.choice((1, 30)), "reopen"))
        if life and life[-1][1] == "resolve" and dice.random() < 0.7:
            life.append((hour + dice.choice((1, 30)), "archive"))
        yield life


@pytest.fixture
def live(runtime):
    """`await live(life, now=…)` opens a ticket at that instant and lives its life; returns its id."""

    async def through(life, *, now, **given):
        about = {"kind": Kind.COMPLAINT, "channel": "web", "subject": SUBJECTS[0], "description": ""}
        async with runtime.database.transaction() as session:
            opened = await tickets.open_ticket(
                session, Intake(**(about | {"source": "web"} | given)), actor=SYSTEM, now=now
            )
            await session.flush()
            for hour, act, *reason in life:
                watches = await sla.of(session, opened.ticket.id)
                await _act(Case(session, opened.ticket, watches, SYSTEM, now + hour * HOUR), act, *reason)
                await session.flush()
        return opened.ticket.id

    return through


async def _act(case, act, reason=None):
    match act:
        case "respond":
            await tickets.respond(case, note=None)
        case "hear":
            await tickets.hear(case, text="还没好", received_at=None)
        case "pause":
            await tickets.pause(case, reason=reason, evidence=None, note=None)
        case "resume":
            await tickets.resume(case)
        case "resolve":
            await tickets.resolve(case, outcome=Outcome.SOLVED, note=None)
        case "reopen":
            await tickets.reopen(case, reason=ReopenReason.NOT_SOLVED)
        case "archive":
            await tickets.archive(case, reason=ArchiveReason.CLOSED)
        case "reject":
            await tickets.reject(case, reason=RejectReason.SPAM, note=None)


async def test_every_figure_is_what_the_raw_events_come_to(client, live, session, publish_policy):
    await publish_policy()
    now, dice = clock.now(), random.Random(21)
    people = [None, *(ids.new_id() for _ in range(6))]
    for life in lives(dice):
        latest = max((hour for hour, *_ in life), default=0) / 24
        await live(
            life,
            now=now - (latest + dice.uniform(0, 14)) * DAY,
            channel=dice.choice(("web", "hotline")),
            subject=dice.choice(SUBJECTS),
            customer_id=dice.choice(people),
        )
    window = {"opened_from": (now - 60 * DAY).isoformat(), "opened_until": now.isoformat()}
    for by in ("all", "channel", "cause"):
        groups = (await client.get("/v1/ticket-kpis", params=window | {"by": by})).json()["groups"]
        found = {
            group["group"]: {name: _pair(group[name]) for name in FIGURES}
            | {name: _pair(ratio) for name, ratio in group["attainment"].items()}
            for group in groups
        }
        expected = await _recount(session, by, now)
        assert found == expected, by
    assert all(0 < numerator < of for numerator, of in (await _recount(session, "all", now))["all"].values())


def _pair(ratio):
    return ratio["numerator"], ratio["denominator"]


async def _recount(session, by, now):
    opened = {}
    for row in await session.execute(select(outbox.c.subject, outbox.c.payload).order_by(outbox.c.id)):
        event = json.loads(row.payload)
        if row.subject.endswith((".opened", ".classified")):
            opened.setdefault(event["ticket_id"], {}).update(event)
    histories, clocks = defaultdict(list), defaultdict(list)
    for entry in await session.scalars(select(HistoryRow).order_by(col(HistoryRow.seq))):
        histories[str(entry.ticket_id)].append(entry)
    for name, target, span in await _spans(session):
        clocks[str(span.subject_id), name, target].append(span)
    lives = {
        ticket_id: {entry.fact: entry.at for entry in reversed(history)} | {"last": history[-1].fact}
        for ticket_id, history in histories.items()
    }
    counted = defaultdict(lambda: defaultdict(Counter))
    for ticket_id, life in lives.items():
        if life["last"] == "rejected":
            continue
        group = counted["all" if by == "all" else opened[ticket_id][by]]
        for name, (passed, told) in _told(ticket_id, life, lives, opened, now).items():
            group[name].update(told=told, passed=told and passed)
        for (owner, name, target), spans in clocks.items():
            if owner == ticket_id:
                ran = sum(((s.ended_at or now) - s.started_at for s in spans), timedelta())
                stopped, late = spans[-1].ended_at is not None, ran >= target
                group[name].update(told=stopped or late, passed=stopped and not late)
    return {
        name: {figure: (count["passed"], count["told"]) for figure, count in group.items()}
        for name, group in counted.items()
    }


async def _spans(session):
    """The runs of every clock: its name, its target, the run. None is paused at the end of these lives."""
    runs = (
        select(col(ClockRow.name), col(ClockRow.target), IntervalRow)
        .join(
            ClockRow,
            (col(ClockRow.subject_id) == col(IntervalRow.subject_id))
            & (col(ClockRow.name) == col(IntervalRow.clock)),
        )
        .where(col(IntervalRow.activity) == "run")
        .order_by(col(IntervalRow.seq))
    )
    return (await session.execute(runs)).all()


def _told(ticket_id, life, lives, opened, now):
    """Of each figure: whether it is good, and whether it can be told yet."""
    start, resolved, archived = life["opened"], life.get("resolved"), life.get("archived")
    answered = min(filter(None, (life.get("responded"), resolved)), default=None)
    reopened, me = "reopened" in life, opened[ticket_id]
    again = resolved and any(
        other["customer_id"] == me["customer_id"] is not None
        and other["cause"] == me["cause"]
        and resolved < lives[key]["opened"] <= resolved + 7 * DAY
        and lives[key]["last"] != "rejected"
        for key, other in opened.items()
    )
    return {
        "responded_in_30_min": _within(start, answered, HOUR / 2, now),
        "closed_in_72_h": _within(start, archived, 3 * DAY, now),
        "reopened": (reopened, resolved is not None),
        "first_contact_resolution": (
            not reopened and not again,
            reopened or (resolved is not None and resolved <= now - 7 * DAY),
        ),
    }


def _within(start, done, goal, now):
    return done is not None and done - start <= goal, done is not None or now - start > goal


async def test_every_pause_round_a_clock_is_found_and_none_that_was_in_order(client, live, publish_policy):
    await publish_policy()
    now = clock.now()
    seeded = set()
    for number in range(4):
        await live(IN_ORDER, now=now - 3 * DAY)
        for suspicion, life in ROUND_A_CLOCK.items():
            seeded.add((str(await live(life, now=now - (2 + number) * DAY)), suspicion))
    found, cursor = [], None
    window = {"opened_from": (now - 60 * DAY).isoformat(), "opened_until": now.isoformat()}
    while True:
        page = (
            await client.get("/v1/pause-audit", params=window | ({"cursor": cursor} if cursor else {}))
        ).json()
        found += [(item["ticket_id"], item["suspicion"]) for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert Counter(found) == Counter(seeded)
