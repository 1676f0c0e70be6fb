"""What customers answer by e-mail to the question how it went."""

import pytest


@pytest.fixture
def resolved(taken, act, client):
    """`await resolved()`: what became of an e-mail whose ticket is resolved by now."""

    async def make(**given):
        found = await taken(message_id="<1@example.com>", **given)
        await act({"id": found["ticket_id"]}, "respond")
        await act({"id": found["ticket_id"]}, "resolve")
        return found

    return make


@pytest.mark.parametrize(
    ("text", "status", "score"),
    [
        ("5", "archived", 5.0),
        ("非常满意\n\n发自我的iPhone\n", "archived", 5.0),
        ("4 谢谢\n\n在 2026年3月2日 客服 <care@operator.example> 写道：\n> 请回复 1 到 5\n", "archived", 4.0),
        ("2 等了太久", "handling", 2.0),
    ],
)
async def test_an_answer_is_an_answer_and_reopens_nothing_by_itself(
    taken, resolved, shown, client, text, status, score
):
    first = await resolved()
    answer = await taken("Re: 话费不对", text=text, answers="<1@example.com>")
    assert (answer["outcome"], answer["ticket_id"]) == ("answered", first["ticket_id"])
    assert (await shown(first))["status"] == status
    summary = (await client.get("/v1/ticket-summary")).json()
    assert summary["satisfaction"] == {"answers": 1, "average": score}


@pytest.mark.parametrize("text", ["还没好", "5天了没人管", "5 or 1"])
async def test_what_could_be_anything_else_is_a_message(taken, resolved, shown, text):
    first = await resolved()
    answer = await taken("Re: 话费不对", text=text, answers="<1@example.com>")
    assert (answer["outcome"], (await shown(first))["status"]) == ("reopened", "handling")


async def test_a_late_answer_is_noted_as_one_and_opens_nothing(taken, resolved, act, shown, client):
    first = await resolved()
    await act({"id": first["ticket_id"]}, "close")
    files = [("logo.png", "image/png", b"x")]
    answer = await taken("Re: 话费不对", text="5", answers="<1@example.com>", files=files)
    assert (answer["outcome"], answer["ticket_id"]) == ("answered", first["ticket_id"])
    assert (await shown(first))["status"] == "archived"
    assert (await client.get("/v1/ticket-summary")).json()["satisfaction"]["answers"] == 1
    again = await taken("Re: 话费不对", text="5!", answers="<1@example.com>")
    assert (again["outcome"], again["reason"]) == ("opened", "ticket_closed")


async def test_who_was_not_asked_yet_says_something_else_with_a_digit(taken, notes):
    first = await taken(message_id="<1@example.com>")
    answer = await taken("Re: 话费不对", text="5", answers="<1@example.com>")
    assert (answer["outcome"], await notes(first)) == ("added", [("customer", "5")])


async def test_a_stranger_answers_for_nobody(taken, resolved, shown):
    first = await resolved()
    answer = await taken(f"Re: {first['number']}", text="5", sender="eve@example.net")
    assert (answer["outcome"], answer["reason"]) == ("opened", "sender_unknown")
    assert (await shown(first))["status"] == "feedback"
