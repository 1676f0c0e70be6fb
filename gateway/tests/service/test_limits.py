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
    # Whoever is slow is given back a request each half second.
    while (last := answers[-1]).status_code != 429:
        answers.append(await admin.get("/v1/tickets"))
    problem(last, 429, "rate_limited")
    assert int(last.headers["retry-after"]) == int(last.headers["x-ratelimit-reset"]) == 1
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
    answer = await anyone.get("/v1/unsubscribe?token=x")
    assert answer.status_code == 200
    while answer.status_code == 200:
        answer = await anyone.get("/v1/unsubscribe?token=x")
    problem(answer, 429, "rate_limited")


async def test_who_guesses_credentials_is_slowed_down(anyone, admin, problem):
    answers = await asyncio.gather(
        *(anyone.get("/v1/tickets", headers={"x-api-key": f"clk_{n:06}_{'x' * 43}"}) for n in range(30))
    )
    statuses = {answer.status_code for answer in answers}
    # On a busy machine the database may take too long for one of them.
    assert 429 in statuses
    assert statuses <= {401, 429, 503}
    assert (await admin.get("/v1/tickets")).status_code == 200


async def guess(anyone, count=20):
    """Statuses of bad credentials that claim to come from an address of their own each."""
    return {
        (
            await anyone.get("/v1/tickets", headers={"x-api-key": "no", "x-forwarded-for": f"10.9.0.{n}"})
        ).status_code
        for n in range(count)
    }


async def test_nobody_gets_around_a_limit_by_claiming_to_be_somebody_else(anyone):
    assert await guess(anyone) == {401, 429}


class TestBehindAProxy:
    @pytest.fixture
    def settings_overrides(self, settings_overrides):
        return {**settings_overrides, "trusted_proxies": "127.0.0.0/8, 2001:db8::/32"}

    async def test_the_address_is_what_the_proxy_says(self, anyone, admin, backend):
        assert await guess(anyone) == {401}
        told = {"x-forwarded-for": "6.6.6.6, 203.0.113.9, 2001:db8::1"}
        assert (await admin.get("/v1/tickets", headers=told)).status_code == 200
        assert backend.last.headers["x-forwarded-for"] == "203.0.113.9"


def test_a_proxy_is_named_by_its_network(service_settings):
    given = service_settings.model_dump()
    with pytest.raises(ValueError, match="trusted_proxies"):
        type(service_settings)(**given | {"trusted_proxies": "*"})


async def test_probes_are_not_limited(anyone):
    for _ in range(20):
        assert (await anyone.get("/livez")).status_code == 200
