"""Specifications of trouble tickets: kept for other systems, and nothing depends on them."""

PATH = "/tmf-api/troubleTicket/v5/troubleTicketSpecification"


async def test_they_are_stored_changed_and_deleted(client):
    given = {"@type": "TroubleTicketSpecification", "name": "投诉单", "version": "1"}
    made = (await client.post(PATH, json=given)).json()
    one = f"{PATH}/{made['id']}"
    assert made["href"] == f"http://127.0.0.1:8080{one}"
    listed = await client.get(PATH, params={"name": "投诉单"})
    assert listed.headers["x-total-count"] == "1"
    changed = await client.patch(one, json={"lifecycleStatus": "active"})
    assert changed.json()["lifecycleStatus"] == "active"
    refused = await client.patch(one, json={"id": "1"})
    assert (refused.status_code, refused.json()["code"]) == (400, "attribute_not_writable")
    assert (await client.delete(one)).status_code == 204
    gone = await client.get(one)
    assert (gone.status_code, gone.json()["code"]) == (404, "specification_not_found")
