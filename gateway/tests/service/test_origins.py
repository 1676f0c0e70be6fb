"""Web pages send messages from the browser, from origins that are not ours."""

import pytest

SHOP, OTHER = "https://shop.example", "https://other.example"
ASKING = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}


async def test_a_browser_that_asks_is_told_that_a_page_may_send(anyone):
    answer = await anyone.options("/v1/batch", headers={"origin": SHOP, **ASKING})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST"
    asked = {"authorization", "content-type", "content-encoding"}
    assert asked <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert int(answer.headers["access-control-max-age"]) > 0
    assert "access-control-allow-credentials" not in answer.headers


async def test_the_page_may_read_the_answer_also_when_it_is_a_refusal(anyone, admin):
    taken = await admin.post("/v1/track", headers={"origin": SHOP}, json={})
    refused = await anyone.post("/v1/track", headers={"origin": SHOP}, json={})
    assert (taken.status_code, refused.status_code) == (200, 401)
    for answer in (taken, refused):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "retry-after" in answer.headers["access-control-expose-headers"]


async def test_nothing_else_is_open_to_pages(admin, problem):
    answer = await admin.get("/v1/customers", headers={"origin": SHOP})
    assert "access-control-allow-origin" not in answer.headers
    problem(
        await admin.options("/v1/customers", headers={"origin": SHOP, **ASKING}), 405, "method_not_allowed"
    )


class TestWithAList:
    @pytest.fixture
    def settings_overrides(self, settings_overrides):
        return settings_overrides | {"collect_origins": (SHOP,)}

    async def test_only_its_origins_may_send(self, anyone):
        for origin, allowed in ((SHOP, SHOP), (OTHER, None)):
            answer = await anyone.options("/v1/batch", headers={"origin": origin, **ASKING})
            assert answer.status_code == 204
            assert answer.headers.get("access-control-allow-origin") == allowed
            assert answer.headers["vary"] == "origin"
