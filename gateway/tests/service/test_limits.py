import asyncio

import pytest


@pytest.fixture
def settings_overrides(settings_overrides):
    rates = {"read_per_second": 2, "write_per_second": 1, "public_per_second": 1, "refused_per_second": 2}
    return {**settings_overrides, **rates}


async def test_a_caller_over_his_rate_is_told_when_to_come_back(admin, backend, problem):
    answers = [await admin.get("/v1/tickets") for _ in range(5)]
    assert [answer.status_code for answer in answers][:4] == [200] * 4
    assert answers[0].headers["ratelimit-policy"] == '"read";q=4;w=2'
    assert answers[0].headers["ratelimit"] == '"read";r=3;t=1'
    last = answers[-1] if answers[-1].status_code == 429 else await admin.get("/v1/tickets")
    problem(last, 429, "rate_limited")
    assert int(last.headers["retry-after"]) == 1
    assert last.headers["ratelimit"].startswith('"read";r=0;')
    assert all(request.method == "GET" for request in backend.requests)


async def test_classes_and_callers_have_quotas_of_their_own(admin, anyone, make_key):
    other = await make_key(roles=["viewer"])
    while (await admin.get("/v1/tickets")).status_code != 429:
        pass
    assert (await admin.post("/v1/tickets", json={})).status_code == 200
    assert (await anyone.get("/v1/tickets", headers={"x-api-key": other["key"]})).status_code == 200


async def test_a_quota_fills_up_again(admin, eventually):
    while (await admin.get("/v1/tickets")).status_code != 429:
        pass

    async def again():
        return (await admin.get("/v1/tickets")).status_code == 200

    await eventually(again, timeout=5)


async def test_public_routes_are_limited_by_address(anyone, problem):
    answers = [await anyone.get("/v1/unsubscribe?token=x") for _ in range(6)]
    assert answers[0].status_code == 200
    problem(answers[-1], 429, "rate_limited")


async def test_who_guesses_credentials_is_slowed_down(anyone, admin, problem):
    answers = await asyncio.gather(
        *(anyone.get("/v1/tickets", headers={"x-api-key": f"clk_{n:06}_{'x' * 43}"}) for n in range(30))
    )
    assert {answer.status_code for answer in answers} == {401, 429}
    assert (await admin.get("/v1/tickets")).status_code == 200


async def test_probes_are_not_limited(anyone):
    for _ in range(20):
        assert (await anyone.get("/livez")).status_code == 200
