from email.message import EmailMessage

import pytest


@pytest.fixture
def settings_overrides(settings_overrides):
    return {**settings_overrides, "mail_addresses": "care@operator.example, help@operator.example"}


@pytest.fixture
def message():
    """`message("话费不对", text="…", sender="wei@example.com", answers="<…>", files=[…], Precedence="bulk")`: bytes."""

    def make(
        subject="话费不对",
        text="这个月多收了二十元。",
        sender="Wei Zhang <wei@example.com>",
        answers=None,
        message_id=None,
        files=(),
        to="care@operator.example",
        **fields,
    ):
        made = EmailMessage()
        made["Subject"] = subject
        made["To"] = to
        if sender:
            made["From"] = sender
        if message_id:
            made["Message-ID"] = message_id
        if answers:
            made["In-Reply-To"] = answers
        for name, value in fields.items():
            made[name.replace("_", "-")] = value
        made.set_content(text)
        for name, media_type, data in files:
            main, _, sub = media_type.partition("/")
            made.add_attachment(data, main, sub, filename=name)
        return made.as_bytes()

    return make


@pytest.fixture
def deliver(client):
    """`await deliver(message(…))` gives the answer."""

    async def post(data, by=client, **query):
        headers = {"content-type": "message/rfc822"}
        return await by.post("/v1/inbound-mail", content=data, params=query, headers=headers)

    return post


@pytest.fixture
def taken(deliver, message):
    """`await taken("话费不对", …)` gives what became of such a message."""

    async def one(*given, query=None, **more):
        answer = await deliver(message(*given, **more), **(query or {}))
        assert answer.status_code == (201 if answer.json().get("outcome") == "opened" else 200), answer.text
        return answer.json()

    return one


@pytest.fixture
def shown(client):
    """`await shown(found)`: the ticket that an answer names."""

    async def read(found):
        return (await client.get(f"/v1/tickets/{found['ticket_id']}")).json()

    return read


@pytest.fixture
def notes(client):
    """`await notes(found)`: kinds and texts of the notes on the ticket that an answer names."""

    async def read(found):
        items = (await client.get(f"/v1/tickets/{found['ticket_id']}/notes")).json()["items"]
        return [(item["about"], item["text"]) for item in items]

    return read


@pytest.fixture
def on_disk(runtime):
    """`on_disk()`: names of the files in the store."""
    return lambda: sorted(path.name for path in runtime.settings.files.rglob("*") if path.is_file())
