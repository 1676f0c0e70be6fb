"""Tickets whose ladders change while they are over their targets: through the use cases, at instants that the test names."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from careloop_common.timers import claim
from careloop_common.tokens import Actor
from careloop_contracts import TicketResolvedV1, TicketRespondedV1
from careloop_ticketing import defaults
from careloop_ticketing.classification.policy import Severity
from careloop_ticketing.escalation import service as escalation
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.policy import LowerReason, Outcome, ReopenReason
from careloop_ticketing.tickets.service import Case
from careloop_ticketing.vocabulary import PauseReason, Tier

SECOND = timedelta(seconds=1)
SUPERVISOR = Actor("chen.jie", scopes=frozenset({"tickets:supervise"}))
BREACH = {"name": "breach", "percent": 100, "action": "notify", "level": "manager"}
HEAD = {"name": "head", "after_seconds": 10, "action": "notify", "level": "regional_head"}
COMMITTEE = {"name": "committee", "after_seconds": 20, "action": "notify", "level": "group_committee"}
QUIET = {"name": "head", "unacknowledged_seconds": 60, "action": "notify", "level": "regional_head"}
DESK = {
    "start": ["opened"],
    "stop": ["resolved"],
    "on_reopen": "continue",
    "targets": [{"seconds": 100}],
    "ladders": [{"when": 'tier == "advanced"', "ladder": "y"}, {"ladder": "x"}],
}


@pytest.fixture
def publish(client):
    """`await publish({"x": […], "y": […]}, desk={…})`: a policy of these ladders and clocks alone; gives its version."""

    async def put(ladders, **clocks):
        document = defaults.sla_policy() | {"clocks": clocks, "ladders": ladders}
        answer = await client.put("/v1/sla-policies", json=document)
        assert answer.status_code == 201, answer.text
        return answer.json()["version"]

    return put


@pytest.fixture
def ticket_in_time(client, runtime, open_ticket):
    """`await ticket_in_time()`: a ticket on which somebody acts, and at whose clocks the worker looks, so many seconds in."""

    class InTime:
        def __init__(self, ticket):
            self.id, self.opened = UUID(ticket["id"]), datetime.fromisoformat(ticket["opened_at"])

        async def acts(self, second, act, *others, **given):
            now = self.opened + second * SECOND
            async with runtime.database.transaction() as session:
                locked = await tickets.lock_all(session, [self.id, *(other.id for other in others)])
                watches = await sla.of_all(session, [one.id for one in locked])
                cases = [Case(session, one, watches[one.id], SUPERVISOR, now) for one in locked]
                cases.sort(key=lambda case: case.ticket.id != self.id)
                await act(*cases, **given)

        async def looks(self, second):
            """The steps that are taken by then, and the second at which each was due."""
            before = len(await self.steps())
            now = self.opened + second * SECOND
            async with runtime.database.transaction() as session:
                while due := await claim.due(session, now=now, kinds=["sla"], limit=100):
                    await escalation.on_due(session, due, now)
            return (await self.steps())[before:]

        async def steps(self):
            url = f"/v1/escalations?ticket_id={self.id}&limit=100"
            items = (await client.get(url)).json()["items"]
            return [
                (one["step"], round((datetime.fromisoformat(one["due_at"]) - self.opened) / SECOND))
                for one in reversed(items)
            ]

        async def shown(self):
            return (await client.get(f"/v1/tickets/{self.id}")).json()

        async def history(self):
            return (await client.get(f"/v1/tickets/{self.id}/history?limit=100")).json()["items"]

    async def make(**given):
        return InTime(await open_ticket(subject="咨询一下话费", **given))

    return make


async def test_no_change_of_ladders_escalates_again_what_was_escalated(publish, ticket_in_time):
    await publish({"x": [BREACH, HEAD, COMMITTEE], "y": [BREACH, HEAD | {"after_seconds": 3600}]}, desk=DESK)
    ticket = await ticket_in_time()
    assert await ticket.looks(150) == [("breach", 100), ("head", 110), ("committee", 120)]
    for second, tier in enumerate((Tier.ADVANCED, Tier.PRIMARY, Tier.ADVANCED, Tier.PRIMARY), 160):
        await ticket.acts(second, tickets.classify, changes={"tier": tier}, reason=LowerReason.MISJUDGED)
        assert await ticket.looks(second) == []
    assert len(await ticket.steps()) == 3


async def test_a_policy_with_one_more_step_adds_that_step_to_what_is_overdue(
    client, publish, ticket_in_time, worker_running, eventually
):
    ladder = [BREACH, HEAD, COMMITTEE]
    await publish({"x": ladder, "y": ladder}, desk=DESK)
    ticket = await ticket_in_time()
    await ticket.looks(150)
    longer = [*ladder, {"name": "later", "after_seconds": 3600, "action": "remind"}]
    version = await publish({"x": longer, "y": longer}, desk=DESK)
    await client.post("/v1/sla-recalculations", json={"version": version})

    async def done():
        return (await client.get("/v1/sla-recalculations")).json()["items"][0]["state"] == "done"

    async with worker_running():
        await eventually(done)
    assert await ticket.looks(4000) == [("later", 3700)]


async def test_a_ladder_for_each_tier_raises_the_tier_once(publish, ticket_in_time):
    def raising(level):
        far = COMMITTEE | {"after_seconds": 3600, "level": level}
        return [BREACH, {"name": "raise", "action": "raise_tier", "after_seconds": 10}, far]

    by_tier = [
        {"when": 'tier == "primary"', "ladder": "p"},
        {"when": 'tier == "intermediate"', "ladder": "i"},
        {"ladder": "x"},
    ]
    await publish(
        {"p": raising("manager"), "i": raising("regional_head"), "x": [BREACH]},
        desk=DESK | {"ladders": by_tier},
    )
    ticket = await ticket_in_time()
    await ticket.acts(1, tickets.classify, changes={"tier": Tier.PRIMARY})
    assert await ticket.looks(200) == [("breach", 100), ("raise", 110)]
    assert (await ticket.shown())["tier"] == "intermediate"


async def test_a_breach_that_the_worker_had_not_seen_is_told_after_the_ladder_has_changed(
    publish, ticket_in_time
):
    await publish({"x": [BREACH], "y": [BREACH, HEAD | {"after_seconds": 3600}]}, desk=DESK)
    ticket = await ticket_in_time()
    await ticket.acts(130, tickets.classify, changes={"tier": Tier.ADVANCED})
    assert await ticket.looks(131) == [("breach", 100)]
    assert "sla_breached" in [entry["fact"] for entry in await ticket.history()]


async def test_nobody_is_told_of_a_silence_during_which_nothing_was_to_be_noticed(publish, ticket_in_time):
    await publish({"x": [BREACH, QUIET], "y": [BREACH]}, desk=DESK)
    ticket, duplicate, target = [await ticket_in_time() for _ in range(3)]
    await ticket.looks(100.5)
    await duplicate.looks(100.5)
    await ticket.acts(110.5, tickets.resolve, outcome=Outcome.SOLVED, note=None)
    await duplicate.acts(110.5, tickets.merge, target)
    await ticket.acts(500.5, tickets.reopen, reason=ReopenReason.NOT_SOLVED)
    await duplicate.acts(500.5, tickets.unmerge, target)
    assert await ticket.looks(501) == []
    assert [step for step, _ in await ticket.looks(552)] == ["head"]
    assert [step for step, _ in await duplicate.steps()] == ["breach", "head"]


async def test_a_clock_of_a_ticket_that_was_taken_for_another_ends_and_the_history_says_so(
    publish, ticket_in_time
):
    crisis = DESK | {"when": 'tier == "advanced"', "ladders": [{"ladder": "y"}]}
    await publish(
        {"x": [BREACH], "y": [COMMITTEE | {"percent": 100, "after_seconds": None}]},
        desk=DESK | {"ladders": [{"ladder": "x"}]},
        crisis=crisis,
    )
    ticket = await ticket_in_time()
    await ticket.acts(1, tickets.classify, changes={"tier": Tier.ADVANCED})
    await ticket.acts(2, tickets.classify, changes={"tier": Tier.PRIMARY}, reason=LowerReason.MISJUDGED)
    assert await ticket.looks(150) == [("breach", 100)]
    entry = [one for one in await ticket.history() if one["fact"] == "classified"][-1]
    assert entry["after"]["crisis"]["cancelled"]
    clocks = {one["name"]: one for one in (await ticket.shown())["clocks"]}
    assert (clocks["crisis"]["cancelled"], clocks["crisis"]["breached_at"]) == (True, None)
    await ticket.acts(200, tickets.classify, changes={"tier": Tier.ADVANCED})
    assert await ticket.looks(299.5) == [("committee", 299)]


async def test_what_begins_while_a_ticket_waits_waits_too(publish, ticket_in_time):
    careful = '!vip && tier != "advanced" && severity != "critical"'
    waits = {"pausable": careful, "pauses": [{"reason": "waiting_for_customer"}]}
    update = DESK | waits | {"start": ["responded"], "stop": ["responded"], "repeats": True}
    await publish({"x": [BREACH], "y": [BREACH]}, desk=DESK | waits, update=update)
    ticket = await ticket_in_time()
    await ticket.acts(1, tickets.respond, note=None)
    await ticket.acts(2, tickets.pause, reason=PauseReason.WAITING_FOR_CUSTOMER, evidence=None, note=None)
    await ticket.acts(3, tickets.respond, note=None)
    shown = await ticket.shown()
    assert (shown["status"], {one["state"] for one in shown["clocks"]}) == ("waiting", {"paused"})
    assert await ticket.looks(1000) == []
    await ticket.acts(1001, tickets.resume)
    assert ("breach", 1101) in await ticket.looks(1200)


async def test_a_breach_after_a_mistake_that_was_taken_back_is_nobodys_excuse(publish, ticket_in_time):
    mistake = [{"when": 'severity == "critical"', "seconds": 10}, {"seconds": 100}]
    await publish({"x": [BREACH], "y": [BREACH]}, desk=DESK | {"targets": mistake})
    ticket = await ticket_in_time()
    await ticket.acts(20, tickets.classify, changes={"severity": Severity.CRITICAL})
    assert (await ticket.shown())["clocks"][0]["late_by_change"]
    await ticket.acts(
        21, tickets.classify, changes={"severity": Severity.NORMAL}, reason=LowerReason.MISJUDGED
    )
    assert await ticket.looks(101) == [("breach", 100)]
    assert not (await ticket.shown())["clocks"][0]["late_by_change"]


async def test_a_late_answer_is_said_to_be_late_where_the_clock_begins_anew(
    publish, ticket_in_time, published, worker_running, eventually
):
    update = DESK | {"start": ["opened", "responded"], "stop": ["responded", "resolved"], "repeats": True}
    await publish({"x": [BREACH], "y": [BREACH]}, update=update)
    ticket = await ticket_in_time()
    await ticket.acts(130, tickets.respond, note=None)
    async with worker_running():
        (answer,) = await eventually(lambda: published(TicketRespondedV1))
    assert answer.within_target is False


async def test_whether_a_resolution_was_in_time_does_not_depend_on_who_took_the_ticket_when(
    publish, ticket_in_time, published, worker_running, eventually
):
    pick_up = DESK | {"stop": ["assigned", "responded", "resolved"], "targets": [{"seconds": 10}]}
    await publish({"x": [BREACH], "y": [BREACH]}, desk=DESK, pick_up=pick_up)
    ticket = await ticket_in_time()
    await ticket.acts(50, tickets.resolve, outcome=Outcome.SOLVED, note=None)
    clocks = {clock["name"]: clock["breached_at"] for clock in (await ticket.shown())["clocks"]}
    assert (clocks["desk"], clocks["pick_up"] is None) == (None, False)
    async with worker_running():
        (resolved,) = await eventually(lambda: published(TicketResolvedV1))
    assert resolved.within_target is True


async def test_what_a_clock_has_taken_and_passed_is_stored_with_it(publish, ticket_in_time, runtime):
    await publish({"x": [BREACH, HEAD], "y": [BREACH, HEAD | {"name": "boss"}, COMMITTEE]}, desk=DESK)
    ticket = await ticket_in_time()
    await ticket.looks(115)
    await ticket.acts(116, tickets.classify, changes={"tier": Tier.ADVANCED})
    async with runtime.database.transaction() as session:
        (one,) = (await sla.of(session, ticket.id)).values()
    assert [mark.name for mark in one.climb.taken] == ["breach", "head"]
    assert one.climb.passed == {"boss"}
    assert await ticket.looks(125) == [("committee", 120)]
