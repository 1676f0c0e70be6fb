"""What an undo puts back is as if the job had never been: clocks, pauses, answers, figures, lessons."""

import asyncio
import json
from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_common.plumbing import outbox
from careloop_contracts import TicketReopenedV1, TicketSlaBreachedV1
from careloop_ticketing.classification.models import CorrectionRow
from careloop_ticketing.sla.models import ClockRow, IntervalRow
from sqlalchemy import func, select, text
from sqlmodel import col

UPDATE = {"start": ["opened", "responded"], "stop": ["responded", "resolved"], "repeats": True}
CRISIS = {"when": 'tier == "advanced"', "targets": [{"seconds": 3600}]}
KEPT = (
    "status", "vip", "cause", "tier", "severity", "product", "emotion", "classified_by", "rule_set", "rules", "level",
    "assignee_id", "team", "responded_at", "resolved_at", "outcome", "feedback_until", "reopened_count", "watchers",
)  # fmt: skip


@pytest.fixture
def done_and_undone(client, ask_bulk, work_bulk, bulk_job):
    """`await done_and_undone("resolve", tickets, outcome="solved")` gives both jobs."""

    async def do(what, tickets, **arguments):
        job = await ask_bulk(what, tickets, **arguments)
        await work_bulk()
        back = (await client.post(f"/v1/bulk-jobs/{job['id']}/undo", json={})).json()
        await work_bulk()
        for one in (job, back):
            counts = (await bulk_job(one))["counts"]
            assert counts["changed"] == len(tickets), counts
        return job, back

    return do


@pytest.fixture
def clocks(session):
    """`await clocks(ticket)`: its clocks as they are stored, but for their generations, and their intervals."""

    async def read(ticket):
        await session.rollback()
        theirs = select(ClockRow).where(col(ClockRow.subject_id) == ticket["id"])
        spans = select(IntervalRow).where(col(IntervalRow.subject_id) == ticket["id"])
        rows = (await session.scalars(theirs.execution_options(populate_existing=True))).all()
        found = (await session.scalars(spans.execution_options(populate_existing=True))).all()
        return (
            sorted(str(sorted(row.model_dump(exclude={"generation", "turned"}).items())) for row in rows),
            sorted(str(sorted(one.model_dump(exclude={"actor_id"}).items())) for one in found),
        )

    return read


@pytest.fixture
def shown(client):
    async def read(ticket):
        found = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
        return {name: found[name] for name in KEPT}

    return read


@pytest.fixture
def prepared(open_ticket, act, publish_clocks):
    """`await prepared("waiting")`: a ticket on its way to this status, with clocks of every kind."""

    async def make(status):
        await publish_clocks(
            update={**UPDATE, "targets": [{"seconds": 900}]},
            crisis=CRISIS,
            again={"targets": [{"seconds": 900}], "on_reopen": "restart"},
            seen={"stop": ["assigned"], "targets": [{"seconds": 900}]},
        )
        ticket = await open_ticket()
        if status != "classified":
            await act(ticket, "respond")
        if status == "waiting":
            await act(ticket, "pause", reason="waiting_for_customer")
        if status == "feedback":
            await act(ticket, "resolve", outcome="compensated")
        return ticket

    return make


@pytest.mark.parametrize(
    ("status", "what", "arguments"),
    [
        ("classified", "resolve", {}),
        ("handling", "resolve", {"outcome": "explained"}),
        ("waiting", "resolve", {}),
        ("feedback", "reopen", {}),
        ("classified", "classify", {"tier": "advanced"}),
        ("waiting", "classify", {"tier": "advanced", "severity": "critical"}),
        ("handling", "pause", {"reason": "waiting_for_customer"}),
        ("waiting", "resume", {}),
        ("classified", "assign", {"assignee_id": "agent-7", "level": "manager"}),
    ],
)
async def test_a_ticket_and_its_clocks_are_as_if_nothing_had_been_done(
    client, prepared, shown, clocks, done_and_undone, status, what, arguments
):
    ticket = await prepared(status)
    before = await shown(ticket), await clocks(ticket)
    _, back = await done_and_undone(what, [ticket], **arguments)
    assert (await shown(ticket), await clocks(ticket)) == before
    url = f"/v1/tickets/{ticket['id']}/history"
    last = (await client.get(url)).json()["items"][-1]
    said = last["after"]
    assert (last["fact"], said["act"], said["reason"], said["bulk_job"]) == (
        "undone", what, "mistake", back["id"],
    )  # fmt: skip
    assert (await client.get(f"{url}/verification")).json()["intact"]


async def test_what_had_begun_with_a_job_begins_again_when_its_undo_is_undone(
    client, prepared, shown, clocks, ask_bulk, work_bulk
):
    ticket = await prepared("waiting")
    job = await ask_bulk("classify", [ticket], tier="advanced")
    await work_bulk()
    done = await shown(ticket), await clocks(ticket)
    for _ in range(2):
        job = (await client.post(f"/v1/bulk-jobs/{job['id']}/undo", json={})).json()
        await work_bulk()
    assert (await shown(ticket), await clocks(ticket)) == done


async def test_clocks_that_run_again_breach_when_they_would_have(
    open_ticket, publish_policy, done_and_undone, worker_running, published, eventually
):
    await publish_policy(first_response=2, resolution=3600)
    ticket = await open_ticket()
    due = next(one["due_at"] for one in ticket["clocks"] if one["name"] == "first_response")
    await done_and_undone("resolve", [ticket])
    async with worker_running():
        (breach,) = await eventually(lambda: published(TicketSlaBreachedV1))
        assert [event.reason for event in await published(TicketReopenedV1)] == ["mistake"]
    assert (breach.clock, breach.breached_at.isoformat().replace("+00:00", "Z")) == ("first_response", due)


async def test_nobody_has_answered_nothing_came_back_and_nothing_was_solved(
    client, open_ticket, done_and_undone
):
    await done_and_undone("resolve", [await open_ticket() for _ in range(2)])
    now = clock.now()
    window = {"opened_from": (now - timedelta(days=1)).isoformat(), "opened_until": now.isoformat()}
    (whole,) = (await client.get("/v1/ticket-kpis", params=window)).json()["groups"]
    for figure in ("responded_in_30_min", "reopened", "first_contact_resolution", "closed_in_72_h"):
        assert (whole[figure]["numerator"], whole[figure]["denominator"]) == (0, 0), figure
    for name, clock_figure in whole["attainment"].items():
        assert (clock_figure["numerator"], clock_figure["denominator"]) == (0, 0), name


async def test_the_customer_is_not_waited_for_and_is_asked_again_by_the_next_resolution(
    client, open_ticket, act, done_and_undone, session
):
    ticket = await open_ticket()
    await done_and_undone("resolve", [ticket])
    waiting = text("SELECT count(*) FROM timer WHERE kind = 'satisfaction'")
    assert await session.scalar(waiting) == 0
    early = await client.post(f"/v1/tickets/{ticket['id']}/satisfaction", json={"score": 5})
    assert early.json()["code"] == "satisfaction_not_requested"
    await act(ticket, "resolve")
    assert (await act(ticket, "satisfaction", score=5))["score"] == 5


async def test_nothing_is_learnt_from_a_correction_that_was_undone(
    client, open_ticket, act, done_and_undone, session
):
    ticket = await open_ticket()
    await act(ticket, "classify", severity="high")
    await done_and_undone("classify", [ticket], tier="advanced", cause="price")
    kept = (await session.scalars(select(CorrectionRow))).all()
    assert [(one.severity, one.tier) for one in kept] == [("high", "primary")]


async def test_of_eight_who_undo_at_once_one_does(client, open_ticket, ask_bulk, work_bulk, bulk_results):
    ticket = await open_ticket()
    job = await ask_bulk("resolve", [ticket])
    await work_bulk()
    url = f"/v1/bulk-jobs/{job['id']}/undo"
    answers = await asyncio.gather(*(client.post(url, json={}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    (made,) = (answer.json() for answer in answers if answer.status_code == 202)
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {(one["code"], one["undone_by"]) for one in refused} == {("bulk_job_undone", made["id"])}
    await work_bulk()
    assert await bulk_results(made) == {ticket["id"]: ("changed", None)}
    assert (await client.post(url, json={"dry_run": True})).status_code == 202


async def test_an_undo_that_was_cancelled_can_be_asked_for_again(
    client, open_ticket, ask_bulk, work_bulk, bulk_results
):
    ticket = await open_ticket()
    job = await ask_bulk("resolve", [ticket])
    await work_bulk()
    url = f"/v1/bulk-jobs/{job['id']}/undo"
    first = (await client.post(url, json={})).json()
    await client.post(f"/v1/bulk-jobs/{first['id']}/cancel")
    again = (await client.post(url, json={})).json()
    await work_bulk()
    assert await bulk_results(again) == {ticket["id"]: ("changed", None)}


async def test_others_are_told_who_has_a_ticket_again_and_whether_it_waits(
    client, open_ticket, act, ask_bulk, work_bulk, session
):
    ticket = await open_ticket()
    await act(ticket, "assign", assignee_id="wang")
    await act(ticket, "respond")

    async def told(what, **arguments):
        job = await ask_bulk(what, [ticket], **arguments)
        await work_bulk()
        last = await session.scalar(select(func.max(outbox.c.id)))
        for _ in range(2):
            job = (await client.post(f"/v1/bulk-jobs/{job['id']}/undo", json={})).json()
            await work_bulk()
        rows = await session.execute(select(outbox).where(outbox.c.id > last).order_by(outbox.c.id))
        return [(row.subject.rpartition(".")[2], json.loads(row.payload)) for row in rows]

    events = await told("assign", assignee_id="li")
    hands = [(said["assignee_before"], said["assignee_id"]) for name, said in events if name == "assigned"]
    assert hands == [("li", "wang"), ("wang", "li")]
    for person, last in (("wang", ["taken_away", "assigned"]), ("li", ["assigned", "taken_away"])):
        notices = (await client.get("/v1/notices", params={"recipient": person})).json()["items"]
        assert [one["reason"] for one in notices][:2] == last
    waits = await told("pause", reason="waiting_for_customer")
    said = [(name, said.get("because") or said["reason"]) for name, said in waits]
    assert said == [("resumed", "undone"), ("paused", "waiting_for_customer")]


@pytest.mark.parametrize("undos", [0, 1, 2])
async def test_nobody_is_suspected_for_having_made_less_of_a_ticket_when_that_was_taken_back(
    client, open_ticket, act, ask_bulk, work_bulk, undos
):
    ticket = await open_ticket()
    await act(ticket, "respond")
    job = await ask_bulk("classify", [ticket], severity="low", reason="misjudged")
    await work_bulk()
    for _ in range(undos):
        job = (await client.post(f"/v1/bulk-jobs/{job['id']}/undo", json={})).json()
        await work_bulk()
    await act(ticket, "pause", reason="waiting_for_customer")
    until = clock.now() + timedelta(days=1)
    window = {"opened_from": (until - timedelta(days=2)).isoformat(), "opened_until": until.isoformat()}
    found = (await client.get("/v1/pause-audit", params=window)).json()["items"]
    assert {one["suspicion"] for one in found} == (set() if undos == 1 else {"lowered_first"})
