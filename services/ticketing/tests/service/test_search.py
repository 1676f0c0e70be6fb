from datetime import timedelta
from importlib import import_module

import pytest
from careloop_ticketing.search import service as search
from careloop_ticketing.tickets.service import listing
from sqlalchemy import text


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
    """`await pages(limit=2, q="信号")`: the subjects on each page, to the end."""

    async def read(**params):
        found, more = [], {}
        while True:
            answer = (await client.get("/v1/tickets", params=params | more)).json()
            found.append([item["subject"] for item in answer["items"]])
            if answer["next_cursor"] is None:
                return found
            more = {"cursor": answer["next_cursor"]}

    return read


@pytest.fixture
def small_windows(monkeypatch):
    """Blocks of two tickets and looks of three rows: a dozen tickets need every turn of the walk."""
    monkeypatch.setattr(search, "BLOCK", 2)
    monkeypatch.setattr(search, "MOST", 3)
    monkeypatch.setattr(search, "PATIENCE", timedelta(minutes=1))


@pytest.fixture
def no_patience(monkeypatch):
    """Every page ends after one turn of the walk."""
    monkeypatch.setattr(search, "PATIENCE", timedelta())


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("信号", ["信号不好"]),
        ("断线", ["信号不好"]),
        ("不好 断线", ["信号不好"]),
        ("信号 账单", []),
        ("BROADBAND", ["Slow broadband"]),
        ("broad", []),
        ("ｂｒｏａｄｂａｎｄ", ["Slow broadband"]),
        ("5G卡", ["办5G卡"]),
        ("办5g", ["办5G卡"]),
        ("蝴蝶", []),
    ],
)
async def test_tickets_are_found_by_the_words_of_subject_and_description(
    open_ticket, listed, query, subjects
):
    await open_ticket(subject="信号不好", description="在家里总是断线")
    await open_ticket(subject="Slow broadband", description="It drops every evening.")
    await open_ticket(subject="办5G卡")
    assert await listed(q=query) == subjects


async def test_a_ticket_is_found_by_its_number_alone(open_ticket, listed):
    first, second = await open_ticket(subject="一"), await open_ticket(subject="二")
    assert await listed(q=first["number"]) == ["一"]
    assert await listed(q=f" {second['number'].lower()} ") == ["二"]
    assert await listed(q=second["number"], status="feedback") == []
    assert await listed(q="C-20200101-000001") == []


@pytest.mark.parametrize("around", ["工单{}", "{}的进度", "工单：{}", "ticket {} please"])
async def test_a_ticket_is_found_by_its_number_whatever_stands_around_it(open_ticket, listed, around):
    ticket, _ = await open_ticket(subject="一"), await open_ticket(subject="二")
    assert await listed(q=around.format(ticket["number"])) == ["一"]
    wide = "".join(chr(ord(one) + 0xFEE0) for one in ticket["number"])
    assert await listed(q=wide) == ["一"]
    assert await listed(q=f"x{ticket['number']}") == []


async def test_the_words_of_a_subject_and_its_description_do_not_run_together(open_ticket, listed):
    await open_ticket(subject="没有信", description="号码错误")
    assert await listed(q="信号") == []


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
async def test_a_search_gives_everything_once_newest_first(open_ticket, pages, limit):
    wanted = []
    for number in range(23):
        # Lately none, then many, then few: windows are widened, narrowed and left.
        has = number < 3 or 8 <= number < 17
        ticket = await open_ticket(subject=f"{'信号' if has else '账单'} {number}")
        wanted += [ticket["subject"]] if has else []
    found = await pages(q="信号", limit=limit)
    assert [subject for page in found for subject in page] == wanted[::-1]
    assert all(len(page) == limit for page in found[:-1])


@pytest.mark.usefixtures("small_windows", "no_patience")
@pytest.mark.parametrize("limit", [1, 3, 50])
async def test_a_page_that_took_its_time_is_short_but_nothing_is_left_out(
    open_ticket, pages, act, monkeypatch, limit
):
    monkeypatch.setattr(listing, "_FEW", 0)
    wanted = []
    for number in range(16):
        ticket = await open_ticket(subject=f"信号 {number}")
        if number % 7 == 0:
            await act(ticket, "resolve")
            wanted.append(ticket["subject"])
    for filters in ({"status": "feedback"}, {"rule": 'status == "feedback"'}):
        found = await pages(q="信号", **filters, limit=limit)
        assert [subject for page in found for subject in page] == wanted[::-1]
        assert len(found) > 4


@pytest.mark.usefixtures("small_windows")
async def test_a_turn_that_looks_at_many_goes_on_where_it_ended(open_ticket, pages, monkeypatch):
    monkeypatch.setattr(search, "BLOCK", 100)
    for number in range(11):
        await open_ticket(subject=f"信号 {number}", channel="hotline" if number % 5 else "web")
    found = await pages(q="信号", rule='channel == "web"', limit=2)
    assert found == [["信号 10", "信号 5"], ["信号 0"]]


@pytest.mark.usefixtures("small_windows", "no_patience")
async def test_where_a_filter_leaves_few_they_are_all_that_is_searched(
    open_ticket, pages, act, customer_registered
):
    customer = str(customer_registered().customer_id)
    for number in range(9):
        ticket = await open_ticket(
            subject=f"信号 {number}", **({"customer_id": customer} if number % 2 else {})
        )
        if number in {3, 7}:
            await act(ticket, "resolve")
    assert await pages(q="信号", customer_id=customer, limit=3) == [
        ["信号 7", "信号 5", "信号 3"],
        ["信号 1"],
    ]
    assert await pages(q="信号", status="feedback") == [["信号 7", "信号 3"]]
    assert await pages(q="信号", status="feedback", channel="fax") == [[]]
    assert await pages(q="信号", status="merged") == [[]]
    assert await pages(q="信号", opened_until="2020-01-01T00:00:00Z") == [[]]
    assert await pages(q="信号", customer_id=customer, rule='status == "feedback"') == [["信号 7", "信号 3"]]


async def test_a_search_can_ask_for_tickets_that_were_late_or_were_not(open_ticket, listed, runtime):
    late = await open_ticket(subject="信号 1")
    await open_ticket(subject="信号 2")
    async with runtime.database.transaction() as session:
        missed = text("UPDATE sla_clock SET breached_at = due_at WHERE subject_id = :id")
        await session.execute(missed, {"id": late["id"]})
    assert await listed(q="信号", breached=True) == ["信号 1"]
    assert await listed(q="信号", breached=False) == ["信号 2"]
    assert await listed(breached=True) == ["信号 1"]
    assert await listed(breached=False) == ["信号 2"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "search_unclear"),
        (" ", "search_unclear"),
        ("卡", "search_unclear"),
        ("信号 卡", "search_unclear"),
        ("信" * 201, "validation_failed"),
        ("a " * 10_000, "validation_failed"),
        ("信号\0", "validation_failed"),
    ],
)
async def test_what_cannot_be_searched_for_is_refused(client, query, code):
    answer = await client.get("/v1/tickets", params={"q": query})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_cursor_goes_with_its_own_list(client, open_ticket):
    for _ in range(2):
        await open_ticket(subject="信号")
    plain = (await client.get("/v1/tickets", params={"limit": 1})).json()["next_cursor"]
    searched = (await client.get("/v1/tickets", params={"limit": 1, "q": "信号"})).json()["next_cursor"]
    for params in ({"q": "信号", "cursor": plain}, {"cursor": searched}):
        answer = await client.get("/v1/tickets", params=params)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


async def test_a_long_text_is_found_by_its_end(open_ticket, listed):
    description = "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(19_990)) + "蝴蝶结"
    await open_ticket(subject="长", description=description)
    assert await listed(q="蝴蝶结") == ["长"]


async def test_a_reference_that_comes_again_is_found_once(client, open_ticket, listed):
    first = await open_ticket(subject="信号", external_ref="77")
    again = await client.post(
        "/v1/tickets", json={"channel": "hotline", "subject": "账单", "external_ref": "77"}
    )
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert (await listed(q="信号"), await listed(q="账单")) == (["信号"], [])


async def test_tickets_of_before_are_indexed_as_new_ones_are(runtime, open_ticket, listed):
    """What the migration puts in for a ticket is what intake puts in."""
    ticket = await open_ticket(subject="信号不好", description="办5G卡")
    migration = import_module("careloop_ticketing.migrations.versions.0005_search")
    async with runtime.database.transaction() as session:
        stored = (await session.execute(text("SELECT subject_id, seq, words FROM search_entry"))).one()
    made = migration._entry(stored.subject_id, ticket["number"], ticket["subject"], ticket["description"])
    assert made == stored._asdict()
