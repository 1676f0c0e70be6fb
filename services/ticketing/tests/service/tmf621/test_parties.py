V4, V5 = (f"/tmf-api/troubleTicket/v{version}/troubleTicket" for version in (4, 5))
WORDS = {"name": "账单", "description": "多收", "severity": "minor", "ticketType": "complaint"}


async def test_a_party_is_found_by_the_id_that_the_document_shows(client, open_ticket):
    party = {"id": "crm:4712", "role": "customer", "@referredType": "Customer"}
    made = await client.post(V4, json={**WORDS, "relatedParty": [party]})
    assert made.status_code == 201, made.text
    await open_ticket(customer={"source": "boss", "external_id": "4712"})
    for path, name in ((V4, "relatedParty.id"), (V5, "relatedParty.partyOrPartyRole.id")):
        for given, count in {"crm:4712": 1, "boss:4712": 1, "4712": 2, "crm:": 0, "x:4712": 0}.items():
            found = (await client.get(path, params={name: given})).json()
            assert len(found) == count, (path, given)
            assert given != "crm:4712" or found[0]["id"] == made.json()["id"]
