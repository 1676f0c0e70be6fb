"""Both versions of TM Forum Trouble Ticket over the same tickets."""

import pytest

V4, V5 = "/tmf-api/troubleTicket/v4/troubleTicket", "/tmf-api/troubleTicket/v5/troubleTicket"


@pytest.fixture
def complaint():
    def document(version, **more):
        typed = {"@type": "TroubleTicket"} if version == 5 else {}
        return {
            "name": "宽带故障",
            "description": "家里宽带断了两天",
            "severity": "Major",
            "ticketType": "complaint",
            **typed,
            **more,
        }

    return document


@pytest.fixture
def create(client, complaint):
    async def one(version=5, **more):
        answer = await client.post(V5 if version == 5 else V4, json=complaint(version, **more))
        assert answer.status_code == 201, answer.text
        return answer.json()

    return one


@pytest.fixture
def patch(client):
    async def one(
        ticket, *, version=5, status=200, kind="application/merge-patch+json", body=None, **changes
    ):
        answer = await client.patch(
            f"{V5 if version == 5 else V4}/{ticket['id']}",
            json=changes if body is None else body,
            headers={"content-type": kind},
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    return one


@pytest.fixture
def is_error():
    def check(answer, status, code):
        body = answer.json()
        assert (answer.status_code, body["status"], body["code"]) == (status, str(status), code), body
        assert answer.headers["content-type"] == "application/json"
        assert body["reason"]
        assert body["message"]
        assert body["referenceError"] == f"https://careloop.dev/errors#{code}"
        assert body["@type"] == "Error"
        return True

    return check
