"""A raised warning becomes one care task with a clock, and one message."""

import asyncio
from datetime import timedelta

import pytest
from careloop_campaign.care import service
from careloop_campaign.care.models import CareTask
from careloop_campaign.care.policy import ChurnWarning
from careloop_common import clock, ids
from careloop_common.plumbing import timer
from careloop_contracts import (
    CareTaskCompletedV1,
    CareTaskOpenedV1,
    CareTaskOverdueV1,
    MessageSentV1,
    TicketOpenedV1,
)
from sqlmodel import select

UNKNOWN = "01926a3e-0000-7000-8000-000000000000"


@pytest.fixture
def tasks(runtime):
    async def read(**where):
        async with runtime.database.transaction() as session:
            return (await session.scalars(select(CareTask).filter_by(**where))).all()

    return read


@pytest.fixture
def warned(runtime, publish, make_warning, worker_running, eventually, tasks):
    """A customer with a warning, and the task that came of it."""

    async def warn(customer_id, **overrides):
        async with worker_running():
            await publish(make_warning(customer_id, **overrides))
            (task,) = await eventually(lambda: tasks(customer_id=customer_id))
        return task

    return warn


async def test_a_warning_makes_one_task_and_one_message_whatever_is_delivered_twice(
    worker_running, publish, make_customer, make_warning, set_policy, eventually, client, delivered, published
):
    await set_policy()
    customer = make_customer()
    warning = make_warning(customer.customer_id)
    twice = ids.new_id()
    async with worker_running():
        await publish(customer)
        await publish(warning, event_id=twice)
        await publish(warning, event_id=twice)
        await publish(make_warning(customer.customer_id))
        await eventually(lambda: published(MessageSentV1))
    async with worker_running():  # everything is read again from where it stood
        marker = make_customer()
        await publish(marker)
        await publish(make_warning(marker.customer_id))
        await eventually(lambda: len(delivered()) == 2 or None)

    (task,) = (await client.get("/v1/care-tasks", params={"customer_id": customer.customer_id})).json()[
        "items"
    ]
    assert task["state"] == "open"
    assert task["offer"] == {"kind": "discount", "adviser": False}
    assert task["origin"]["churn_probability"] == 0.83
    (message,) = (await client.get("/v1/messages", params={"customer_id": customer.customer_id})).json()[
        "items"
    ]
    assert (message["state"], message["reference"]) == ("accepted", task["task_id"])
    (line,) = [m for m in delivered() if m["message_id"] == message["message_id"]]
    assert "王小明" in line["text"]
    assert line["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (opened,) = [e for e in await published(CareTaskOpenedV1) if e.customer_id == customer.customer_id]
    assert str(opened.task_id) == task["task_id"]


async def test_hundreds_of_warnings_delivered_twice_make_a_task_each(
    worker_running, publish, make_warning, eventually, tasks, ledger
):
    customers = [ids.new_id() for _ in range(200)]
    for customer_id in customers * 2:
        await publish(make_warning(customer_id))
    async with worker_running():
        await eventually(lambda: _all(tasks, 200), timeout=30)
    assert sorted(task.customer_id for task in await tasks()) == sorted(customers)
    assert sorted(row.customer_id for row in await ledger()) == sorted(customers)


async def test_warnings_handled_at_the_same_time_by_several_processes_make_a_task_each(
    runtime, tasks, ledger
):
    customers = [ids.new_id() for _ in range(40)]

    async def handle(order):
        warnings = [ChurnWarning(customer_id, raised_at=clock.now(), driver="need") for customer_id in order]
        async with runtime.database.transaction() as session:
            return await service.warn(session, warnings, now=clock.now())

    opened = await asyncio.gather(*(handle(customers[n:] + customers[:n]) for n in range(0, 40, 5)))
    assert sum(opened) == len(await tasks()) == len(await ledger()) == 40


async def _all(tasks, number):
    return len(await tasks()) >= number


async def test_the_warning_may_overtake_the_registration(
    worker_running, publish, make_customer, make_warning, set_policy, eventually, ledger, delivered
):
    await set_policy()
    customer = make_customer()
    async with worker_running():
        await publish(make_warning(customer.customer_id))
        await eventually(lambda: ledger(state="deferred", reason="customer_unknown"))
        await publish(customer)
        await eventually(delivered, timeout=15)


async def test_the_clock_runs_out_and_somebody_is_told(
    worker_running, publish, make_customer, make_warning, set_policy, eventually, client, published
):
    await set_policy(callback_seconds=1)
    customer = make_customer()
    async with worker_running():
        await publish(customer)
        await publish(make_warning(customer.customer_id))
        (event,) = await eventually(lambda: published(CareTaskOverdueV1))
    (task,) = (await client.get("/v1/care-tasks", params={"overdue": True})).json()["items"]
    assert task["escalated"] is True
    assert task["task_id"] == str(event.task_id)
    assert (await client.get("/v1/care-tasks", params={"overdue": False})).json()["items"] == []


async def test_completing_stops_the_clock_and_says_what_came_of_it(
    warned, client, worker_running, eventually, published, runtime
):
    task = await warned(ids.new_id())
    done = await client.post(
        f"/v1/care-tasks/{task.task_id}/complete",
        json={"outcome": "reached_retained", "notes": "答应再用一年"},
    )
    assert done.status_code == 200, done.text
    assert done.json()["state"] == "completed"
    assert done.json()["notes"] == "答应再用一年"
    async with worker_running():
        (event,) = await eventually(lambda: published(CareTaskCompletedV1))
    assert event.outcome == "reached_retained"
    async with runtime.database.transaction() as session:
        stored = await session.get(CareTask, task.task_id)
        clocks = (await session.execute(select(timer).where(timer.c.owner_id == task.task_id))).all()
    assert clocks == []
    assert "答应" not in stored.notes

    again = await client.post(f"/v1/care-tasks/{task.task_id}/complete", json={"outcome": "declined"})
    assert (again.status_code, again.json()["code"]) == (409, "care_task_already_completed")
    late = await client.post(f"/v1/care-tasks/{task.task_id}/assign", json={"assignee": "li.lei"})
    assert late.status_code == 409


async def test_a_warning_after_a_completed_task_opens_a_new_one_only_in_a_new_episode(
    warned, set_policy, client, worker_running, publish, make_warning, eventually, tasks
):
    await set_policy(episode_seconds=3600)
    customer_id = ids.new_id()
    task = await warned(customer_id)
    await client.post(f"/v1/care-tasks/{task.task_id}/complete", json={"outcome": "unreachable"})
    async with worker_running():
        await publish(make_warning(customer_id, raised_at=clock.now() + timedelta(minutes=30)))
        other = ids.new_id()
        await publish(make_warning(other))
        await eventually(lambda: tasks(customer_id=other))
        assert len(await tasks(customer_id=customer_id)) == 1
        await publish(make_warning(customer_id, raised_at=clock.now() + timedelta(minutes=61)))
        await eventually(lambda: _all(lambda: tasks(customer_id=customer_id), 2))


async def test_an_open_complaint_holds_the_message_back_and_not_the_task(
    worker_running, publish, make_customer, make_warning, set_policy, eventually, tasks, ledger
):
    await set_policy()
    customer = make_customer()
    async with worker_running():
        await publish(customer)
        await publish(
            TicketOpenedV1(
                ticket_id=ids.new_id(),
                number="T-1",
                customer_id=customer.customer_id,
                kind="complaint",
                channel="web",
                opened_at=clock.now(),
            )
        )
        await eventually(lambda: ledger(template="complaint_acknowledged", state="accepted"))
        await publish(make_warning(customer.customer_id))
        await eventually(lambda: ledger(template="retention_offer", reason="open_complaint"))
    assert len(await tasks(customer_id=customer.customer_id)) == 1


async def test_assigning(warned, client):
    task = await warned(ids.new_id(), driver="experience")
    answer = await client.post(f"/v1/care-tasks/{task.task_id}/assign", json={"assignee": "韩梅梅"})
    assert (answer.json()["state"], answer.json()["assignee"]) == ("assigned", "韩梅梅")
    assert answer.json()["offer"] == {"kind": "upgrade_voucher", "adviser": True}
    (listed,) = (await client.get("/v1/care-tasks", params={"state": "assigned"})).json()["items"]
    assert listed["task_id"] == str(task.task_id)


async def test_pages_follow_each_other(publish, worker_running, make_warning, eventually, tasks, client):
    async with worker_running():
        for _ in range(7):
            await publish(make_warning(ids.new_id()))
        await eventually(lambda: _all(tasks, 7))
    seen, cursor = [], None
    while True:
        page = (
            await client.get("/v1/care-tasks", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [item["task_id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", f"/v1/care-tasks/{UNKNOWN}", None, 404, "care_task_not_found"),
        (
            "POST",
            f"/v1/care-tasks/{UNKNOWN}/complete",
            {"outcome": "declined"},
            404,
            "care_task_not_found",
        ),
        ("POST", f"/v1/care-tasks/{UNKNOWN}/complete", {"outcome": "won"}, 422, "validation_failed"),
        ("POST", f"/v1/care-tasks/{UNKNOWN}/assign", {"assignee": "a\u0000b"}, 422, "validation_failed"),
        ("GET", "/v1/care-tasks?cursor=abc", None, 422, "invalid_cursor"),
        ("GET", "/v1/care-tasks?queue=%00", None, 422, "validation_failed"),
    ],
)
async def test_what_cannot_be_is_a_problem(client, method, path, body, status, code):
    answer = await client.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code


async def test_scopes(client_as):
    reader = client_as("care:read")
    assert (await reader.get("/v1/care-tasks")).status_code == 200
    assert (
        await reader.post(f"/v1/care-tasks/{ids.new_id()}/assign", json={"assignee": "x"})
    ).status_code == 403
    assert (await reader.get("/v1/messages")).status_code == 403
