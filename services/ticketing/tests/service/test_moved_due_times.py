"""Whatever befalls a ticket, its due time is what a plain account of its life says, and the history shows the sum.

Lives of tickets, hour by hour, are lived through the use cases and kept account of beside them: what the clock of the
resolution has counted, and what it aims at. That account knows nothing of clocks and intervals.
"""

import re
from datetime import datetime, timedelta

import pytest
from careloop_common.tokens import SYSTEM
from careloop_ticketing import defaults
from careloop_ticketing.classification.policy import Severity
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.models import ClockRow
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.models import HistoryRow
from careloop_ticketing.tickets.policy import Outcome, ReopenReason
from careloop_ticketing.tickets.service import Case
from careloop_ticketing.vocabulary import Level, PauseReason, Tier
from sqlalchemy import select
from sqlmodel import col

HOUR = timedelta(hours=1)
TARGETS = [
    {"when": 'severity == "high"', "seconds": 4 * 3600},
    {"when": 'level == "manager"', "seconds": 12 * 3600},
    {"when": 'tier == "intermediate"', "seconds": 48 * 3600},
    {"seconds": 24 * 3600},
]
SUM = re.compile(r"target (\S+) s - (\S+) s run = (\S+) s from (\S+)")
STANDING = re.compile(r"target (\S+) s, of which (\S+) s have run; due when the clock runs again")

GRAVER = ("classify", {"severity": Severity.HIGH})
RAISED = ("classify", {"tier": Tier.INTERMEDIATE})
TO_MANAGER = ("assign", {"level": Level.MANAGER})

STORIES = {
    "nothing": [],
    "the severity changes": [(3, *GRAVER)],
    "the severity changes during a pause": [(1, "respond"), (2, "pause"), (5, *GRAVER), (9, "resume")],
    "the change makes it late": [(6, *GRAVER)],
    "the tier is raised": [(3, *RAISED)],
    "the tier is raised during a pause": [(1, "respond"), (2, "pause"), (7, *RAISED), (30, "resume")],
    "another level gets it": [(5, *TO_MANAGER)],
    "another level gets it during a pause": [(1, "respond"), (3, "pause"), (4, *TO_MANAGER), (5, "resume")],
    "a merge is undone": [(3, "merge"), (10, "unmerge")],
    "a merge is undone and the tier raised": [(3, "merge"), (10, "unmerge"), (11, *RAISED)],
    "it is opened again three times": [
        (hour, act) for turn in (2, 12, 22) for hour, act in ((turn, "resolve"), (turn + 8, "reopen"))
    ],
    "everything": [
        (1, "respond"),
        (2, "pause"),
        (5, *RAISED),
        (9, "resume"),
        (10, "resolve"),
        (20, "reopen"),
        (21, *TO_MANAGER),
        (22, "merge"),
        (30, "unmerge"),
        (31, "resolve"),
        (40, "reopen"),
        (41, "pause"),
        (43, "resume"),
        (44, "resolve"),
        (50, "reopen"),
    ],
}


class Account:
    """What the clock has counted, in hours, and what it aims at."""

    def __init__(self):
        self.ran, self.since, self.facts = 0.0, 0.0, {}

    def note(self, hour, act, given):
        if act in {"pause", "merge", "resolve"}:
            self.ran, self.since = self.ran + hour - self.since, None
        elif act in {"resume", "unmerge", "reopen"}:
            self.since = hour
        self.facts |= given

    @property
    def target(self):
        if self.facts.get("severity") == "high":
            return 4
        # Who holds a ticket of that tier is below a manager.
        return 12 if self.facts.get("level") == "manager" else 48 if "tier" in self.facts else 24

    def counted(self, hour):
        return self.ran + (hour - self.since if self.since is not None else 0)

    @property
    def due(self):
        return None if self.since is None else self.since + self.target - self.ran


@pytest.fixture
def live(runtime, open_ticket):
    """`await live(story)`: where the clock stood after each act, beside the account of it."""

    async def through(story):
        mine, other = await open_ticket(), await open_ticket()
        opened, account = datetime.fromisoformat(mine["opened_at"]), Account()
        stands = [(account.due, await _due(runtime, mine, opened))]
        for hour, act, *given in story:
            now = opened + hour * HOUR
            async with runtime.database.transaction() as session:
                await _act(session, mine["id"], other["id"], act, dict(*given), now)
            account.note(hour, act, dict(*given))
            stands.append((account.due, await _due(runtime, mine, opened)))
            await _explained(runtime, mine, account, hour, opened)
        return stands

    return through


async def _act(session, mine, other, act, given, now):
    one, two = await tickets.lock_both(session, mine, other)
    case, target = [Case(session, one_, await sla.of(session, one_.id), SYSTEM, now) for one_ in (one, two)]
    match act:
        case "respond":
            await tickets.respond(case, note=None)
        case "pause":
            await tickets.pause(case, reason=PauseReason.WAITING_FOR_CUSTOMER, evidence=None, note=None)
        case "resume":
            await tickets.resume(case)
        case "resolve":
            await tickets.resolve(case, outcome=Outcome.SOLVED, note=None)
        case "reopen":
            await tickets.reopen(case, reason=ReopenReason.NOT_SOLVED)
        case "merge":
            await tickets.merge(case, target)
        case "unmerge":
            await tickets.unmerge(case, target)
        case "classify":
            await tickets.classify(case, given)
        case "assign":
            await tickets.assign(case, **{"assignee_id": None} | given)


async def _due(runtime, ticket, opened):
    one = select(col(ClockRow.due_at)).where(
        col(ClockRow.subject_id) == ticket["id"], col(ClockRow.name) == "resolution"
    )
    async with runtime.database.transaction() as session:
        due_at = (await session.execute(one)).scalar_one()
    return due_at and (due_at - opened) / HOUR


async def _explained(runtime, ticket, account, hour, opened):
    """Where the history says how a due time moved, the sum is right, and the account comes to the same."""
    newest = select(HistoryRow).where(col(HistoryRow.ticket_id) == ticket["id"])
    async with runtime.database.transaction() as session:
        entry = (await session.scalars(newest.order_by(col(HistoryRow.seq).desc()).limit(1))).one()
    moved = entry.after.get("resolution")
    if not isinstance(moved, dict):
        assert entry.fact not in {"classified", "assigned"}, "these moved the due time in every story"
        return
    assert moved["target_seconds"] == account.target * 3600
    if account.since is None:
        target, ran = STANDING.fullmatch(moved["why"]).groups()
        assert (float(target), float(ran), moved["due_at"]) == (
            account.target * 3600,
            account.counted(hour) * 3600,
            None,
        )
        return
    target, ran, left, start = SUM.fullmatch(moved["why"]).groups()
    assert float(target) - float(ran) == float(left)
    assert (float(target), float(ran)) == (account.target * 3600, account.counted(hour) * 3600)
    said = datetime.fromisoformat(start) + timedelta(seconds=float(left))
    assert said == datetime.fromisoformat(moved["due_at"]) == opened + account.due * HOUR


async def test_due_times_are_what_a_plain_account_says_and_the_history_shows_the_sum(client, live):
    document = defaults.sla_policy()
    document["clocks"]["resolution"]["targets"] = TARGETS
    assert (await client.put("/v1/sla-policies", json=document)).status_code == 201
    for name, story in STORIES.items():
        for expected, found in await live(story):
            assert found == (None if expected is None else pytest.approx(expected, abs=1e-9)), name
