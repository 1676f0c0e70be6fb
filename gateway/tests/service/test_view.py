import asyncio

import pytest
from aiohttp import web

ID = "0198c0de-0000-7000-8000-000000000001"
VIEW = f"/v1/customers/{ID}/view"
PARTS = {"profile", "overview", "score", "tickets", "care_tasks", "messages", "interactions"}


@pytest.fixture
def addresses(backends):
    return {f"{name}_url": found.url for name, found in backends.items()}


async def test_a_view_has_a_part_of_every_service(admin, backends):
    view = (await admin.get(VIEW)).json()
    assert view["customer_id"] == ID
    assert view["complete"]
    assert {name for name in PARTS if view[name]["status"] == "ok"} == PARTS
    assert view["score"]["data"]["path"] == f"/v1/scores/{ID}"
    assert view["tickets"]["data"]["path"] == f"/v1/tickets?customer_id={ID}&limit=20"
    for backend in backends.values():
        for request in backend.requests:
            assert request.headers["authorization"].startswith("Bearer ey")
            assert 0 < float(request.headers["x-request-timeout"]) <= 1


async def test_tickets_are_those_of_all_customers_of_the_person(admin, backends):
    other = ID[:-1] + "2"

    async def profile(request):
        return web.json_response({"customers": [{"customer_id": other}, {"customer_id": ID}]})

    async def ticketing(request):
        mine = request.query["customer_id"] == ID
        item = {"number": 1 if mine else 2, "created_at": f"2026-01-0{1 if mine else 2}T08:00:00Z"}
        return web.json_response({"items": [item], "next_cursor": None})

    backends["profile"].answer, backends["ticketing"].answer = profile, ticketing
    view = (await admin.get(VIEW)).json()
    assert [item["number"] for item in view["tickets"]["data"]["items"]] == [2, 1]
    assert {request.path_qs for request in backends["scoring"].requests} == {f"/v1/scores/{ID}"}


async def test_a_list_of_which_a_piece_is_missing_is_marked(admin, backends):
    async def profile(request):
        return web.json_response({"customers": [{"customer_id": ID}, {"customer_id": ID[:-1] + "2"}]})

    async def ticketing(request):
        if request.query["customer_id"] == ID:
            return web.json_response({"items": [], "next_cursor": None})
        return web.Response(status=500)

    backends["profile"].answer, backends["ticketing"].answer = profile, ticketing
    view = (await admin.get(VIEW)).json()
    assert (view["tickets"]["status"], view["tickets"]["reason"]) == ("missing", "http_500")


@pytest.mark.parametrize("down", ["profile", "scoring", "ticketing", "campaign"])
async def test_a_service_that_is_down_marks_its_parts_and_no_others(admin, backends, down):
    await backends[down].stop()
    answer = await admin.get(VIEW)
    view = answer.json()
    assert answer.status_code == 200
    missing = {name for name in PARTS if view[name]["status"] == "missing"}
    expected = {
        "profile": {"profile", "overview", "interactions"},
        "scoring": {"score"},
        "ticketing": {"tickets"},
        "campaign": {"care_tasks", "messages"},
    }
    assert missing == expected[down]
    assert not view["complete"]
    assert {view[name]["reason"] for name in missing} == {"upstream_unavailable"}


async def test_a_service_that_hangs_costs_a_second(admin, backends):
    async def never(_):
        await asyncio.Event().wait()

    backends["scoring"].answer = never
    loop = asyncio.get_running_loop()
    started = loop.time()
    view = (await admin.get(VIEW)).json()
    assert loop.time() - started < 5, "the route would allow ten"
    assert (view["score"]["status"], view["score"]["reason"]) == ("missing", "timeout")
    assert view["tickets"]["status"] == "ok"


async def test_broken_answers_mark_their_part(admin, backends):
    async def nonsense(_):
        return web.Response(text="{", content_type="application/json")

    async def failing(_):
        return web.json_response({}, status=500)

    backends["scoring"].answer = nonsense
    backends["ticketing"].answer = failing
    view = (await admin.get(VIEW)).json()
    assert view["score"]["reason"] == "upstream_broken"
    assert view["tickets"]["reason"] == "http_500"
    assert view["profile"]["status"] == "ok"


async def test_what_has_no_score_yet_is_not_missing(admin, backends):
    async def unknown(_):
        return web.json_response({"code": "score_not_found"}, status=404)

    backends["scoring"].answer = unknown
    view = (await admin.get(VIEW)).json()
    assert view["score"] == {"status": "not_found", "reason": None, "data": None}
    assert view["complete"]


async def test_an_unknown_customer_has_no_view(admin, backends, problem):
    async def unknown(_):
        return web.json_response({"code": "customer_not_found"}, status=404)

    backends["profile"].answer = unknown
    problem(await admin.get(VIEW), 404, "customer_view_not_found")
    problem(await admin.get("/v1/customers/none/view"), 422, "validation_failed")


async def test_a_part_that_the_caller_may_not_see_is_not_asked_for(anyone, make_key, backends):
    key = (await make_key(scopes=["customers:read", "tickets:read"]))["key"]
    view = (await anyone.get(VIEW, headers={"x-api-key": key})).json()
    assert {name for name in PARTS if view[name]["status"] == "ok"} == {
        "profile",
        "overview",
        "tickets",
    }
    assert {view[name]["status"] for name in PARTS - {"profile", "overview", "tickets"}} == {"forbidden"}
    assert view["complete"]
    assert not backends["scoring"].requests
    assert not backends["campaign"].requests
