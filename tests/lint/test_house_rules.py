"""Each rule of `tools/house_rules.py` against a planted violation, and against what it must leave alone."""

import house_rules
import pytest

SERVICE = "services/ticketing/src/careloop_ticketing/tickets/service.py"
COMMON = "libs/common/src/careloop_common/outbox.py"
TEST = "services/ticketing/tests/service/test_tickets.py"
MIGRATION = "services/ticketing/src/careloop_ticketing/migrations/versions/0001_initial.py"

PLANTED = [
    ("commit-at-the-edge", SERVICE, "async def close(session):\n    await session.commit()\n"),
    ("commit-at-the-edge", TEST, "async def test_it(session):\n    await session.commit()\n"),
    ("pure-asgi", SERVICE, "from starlette.middleware.base import BaseHTTPMiddleware as Middleware\n"),
    (
        "pure-asgi",
        SERVICE,
        "import starlette\nclass Timer(starlette.middleware.base.BaseHTTPMiddleware): ...\n",
    ),
    ("pure-asgi", SERVICE, "@app.middleware('http')\nasync def time(request, call_next): ...\n"),
    ("no-sleep-in-tests", TEST, "import time\ndef test_it():\n    time.sleep(1)\n"),
    ("no-sleep-in-tests", TEST, "import asyncio\nasync def test_it():\n    await asyncio.sleep(0.1)\n"),
    ("no-sleep-in-tests", TEST, "from time import sleep as nap\ndef test_it():\n    nap(1)\n"),
    ("no-leftovers", SERVICE, "limit = 10  # TODO: read it from the settings\n"),
    ("no-leftovers", COMMON, "# FIXME\n"),
    ("plumbing-without-business", COMMON, "def add(ticket_id): ...\n"),
    ("plumbing-without-business", COMMON, "class CustomerSeen: ...\n"),
    ("plumbing-without-business", COMMON, "SUBJECT = 'care.v1.campaign'\n"),
    ("plumbing-without-business", COMMON, "def f(row):\n    row.sla = 1\n"),
    ("plumbing-without-business", COMMON, "def subscription(): ...\n"),
    ("one-publisher", SERVICE, "import nats\n"),
    ("one-publisher", SERVICE, "from nats.js import JetStreamContext\n"),
    (
        "one-publisher",
        SERVICE,
        "async def send(client):\n    await client.jetstream().publish('care.v1', b'')\n",
    ),
    ("no-module-settings", SERVICE, "settings = load()\n"),
    ("no-module-settings", SERVICE, "current: Settings = TicketingSettings()\n"),
    ("no-module-settings", SERVICE, "try:\n    config = Settings()\nexcept ValueError:\n    raise\n"),
    ("file-length", SERVICE, "x = 1\n" * (house_rules.LONGEST_FILE + 1)),
    ("file-length", SERVICE, "x = 1\n" * (house_rules.LONG_FILE + 1)),
]

ALLOWED = [
    (COMMON, "async def transaction(session):\n    await session.commit()\n"),
    (SERVICE, "async def close(session):\n    await session.flush()\n"),
    (SERVICE, "app.add_middleware(Edge, seconds=1)\n"),
    (SERVICE, "import asyncio\nasync def pace():\n    await asyncio.sleep(0.1)\n"),
    (TEST, "import asyncio\nasync def test_it():\n    await asyncio.sleep(0)\n"),
    ("tests/chaos/load.py", "import asyncio\nasync def pace():\n    await asyncio.sleep(0.1)\n"),
    (SERVICE, "STATES = ['TODO', 'done']\n"),
    (SERVICE, "def open_ticket(customer_id): ...\n"),
    ("libs/common/src/careloop_common/messaging/subscription.py", "class Subscription: ...\n"),
    (COMMON, '"""A ticket that is opened is an event."""\n'),
    (COMMON, "import nats\n"),
    (TEST, "import nats\n"),
    (SERVICE, "def create_app():\n    settings = Settings()\n    return settings\n"),
    (MIGRATION, "x = 1\n" * (house_rules.LONGEST_FILE + 1)),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_a_planted_violation_is_found(broken, rule, path, text):
    assert broken(path, text) == [rule]


@pytest.mark.parametrize(("path", "text"), ALLOWED)
def test_what_is_allowed_is_left_alone(broken, path, text):
    assert broken(path, text) == []


def test_every_rule_has_a_planted_violation():
    assert {rule for rule, _, _ in PLANTED} == {*house_rules.RULES, "file-length"}


def test_a_long_file_warns_before_it_fails():
    def fatal(lines):
        source = house_rules.Source(house_rules.Path(SERVICE), "x = 1\n" * lines)
        return [finding.fatal for finding in house_rules.check(source)]

    assert fatal(house_rules.LONG_FILE) == []
    assert fatal(house_rules.LONG_FILE + 1) == [False]
    assert fatal(house_rules.LONGEST_FILE + 1) == [True]
