"""Each subscriber has a lane of its own: one who does not answer keeps nobody else waiting."""

import asyncio
import json
import socket
from datetime import timedelta

import pytest
import pytest_asyncio
from aiohttp import connector
from careloop_common import clock
from careloop_ticketing.tmf621 import handlers, metrics
from careloop_ticketing.tmf621.models import DeliveryRow, NotificationRow, SubscriptionRow
from careloop_ticketing.tmf621.policy import circuits
from sqlalchemy import func, select, update

HUB5 = "/tmf-api/troubleTicket/v5/hub"
TICKETS = 40


@pytest.fixture
def settings_overrides():
    return {
        "hub_networks": "127.0.0.0/8",
        "hub_retry_seconds": 60,
        "hub_seconds": 0.05,
        "hub_timeout_seconds": 60,
    }


@pytest_asyncio.fixture(loop_scope="session")
async def silent():
    """Takes connections and never answers; gives its address and what it took."""
    taken = []
    server = await _server(taken)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", taken
    server.close()
    for writer in taken:
        writer.close()


async def _server(taken):
    async def take(_, writer):
        taken.append(writer)

    return await asyncio.start_server(take, "127.0.0.1", 0)


async def test_one_that_never_answers_keeps_nobody_else_waiting(
    subscribe, open_ticket, listener, silent, worker_running, eventually, client
):
    hanging = [await subscribe(callback=silent[0]) for _ in range(13)]
    await subscribe()
    for _ in range(TICKETS):
        await open_ticket()
    async with worker_running():
        await eventually(lambda: len(listener[1]) == TICKETS)
        assert len(silent[1]) <= circuits.AT_ONCE * len(hanging)
    shown = (await client.get(f"{HUB5}/{hanging[0]['id']}")).json()["deliveries"]
    assert (shown["waiting"], shown["delivered"]) == (TICKETS, 0)


async def test_a_circuit_opens_is_tried_by_one_and_closes(
    subscribe, open_ticket, listener, runtime, tell, client
):
    _, got, answers = listener
    answers.extend([500] * 100)
    made = await subscribe()
    for _ in range(20):
        await open_ticket()
    await tell()
    assert circuits.FAILURES <= len(got) < 20
    shown = (await client.get(f"{HUB5}/{made['id']}")).json()["deliveries"]
    assert (shown["state"], shown["waiting"]) == ("open", 20)
    opened_at = len(got)
    await _let_it_rest(runtime, until=clock.now() + timedelta(hours=1))
    await tell()
    assert len(got) == opened_at
    await handlers.tend(runtime)
    assert metrics.OPEN._value.get() == 1
    assert metrics.WAITING._value.get() == 20
    await _let_it_rest(runtime)
    await tell()
    assert len(got) == opened_at + 1
    answers.clear()
    await _let_it_rest(runtime)
    await tell()
    shown = (await client.get(f"{HUB5}/{made['id']}")).json()["deliveries"]
    assert (shown["state"], shown["delivered"]) == ("active", 20)


async def _let_it_rest(runtime, until=None):
    now = clock.now()
    async with runtime.database.transaction() as session:
        await session.execute(update(SubscriptionRow).values(open_until=until or now))
        await session.execute(update(DeliveryRow).values(next_at=now))


async def test_what_waits_for_a_day_is_given_up_also_behind_an_open_circuit(
    subscribe, open_ticket, runtime, client
):
    made = await subscribe()
    await open_ticket()
    await handlers.write(runtime)
    async with runtime.database.transaction() as session:
        await session.execute(update(SubscriptionRow).values(open_until=clock.now() + timedelta(hours=1)))
        await session.execute(update(DeliveryRow).values(give_up_at=clock.now()))
    before = metrics.GIVEN_UP._value.get()
    await handlers.tend(runtime)
    await handlers.deliver(runtime)
    shown = (await client.get(f"{HUB5}/{made['id']}")).json()["deliveries"]
    assert (shown["waiting"], shown["givenUp"], shown["lastError"]) == (0, 1, "never sent")
    assert metrics.GIVEN_UP._value.get() == before + 1


async def test_bodies_go_with_the_last_of_those_who_got_them(subscribe, open_ticket, runtime, tell):
    await subscribe()
    await open_ticket()
    await tell()
    await handlers.forget(runtime)
    assert await _bodies(runtime) == 1
    async with runtime.database.transaction() as session:
        await session.execute(update(DeliveryRow).values(ended_at=clock.now() - timedelta(hours=25)))
    await handlers.forget(runtime)
    assert await _bodies(runtime) == 0


async def _bodies(runtime):
    async with runtime.database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(NotificationRow))


async def test_a_body_from_before_bodies_were_sealed_is_still_sent(subscribe, open_ticket, runtime, listener):
    await subscribe()
    await open_ticket()
    await handlers.write(runtime)
    async with runtime.database.transaction() as session:
        await session.execute(update(NotificationRow).values(body=b'{"eventId": "1"}'))
    await handlers.deliver(runtime)
    assert [json.loads(body) for _, _, body in listener[1]] == [{"eventId": "1"}]


class TestNames:
    @pytest.fixture
    def settings_overrides(self):
        return {"hub_retry_seconds": 60, "hub_seconds": 0.05}

    async def test_a_name_is_connected_to_where_it_was_checked(
        self, client, open_ticket, tell, listener, monkeypatch
    ):
        """One that means something else at the second look (DNS rebinding) is looked at only once for a connection."""
        port = int(listener[0].rpartition(":")[2])
        looked_up = _answering(monkeypatch, "rebinding.example", port, "203.0.114.1", "127.0.0.1")
        connected = _connections(monkeypatch)
        await client.post(HUB5, json={"@type": "Hub", "callback": f"http://rebinding.example:{port}"})
        await open_ticket()
        await tell()
        assert looked_up == ["203.0.114.1"]
        assert connected == ["203.0.114.1"]
        assert listener[1] == []

    async def test_a_name_that_means_both_is_refused(self, client, open_ticket, tell, listener, monkeypatch):
        port = int(listener[0].rpartition(":")[2])
        _answering(monkeypatch, "both.example", port, ["203.0.114.1", "10.0.0.1"])
        connected = _connections(monkeypatch)
        made = await client.post(HUB5, json={"@type": "Hub", "callback": f"http://both.example:{port}"})
        await open_ticket()
        await tell()
        shown = (await client.get(f"{HUB5}/{made.json()['id']}")).json()
        assert shown["deliveries"]["lastError"] == "address not permitted"
        assert connected == []


def _answering(monkeypatch, name, port, *answers):
    """A resolver that says something else of `name` each time; what it has said."""
    real, left, said = socket.getaddrinfo, list(answers), []

    def lookup(host, *rest, **more):
        if host != name:
            return real(host, *rest, **more)
        found = left.pop(0) if len(left) > 1 else left[0]
        addresses = [found] if isinstance(found, str) else found
        said.extend(addresses)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return said


def _connections(monkeypatch):
    """Where a connection of the sender would have gone: nobody is there, and nothing leaves this machine."""
    tried = []

    async def start(addr_infos, **_):
        tried.extend(info[4][0] for info in addr_infos)
        raise OSError("nobody there")

    monkeypatch.setattr(connector.aiohappyeyeballs, "start_connection", start)
    return tried
