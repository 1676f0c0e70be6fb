"""Whatever befalls a ticket, and whenever a policy is applied to it: its clocks are what they would be under it from the start.

Two tickets live the same life. One is opened under a policy, to the other that is applied somewhere on its way.
"""

import random
from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_common.errors import DomainError
from careloop_common.tokens import SYSTEM, Actor
from careloop_ticketing import defaults
from careloop_ticketing.classification.policy import Severity
from careloop_ticketing.recalculation import previewing
from careloop_ticketing.recalculation import service as recalculation
from careloop_ticketing.recalculation.policy import Cause
from careloop_ticketing.recalculation.service import Stretch
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.policy import Outcome, ReopenReason
from careloop_ticketing.tickets.service import Case, Intake
from careloop_ticketing.vocabulary import Kind, PauseReason

LIVES = 12
HALF_AN_HOUR = timedelta(minutes=30)
SUPERVISOR = Actor("boss", "user", scopes=frozenset({"tickets:supervise"}))
AGENT = Actor("agent", "user")
ACTS = (
    "respond",
    "assign",
    "hand_over",
    "release",
    "pause",
    "await",
    "resume",
    "hear",
    "resolve",
    "reopen",
    "merge",
    "unmerge",
)
ACTS += ("acknowledge", "classify", "note", "thank", "undo")
UNDONE = frozenset({"assign", "pause", "await", "resume", "resolve", "reopen", "undo"})
AGAIN = ("responded", "assigned", "taken", "customer_wrote", "resolved", "reopened")
"""What can befall a ticket more than once: a clock that starts with it and does not repeat might, where it is added."""
REASONS = tuple(PauseReason)
OFFICE = {
    "name": "Office",
    "zone": "Asia/Shanghai",
    "hours": {key: ["09:00-12:00", "13:30-18:00"] for key in ("mon", "tue", "wed", "thu", "fri")},
}


class NothingToUndo(Exception):
    pass


def some_clock(dice):
    repeats = dice.random() < 0.4
    start = dice.sample(AGAIN, dice.choice((1, 2))) if repeats else ["opened"]
    pauses = [
        {"reason": reason, "approval": dice.random() < 0.2} for reason in REASONS if dice.random() < 0.6
    ]
    return {
        "start": start,
        "stop": dice.sample((*AGAIN, "archived"), dice.choice((1, 2))),
        "repeats": repeats,
        "targets": [{"seconds": dice.choice((3_600, 36_000, 360_000))}],
        "ladders": [{"ladder": "first_response"}],
        "on_reopen": dice.choice(("freeze", "continue", "restart")),
        "pauses": pauses,
        **({"pausable": '!vip && tier != "advanced" && severity != "critical"'} if pauses else {}),
        **({"calendar": "office"} if dice.random() < 0.2 else {}),
    }


class Life:
    """One ticket, beside another one that it can be merged into."""

    def __init__(self, session, mine, other):
        self.session, self.mine, self.other = session, mine, other
        self.back = None

    async def lives(self, what, actor, now):
        """Whether that is possible."""
        try:
            async with self.session.begin_nested():
                await self._act(what, actor, now)
        except (DomainError, NothingToUndo):
            return False
        return True

    async def _act(self, what, actor, now):
        both = await tickets.lock_both(self.session, self.mine, self.other)
        case, other = [
            Case(self.session, one, await sla.of(self.session, one.id), actor, now) for one in both
        ]
        was = tickets.before(case)
        if what == "undo":
            if self.back is None or self.back[0] != case.ticket.version:
                raise NothingToUndo
            await tickets.take_back(case, *self.back[1:])
        else:
            await _ACTS[what](case, other)
        await self.session.flush()
        self.back = (case.ticket.version, what, tickets.back(case, was)) if what in UNDONE else None


_ACTS = {
    "respond": lambda case, _: tickets.respond(case, note=None),
    "assign": lambda case, _: tickets.assign(case, assignee_id="agent-7"),
    "hand_over": lambda case, _: tickets.assign(case, assignee_id=None, team="billing"),
    "release": lambda case, _: tickets.release(case),
    "pause": lambda case, _: tickets.pause(case, reason=REASONS[0], evidence="x", note=None),
    "await": lambda case, _: tickets.pause(case, reason=REASONS[1], evidence="x", note=None),
    "resume": lambda case, _: tickets.resume(case),
    "hear": lambda case, _: tickets.hear(case, text="喂", received_at=case.now - HALF_AN_HOUR / 3),
    "thank": lambda case, _: tickets.hear(case, text="好的，谢谢", received_at=case.now),
    "resolve": lambda case, _: tickets.resolve(case, outcome=Outcome.SOLVED, note=None),
    "reopen": lambda case, _: tickets.reopen(case, reason=ReopenReason.NOT_SOLVED),
    "merge": tickets.merge,
    "unmerge": tickets.unmerge,
    "acknowledge": lambda case, _: tickets.acknowledge(case),
    "classify": lambda case, _: tickets.classify(case, {"severity": Severity.HIGH}),
    "note": lambda case, _: tickets.add_note(case, text="x"),
}


async def opened(session, document, now):
    await sla.publish(session, document, actor=SYSTEM, now=now)
    intake = Intake(Kind.COMPLAINT, "hotline", "账单看不懂", "", "hotline")
    both = [await tickets.open_ticket(session, intake, actor=SYSTEM, now=now) for _ in range(2)]
    return Life(session, *(one.ticket.id for one in both))


async def apply(session, document, life, now):
    """Apply a policy to these tickets, which is to do what was foretold."""
    version = (await sla.publish(session, document, actor=SYSTEM, now=now)).version
    terms = await sla.new_terms(session, await sla.policy_of(session, version))
    foretold = await previewing.preview(session, terms, limit=2, now=now)
    job = await recalculation.apply_policy(session, version, actor=SYSTEM, now=now)
    ids = sorted((life.mine, life.other))
    stretch = Stretch(job.id, Cause.POLICY, recalculation.POLICY, version, ids)
    changes, _ = await recalculation.follow(session, ids, stretch, now=now)
    for one in ids:
        await session.refresh(await tickets.get(session, one))
    if {await _status(session, one) for one in ids}.isdisjoint({"merged", "archived"}):
        assert foretold.counts == recalculation.counted(changes)


async def _status(session, ticket_id):
    return (await tickets.get(session, ticket_id)).status


async def shown(session, life, now):
    """What the clocks that have not stopped show."""
    found = {}
    for name, one in (await sla.of(session, life.mine)).items():
        if one.state is not State.STOPPED:
            reading = clocks.assess(one.clock, now)
            found[name] = reading.state, reading.elapsed, reading.due_at
    return found


async def live(session, dice):
    now = clock.now() - 400 * HALF_AN_HOUR
    base = defaults.sla_policy()
    base["clocks"] = {name: base["clocks"][name] for name in ("first_response", "closed_loop")}
    whole = base | {"clocks": base["clocks"] | {f"c{number}": some_clock(dice) for number in range(3)}}
    one, other = [await opened(session, document, now) for document in (whole, base)]
    story = dice.choices(ACTS, k=dice.randrange(14))
    story.insert(dice.randrange(len(story) + 1), "apply")
    lived = []
    for what in story:
        now += HALF_AN_HOUR * dice.choice((1, 2, 3, 10))
        if what == "apply":
            await apply(session, whole, other, now)
        else:
            actor = dice.choice((AGENT, SUPERVISOR))
            possible = [await life.lives(what, actor, now) for life in (one, other)]
            if possible[0] is not possible[1]:
                # A pause that only the clocks of one of them allow: they part.
                return
            if not possible[0]:
                continue
        lived.append(what)
    now += HALF_AN_HOUR
    assert await shown(session, other, now) == await shown(session, one, now), (lived, whole["clocks"])


@pytest.mark.parametrize("seed", range(3))
async def test_a_policy_that_is_applied_midway_leaves_what_it_would_have_from_the_start(
    client, session, seed
):
    assert (await client.put("/v1/calendars/office", json=OFFICE)).status_code == 201
    for number in range(LIVES):
        await live(session, random.Random(f"{seed} {number}"))
        await session.rollback()
