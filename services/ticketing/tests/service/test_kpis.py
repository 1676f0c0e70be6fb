"""Figures equal a recount from the histories, and pauses that look like a way round are found, all of them."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from careloop_common import clock, ids
from careloop_ticketing.tickets.models import HistoryRow, TicketRow
from sqlalchemy import select, update
from sqlmodel import col

DAY = timedelta(days=1)


@pytest.fixture
def window():
    now = clock.now()
    return {"opened_from": (now - 60 * DAY).isoformat(), "opened_until": (now + DAY).isoformat()}


@pytest.fixture
def past(runtime):
    """`await past(ticket, days=8)`: everything about the ticket happened so much earlier."""

    async def move(ticket, **delta):
        by = timedelta(**delta)
        moments = ("opened_at", "responded_at", "resolved_at", "archived_at")
        async with runtime.database.transaction() as session:
            row = await session.get(TicketRow, ticket["id"])
            for name in moments:
                if (moment := getattr(row, name)) is not None:
                    setattr(row, name, moment - by)
            history = update(HistoryRow).where(col(HistoryRow.ticket_id) == ticket["id"])
            await session.execute(history.values(at=col(HistoryRow.at) - by))

    return move


async def test_the_figures_are_what_the_histories_say(client, open_ticket, act, past, window, session):
    for number, (answered, resolved, reopened, age) in enumerate(
        product((False, True), (False, True), (False, True), (0, 2, 9))
    ):
        ticket = await open_ticket(channel="web" if number % 2 else "hotline", subject=f"账单看不懂 {number}")
        if answered:
            await act(ticket, "respond")
        if resolved:
            await act(ticket, "resolve")
            if reopened:
                await act(ticket, "reopen")
            elif number % 4 == 0:
                await act(ticket, "satisfaction", score=5)
        await past(ticket, days=age)
    body = (await client.get("/v1/ticket-kpis", params=window)).json()
    (whole,) = body["groups"]
    expected = await _recount(session, clock.now())
    for name, (numerator, denominator) in expected.items():
        found = whole[name]
        assert (found["numerator"], found["denominator"], found["excluded"]) == (
            numerator,
            denominator,
            whole["tickets"] - denominator,
        ), name
    by_channel = (await client.get("/v1/ticket-kpis", params=window | {"by": "channel"})).json()["groups"]
    assert [group["group"] for group in by_channel] == ["hotline", "web"]
    for name in expected:
        assert sum(group[name]["numerator"] for group in by_channel) == expected[name][0]


async def _recount(session, now):
    """Count again, from nothing but who did what when."""
    lives: dict[object, list[HistoryRow]] = {}
    for entry in await session.scalars(select(HistoryRow).order_by(col(HistoryRow.seq))):
        lives.setdefault(entry.ticket_id, []).append(entry)
    counted = {name: [0, 0] for name in FIGURES}
    for life in lives.values():
        first = {entry.fact: entry.at for entry in reversed(life)}
        opened, answered = first["opened"], first.get("responded") or first.get("resolved")
        for name, (passed, told) in {
            "responded_in_30_min": _within(opened, answered, timedelta(minutes=30), now),
            "closed_in_72_h": _within(opened, first.get("archived"), timedelta(hours=72), now),
            "reopened": ("reopened" in first, "resolved" in first),
            "first_contact_resolution": (
                "reopened" not in first,
                "reopened" in first or ("resolved" in first and first["resolved"] <= now - 7 * DAY),
            ),
        }.items():
            counted[name][1] += told
            counted[name][0] += told and passed
    return {name: tuple(figures) for name, figures in counted.items()}


FIGURES = ("responded_in_30_min", "closed_in_72_h", "reopened", "first_contact_resolution")


def _within(opened, done, goal, now):
    return (done is not None and done - opened <= goal, done is not None or now - opened > goal)


async def test_who_comes_again_about_the_same_was_not_helped_at_first_contact(
    client, open_ticket, act, past, window
):
    person = str(ids.new_id())
    first = await open_ticket(customer_id=person)
    await act(first, "resolve")
    again = await open_ticket(customer_id=person)
    await act(again, "resolve")
    await past(first, days=12)
    await past(again, days=8)
    (whole,) = (await client.get("/v1/ticket-kpis", params=window)).json()["groups"]
    found = whole["first_contact_resolution"]
    assert (found["numerator"], found["denominator"]) == (1, 2)


async def test_who_withdraws_a_second_ticket_has_not_come_again(client, open_ticket, act, past, window):
    person = str(ids.new_id())
    first = await open_ticket(customer_id=person)
    await act(first, "resolve")
    for away, reason in (("cancel", "test"), ("reject", "spam")):
        again = await open_ticket(customer_id=person)
        await act(again, away, reason=reason)
        await past(again, days=9)
    await past(first, days=12)
    (whole,) = (await client.get("/v1/ticket-kpis", params=window)).json()["groups"]
    found = whole["first_contact_resolution"]
    assert (found["numerator"], found["denominator"]) == (1, 1)


@pytest.fixture
def attainment(client, window):
    """`await attainment("visit")`: of this clock, as both pages of figures say it."""

    async def read(name):
        (whole,) = (await client.get("/v1/ticket-kpis", params=window)).json()["groups"]
        summary = (await client.get("/v1/ticket-summary")).json()
        assert whole["attainment"] == summary["attainment"]
        found = whole["attainment"][name]
        counted = [found[key] for key in ("numerator", "denominator", "excluded", "late_by_change")]
        return (*counted, summary["breached"])

    return read


@pytest.mark.parametrize("late", [True, False])
async def test_a_clock_that_ran_out_stays_broken_when_its_ticket_is_archived(
    open_ticket, act, publish_clocks, attainment, eventually, late
):
    visit = {"start": ["resolved"], "stop": ["reopened"], "targets": [{"seconds": 1 if late else 3600}]}
    await publish_clocks(visit=visit)
    ticket = await open_ticket()
    resolved = await act(ticket, "resolve")
    due = datetime.fromisoformat(next(c["due_at"] for c in resolved["clocks"] if c["name"] == "visit"))

    async def over():
        return not late or clock.now() > due

    await eventually(over)
    assert await attainment("visit") == ((0, 1, 0, 0, 1) if late else (0, 0, 1, 0, 0))
    await act(ticket, "satisfaction", score=5)
    assert await attainment("visit") == ((0, 1, 0, 0, 1) if late else (0, 0, 1, 0, 0))


async def test_what_only_a_change_of_terms_made_late_counts_against_nobody(
    client, open_ticket, publish_policy, worker_running, eventually, attainment
):
    opened = datetime.fromisoformat((await open_ticket())["opened_at"])
    version = await publish_policy(resolution=1)

    async def over():
        return clock.now() > opened + timedelta(seconds=1.1)

    await eventually(over)
    await client.post("/v1/sla-recalculations", json={"version": version})

    async def done():
        items = (await client.get("/v1/sla-recalculations")).json()["items"]
        return items[0]["late"] == 1

    async with worker_running():
        await eventually(done)
    assert await attainment("resolution") == (0, 0, 1, 1, 0)


async def test_withdrawn_tickets_are_in_neither_page_of_figures(
    open_ticket, act, publish_policy, attainment, eventually
):
    await publish_policy(resolution=1)
    kept, away = await open_ticket(), await open_ticket()
    due = datetime.fromisoformat(away["opened_at"]) + timedelta(seconds=1.1)

    async def over():
        return clock.now() > due

    await eventually(over)
    await act(away, "cancel", reason="test")
    assert await attainment("resolution") == (0, 1, 0, 0, 1)
    await act(kept, "cancel", reason="test")


@pytest.mark.parametrize(
    ("end", "said", "counts"),
    [
        ("cancel", {"reason": "withdrawn"}, True),
        ("cancel", {"reason": "mistake"}, False),
        ("reject", {"reason": "unfounded"}, False),
        ("merge", {}, True),
    ],
)
async def test_a_promise_that_was_broken_is_not_forgotten_with_its_ticket(
    open_ticket, act, publish_policy, attainment, eventually, client, window, end, said, counts
):
    await publish_policy(resolution=1)
    ticket = await open_ticket()
    due = datetime.fromisoformat(ticket["opened_at"]) + timedelta(seconds=1.1)

    async def over():
        return clock.now() > due

    await eventually(over)
    await publish_policy(resolution=3600)
    into = await open_ticket(channel="app")
    await act(ticket, end, **(said or {"into": into["id"]}))
    broken = int(counts)
    assert await attainment("resolution") == (0, broken, 1, 0, broken)
    groups = (await client.get("/v1/ticket-kpis", params=window | {"by": "channel"})).json()["groups"]
    lost = [one["attainment"]["resolution"]["denominator"] for one in groups if one["group"] == "hotline"]
    assert lost == ([1] if counts else [])


async def test_only_a_supervisor_cancels_what_was_late(
    open_ticket, publish_policy, client, client_as, act, eventually
):
    await publish_policy(resolution=1)
    agent = client_as("tickets:read", "tickets:write")
    late = await open_ticket()
    due = datetime.fromisoformat(late["opened_at"]) + timedelta(seconds=1.1)

    async def over():
        return clock.now() > due

    await eventually(over)
    await publish_policy(resolution=3600)
    in_time = await open_ticket()
    answer = await agent.post(f"/v1/tickets/{late['id']}/cancel", json={"reason": "mistake"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cancellation_not_allowed")
    assert (await client.get(f"/v1/tickets/{late['id']}")).json()["version"] == late["version"]
    answer = await agent.post(f"/v1/tickets/{in_time['id']}/cancel", json={"reason": "mistake"})
    assert answer.status_code == 200, answer.text
    assert (await act(late, "cancel", reason="withdrawn"))["status"] == "cancelled"
    again = await agent.post(f"/v1/tickets/{late['id']}/cancel", json={"reason": "mistake"})
    assert again.json()["code"] == "transition_impossible"


async def test_who_asks_for_nothing_any_more_is_in_no_figure(client, open_ticket, act, past, window):
    kept, merged, rejected, cancelled = [await open_ticket() for _ in range(4)]
    await act(merged, "merge", into=kept["id"])
    await act(rejected, "reject", reason="spam")
    await act(cancelled, "cancel", reason="withdrawn")
    for ticket in (kept, merged, rejected, cancelled):
        await past(ticket, days=4)
    (whole,) = (await client.get("/v1/ticket-kpis", params=window)).json()["groups"]
    assert (whole["tickets"], whole["closed_in_72_h"]["denominator"]) == (1, 1)


async def test_figures_by_hour_are_of_the_zone_that_was_asked_for(client, open_ticket, window):
    ticket = await open_ticket()
    opened = datetime.fromisoformat(ticket["opened_at"])
    for zone, hours in (("UTC", 0), ("Asia/Shanghai", 8)):
        answer = await client.get("/v1/ticket-kpis", params=window | {"by": "hour", "zone": zone})
        assert [group["group"] for group in answer.json()["groups"]] == [f"{(opened.hour + hours) % 24:02d}"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"opened_until": "2020-01-01T00:00:00Z"},
        {"opened_from": "2001-01-01T00:00:00Z"},
        {"zone": "Moon/Base"},
        {"zone": "../../etc/passwd"},
        {"zone": "localtime", "by": "hour"},
        {"zone": "posixrules", "by": "hour"},
        {"zone": "right/UTC", "by": "hour"},
        {"zone": "Factory", "by": "hour"},
        {"by": "weather"},
    ],
)
async def test_windows_that_make_no_sense_are_refused(client, window, wrong):
    assert (await client.get("/v1/ticket-kpis", params=window | wrong)).status_code == 422


async def test_every_seeded_way_round_a_clock_is_found(
    client, open_ticket, act, window, publish_policy, runtime
):
    honest = await open_ticket()
    await act(honest, "respond")
    await act(honest, "pause", reason="waiting_for_customer")
    seeded = set()
    for _ in range(3):
        ticket = await open_ticket()
        await act(ticket, "respond")
        await act(ticket, "messages", text="什么时候能好?")
        await act(ticket, "pause", reason="waiting_for_customer")
        seeded.add((ticket["id"], "nothing_asked"))
    found, cursor = set(), None
    while True:
        params = window | {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/pause-audit", params=params)).json()
        found |= {(item["ticket_id"], item["suspicion"]) for item in page["items"]}
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == seeded


async def test_a_way_round_a_clock_is_found_though_the_next_clock_has_begun(client, open_ticket, act, window):
    ticket = await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "messages", text="什么时候能好?")
    await act(ticket, "pause", reason="waiting_for_customer")
    await act(ticket, "resume")
    await act(ticket, "respond")
    found = (await client.get("/v1/pause-audit", params=window)).json()["items"]
    assert {(one["clock"], one["suspicion"]) for one in found} == {
        ("resolution", "nothing_asked"),
        ("next_update", "nothing_asked"),
    }
