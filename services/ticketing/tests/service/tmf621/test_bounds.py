"""What one request makes others work is bounded, however it is written."""

import json

import pytest
from careloop_ticketing.tmf621 import handlers
from careloop_ticketing.tmf621.models import DeliveryRow, NotificationRow
from careloop_ticketing.tmf621.policy import bounds, excerpts
from sqlalchemy import func, select

V4, V5 = "/tmf-api/troubleTicket/v4/troubleTicket", "/tmf-api/troubleTicket/v5/troubleTicket"
HUB4, HUB5 = "/tmf-api/troubleTicket/v4/hub", "/tmf-api/troubleTicket/v5/hub"


@pytest.fixture
def settings_overrides():
    return {"hub_networks": "127.0.0.0/8", "hub_retry_seconds": 0.05, "hub_seconds": 0.05}


def _notes(many, text="x"):
    return [{"text": text} for _ in range(many)]


def _told(listener):
    return [json.loads(body) for _, _, body in listener[1]]


class TestRequests:
    async def test_so_many_notes_may_be_added_at_once_and_no_more(self, create, client, is_error):
        ticket = await create(4)
        refused = await client.patch(
            f"{V4}/{ticket['id']}", json={"note": _notes(bounds.MOST_NOTES + 1), "name": "y"}
        )
        assert is_error(refused, 400, "attribute_invalid")
        assert (await client.get(f"{V4}/{ticket['id']}")).json() == ticket
        for _ in range(3):
            added = await client.patch(f"{V4}/{ticket['id']}", json={"note": _notes(bounds.MOST_NOTES)})
            assert added.status_code == 200
        # A client that sends back all that it was shown adds one.
        whole = [*added.json()["note"], {"text": "noch eine"}]
        assert (await client.patch(f"{V4}/{ticket['id']}", json={"note": whole})).status_code == 200

    async def test_nor_more_at_the_opening(self, client, complaint, is_error):
        given = complaint(4, note=_notes(bounds.MOST_NOTES + 1))
        assert is_error(await client.post(V4, json=given), 400, "attribute_invalid")
        assert (await client.get(V4)).headers["x-total-count"] == "0"

    @pytest.mark.parametrize("name", ["relatedEntity", "troubleTicketRelationship", "attachment", "x"])
    async def test_lists_are_bounded(self, create, client, complaint, name, is_error):
        entry = {"id": "1", "@referredType": "Bill", "role": "x", "url": "https://x.example"}
        long = {name: [entry] * (bounds.MOST_ENTRIES + 1)}
        ticket = await create(4)
        assert is_error(await client.patch(f"{V4}/{ticket['id']}", json=long), 400, "attribute_invalid")
        assert is_error(await client.post(V4, json=complaint(4, **long)), 400, "attribute_invalid")

    async def test_what_is_kept_beside_a_ticket_does_not_grow_by_many_patches(self, create, client, is_error):
        ticket = await create(4)
        part = {"y": "z" * (bounds.LARGEST_KEPT // 2)}
        assert (await client.patch(f"{V4}/{ticket['id']}", json={"x1": part})).status_code == 200
        assert is_error(
            await client.patch(f"{V4}/{ticket['id']}", json={"x2": part}), 400, "attribute_invalid"
        )
        assert (await client.patch(f"{V4}/{ticket['id']}", json={"x1": None, "x2": part})).status_code == 200

    async def test_what_is_said_of_a_note_is_short(self, create, client, is_error):
        ticket = await create(4)
        note = {"text": "x", "more": "y" * bounds.LARGEST_EXTRAS}
        assert is_error(
            await client.patch(f"{V4}/{ticket['id']}", json={"note": [note]}), 400, "attribute_invalid"
        )


class TestNotifications:
    async def test_notes_of_one_request_are_told_of_once_with_the_newest_of_them(
        self, subscribe, create, client, listener, tell
    ):
        ticket = await create(4)
        await subscribe(HUB4)
        texts = [f"{number:02}" for number in range(50)]
        note = [{"text": text} for text in texts]
        assert (await client.patch(f"{V4}/{ticket['id']}", json={"note": note})).status_code == 200
        await tell()
        (told,) = _told(listener)
        assert told["eventType"] == "TroubleTicketAttributeValueChangeEvent"
        assert [one["text"] for one in told["event"]["troubleTicket"]["note"]] == texts[-excerpts.NOTES :]

    async def test_each_tells_of_the_notes_as_of_its_own_step(self, subscribe, create, act, listener, tell):
        ticket = await create(5)
        await subscribe(query="eventType=TroubleTicketAttributeValueChangeEvent")
        for number in range(30):
            await act(ticket, "notes", text=f"{number:02}")
        await tell()
        newest = [told["event"]["troubleTicket"]["note"][-1]["text"] for told in _told(listener)]
        assert newest == [f"{number:02}" for number in range(30)]

    async def test_a_body_is_written_once_for_all_of_a_version_and_sealed(
        self, subscribe, open_ticket, runtime
    ):
        for hub in (HUB4, HUB4, HUB4, HUB5, HUB5):
            await subscribe(hub)
        await open_ticket(subject="谁也不该看见的话")
        assert await handlers.write(runtime)
        async with runtime.database.transaction() as session:
            bodies = (await session.scalars(select(NotificationRow.body))).all()
            deliveries = await session.scalar(select(func.count()).select_from(DeliveryRow))
        assert (len(bodies), deliveries) == (2, 5)
        assert all("谁也不该".encode() not in body for body in bodies)

    async def test_large_attributes_are_left_out_and_named(self, subscribe, create, client, listener, tell):
        await subscribe(HUB4)
        large = {"y": ["长" * 1_000] * 70}
        ticket = await create(4, large=large, description="详" * 9_000)
        assert ticket["large"] == large
        await client.patch(f"{V4}/{ticket['id']}", json={"note": _notes(50, "记" * 9_000)})
        await tell()
        for (_, _, body), told in zip(listener[1], _told(listener), strict=True):
            assert len(body) <= excerpts.LARGEST
            assert told["description"] == "Left out for their size, see href: large."
            assert told["event"]["troubleTicket"]["description"] == ticket["description"]

    async def test_a_status_is_told_of_right_after_a_long_life(
        self, subscribe, open_ticket, act, listener, tell, client
    ):
        ticket = await open_ticket()
        await act(ticket, "respond")
        for _ in range(excerpts.STATUSES):
            await act(ticket, "pause", reason="waiting_for_third_party")
            await act(ticket, "resume")
        await act(ticket, "pause", reason="waiting_for_third_party")
        for number in range(excerpts.STATUSES + 5):
            await act(ticket, "messages", text=f"还没有消息 {number}")
        await subscribe(HUB4)
        await act(ticket, "notes", text="一")
        await act(ticket, "resume")
        await tell()
        told = [one["event"]["troubleTicket"] for one in _told(listener)]
        assert [one["status"] for one in told] == ["held", "inProgress"]
        whole = (await client.get(f"{V4}/{ticket['id']}")).json()
        assert told[-1]["statusChange"] == whole["statusChange"][-excerpts.STATUSES :]
        alike = ("statusChangeDate", "statusChangeReason", "lastUpdate", "note", "name", "severity")
        assert {name: told[-1][name] for name in alike} == {
            name: whole[name][-excerpts.NOTES :] if name == "note" else whole[name] for name in alike
        }
