"""RFC 8058: the POST unsubscribes, without cookie, login or redirect; the GET only shows a page."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from careloop_campaign.contact.policy import Purpose
from careloop_contracts import CustomerUnsubscribedV1


@pytest.fixture
async def anonymous(app):
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


@pytest.fixture
def sent(set_policy, known, plan, worker_running, eventually, delivered):
    """A message that went out, and its unsubscribe path as a mail client would read it."""

    async def send(**overrides):
        await set_policy(caps=[])
        (customer,) = await known()
        await plan(customer, **overrides)
        async with worker_running():
            (line,) = await eventually(delivered)
        url = line["headers"]["List-Unsubscribe"].strip("<>")
        assert url in line["text"]
        return customer, "/v1/unsubscribe?" + urlsplit(url).query

    return send


@pytest.fixture
def reasons(plan, worker_running, eventually, ledger):
    """What becomes of a further message of each purpose."""

    async def send(customer):
        before = len(await ledger())
        await plan(customer)
        await plan(customer, purpose=Purpose.MARKETING, campaign="other")
        await plan(customer, purpose=Purpose.SERVICE, template="callback_scheduled")

        async def settled():
            rows = (await ledger())[before:]
            return len(rows) == 3 and all(row.settled_at for row in rows) and rows

        async with worker_running():
            rows = await eventually(settled)
        return {row.purpose: row.reason or row.state for row in rows}

    return send


async def test_who_unsubscribes_is_told_of_to_all_who_keep_consents(
    sent, anonymous, published, worker_running, eventually
):
    customer, path = await sent()
    for extent in ("topic", "all"):
        assert (await anonymous.post(f"{path}&extent={extent}")).status_code == 200
    async with worker_running():
        topic, everything = await eventually(lambda: _two(published))
    assert (topic.customer_id, topic.purposes) == (customer, ("care",))
    assert everything.purposes == ("care", "marketing")


async def _two(published):
    found = await published(CustomerUnsubscribedV1)
    return found if len(found) == 2 else None


async def test_one_click_stops_the_topic_at_once(sent, anonymous, reasons):
    customer, path = await sent()
    answer = await anonymous.post(
        path,
        content="List-Unsubscribe=One-Click",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "set-cookie" not in answer.headers
    assert await reasons(customer) == {"care": "no_consent", "marketing": "accepted", "service": "accepted"}


async def test_looking_at_the_page_changes_nothing(sent, anonymous, reasons):
    customer, path = await sent()
    page = await anonymous.get(path)
    assert page.status_code == 200
    assert page.text.count('<form method="post"') == 2
    assert await reasons(customer) == {"care": "accepted", "marketing": "accepted", "service": "accepted"}


async def test_the_pages_second_button_stops_care_and_marketing_and_leaves_service(sent, anonymous, reasons):
    customer, path = await sent()
    page = await anonymous.get(path)
    _, everything = re.findall(r'action="([^"]+)"', page.text)
    query = parse_qs(everything.replace("&amp;", "&").lstrip("?"))
    assert query["extent"] == ["all"]
    answer = await anonymous.post("/v1/unsubscribe", params={key: values[0] for key, values in query.items()})
    assert "已退订" in answer.text
    assert await reasons(customer) == {"care": "no_consent", "marketing": "no_consent", "service": "accepted"}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_changed_link_is_refused(sent, anonymous, method):
    _, path = await sent()
    for forged in (
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        path.split(".")[0],
        "/v1/unsubscribe?token=a.b",
    ):
        answer = await anonymous.request(method, forged)
        assert (answer.status_code, answer.json()["code"]) == (422, "unsubscribe_link_invalid")
    assert (await anonymous.request(method, "/v1/unsubscribe")).status_code == 422


async def test_saying_it_twice_is_the_same(sent, anonymous):
    _, path = await sent()
    for _ in range(2):
        assert (await anonymous.post(path)).status_code == 200
