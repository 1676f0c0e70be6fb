import pytest


@pytest.fixture
def agent(client):
    async def put(agent_id, **given):
        answer = await client.put(
            f"/v1/agents/{agent_id}", json={"name": agent_id, "languages": ["zh"], **given}
        )
        assert answer.status_code in {200, 201}, answer.text

    return put


@pytest.fixture
def listed(client):
    """`await listed(q="信号")`: the subjects on the first page."""

    async def read(**params):
        answer = await client.get("/v1/tickets", params=params)
        assert answer.status_code == 200, answer.text
        return [item["subject"] for item in answer.json()["items"]]

    return read


@pytest.fixture
def pages(client):
    """`await pages("/v1/tickets", limit=2)`: the items of each page, to the end."""

    async def read(url, **params):
        found, more = [], {}
        while True:
            got = await client.get(url, params=params | more)
            assert got.status_code == 200, got.text
            answer = got.json()
            found.append(answer["items"])
            if answer["next_cursor"] is None:
                return found
            more = {"cursor": answer["next_cursor"]}

    return read


@pytest.fixture
def refused(client):
    """`await refused("POST", url, 409, "customers_differ", …)`: a problem."""

    async def try_it(method, url, status, code, *, headers=None, **body):
        answer = await client.request(method, url, json=body or None, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        return answer.json()

    return try_it
