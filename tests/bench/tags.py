"""Tags: what rules cost per event, how late silence is noticed, how fast a version is filled and a preview answered.

    python tests/bench/tags.py                          # a million persons
    python tests/bench/tags.py --persons 50000 --events 5000 --silent 100

Events hit random persons, each with the tags that come with the platform; counted is the processor time of asking the rules
that an event touches, and beside it that of finding out what changed. For silence, interactions are stored that happened
thirty days ago but for some seconds; nothing else happens to these persons, and the service has to notice by itself.
Filling and previews go through the service; every answer is compared with what a plain query counts.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
from _stack import own_stack
from careloop_profile.tags.policy.activity import Sum, activity
from careloop_profile.tags.policy.known import Known
from careloop_profile.tags.policy.registry import Definition, Registry
from careloop_profile.tags.policy.vocabulary import CHANNEL_GROUPS, EVENTS
from careloop_profile.tags.service.shipping import shipped

SCOPES = ("tags:read", "tags:write", "customers:read")
RULE = (
    'status == "active" && age >= 60 && metric("paid", "90d") >= 100 && attribute("arpu") > 50'
    ' && !("marketing/sms" in refusals)'
)
PLAIN = """
    SELECT count(*) FROM person_fact WHERE status = 'active' AND age >= 60 AND (metrics->>'paid.90d')::float8 >= 100
    AND (attributes->>'arpu')::float8 > 50 AND NOT 'marketing/sms' = ANY (refusals)
"""
FACTS = """
    INSERT INTO person_fact (
        person_id, kind, status, region, vip, do_not_disturb, age, customers, subscriptions, ended_subscriptions,
        monthly_fee, devices, known_at, joined_at, last_seen_at, care_flags, sources, identifiers, consents, refusals,
        products, channels, relations, attributes, metrics, lasts, evaluated_at
    )
    SELECT gen_random_uuid(), 'individual', CASE WHEN n % 10 = 0 THEN 'left' ELSE 'active' END, 'R' || n % 30, n % 50 = 0,
        n % 40 = 0, 18 + n % 70, 1, n % 4, n % 2, 20 + n % 300, n % 5, now() - interval '900 days',
        now() - (n % 3000) * interval '1 day', now() - (n % 200) * interval '1 day', '{}', '{crm}', '{phone,email}',
        '{marketing/sms,care/sms}', CASE WHEN n % 3 = 0 THEN '{marketing/sms}'::text[] ELSE '{}' END, '{mobile}', '{hotline}', '{}',
        jsonb_build_object('arpu', n % 200, 'gender', CASE n % 2 WHEN 0 THEN 'female' ELSE 'male' END, 'monthly_gb', n % 80),
        jsonb_build_object('interactions.90d', 1 + n % 30, 'interactions.30d', n % 10, 'call.30d', n % 4, 'paid.90d', n % 400,
                           'active_days.30d', n % 9, 'by_app.90d', n % 12),
        jsonb_build_object('call', now() - (n % 200) * interval '1 day', 'payment', now() - (n % 60) * interval '1 day'),
        now()
    FROM generate_series($1::int, $2::int) AS n
"""


def rules(events: int, seed: int) -> float:
    """Microseconds of asking rules per event."""
    dice = random.Random(seed)
    registry = Registry(
        Definition(number, one.code, 1, number // 30, active=True, content=one.content)
        for number, one in enumerate(shipped())
    )
    now = datetime(2026, 6, 15, 12, tzinfo=UTC)
    channels = [channel for group in CHANNEL_GROUPS.values() for channel in group]
    persons: list[list[Sum]] = [[] for _ in range(200)]
    known = [
        Known({"status": "active", "joined_at": now - timedelta(days=dice.randrange(3000))}) for _ in persons
    ]
    held: list[dict[int, Any]] = [registry.evaluate(one.facts(), now, {}, changed=None) for one in known]
    asked = found = 0.0
    for number in range(events + 1_000):
        if number == 1_000:
            asked = found = 0.0  # functions are generated when they are needed first
        who, at = dice.randrange(len(persons)), now + timedelta(seconds=number)
        kind, amount = dice.choice(EVENTS), float(dice.randrange(200))
        persons[who].append(Sum(dice.choice(channels), kind, (1, 1, 1), (amount,) * 3, at))
        told = activity(persons[who][-40:], {at.date()}, at.date())
        after = Known(
            {**known[who].plain, "last_seen_at": at}, known[who].attributes, told.metrics, told.lasts
        )
        began = time.process_time()
        changed, facts = after.changed(known[who]), after.facts()
        between = time.process_time()
        verdicts = registry.evaluate(facts, at, held[who], changed=changed)
        asked += time.process_time() - between
        found += between - began
        known[who] = after
        for tag, value in verdicts.items():
            held[who].pop(tag, None)
            held[who] |= {} if value is None else {tag: value}
    print(
        f"rules     {asked / events * 1e6:.1f} µs per event for {len(registry.definitions)} tags,"
        f" {found / events * 1e6:.1f} µs for finding out what changed"
    )
    return asked / events * 1e6


async def silence(database: Any, count: int) -> float:
    """The most seconds that somebody is silent before it is noticed."""
    now = await database.fetchval("SELECT now()")
    await database.execute(
        """
        WITH new AS (
            INSERT INTO customer (id, version, kind, source, status, vip, care_flags, do_not_disturb, more_quiet,
                                  accessibility, declared_devices, attributes, changed_at, created_at, updated_at)
            SELECT gen_random_uuid(), 1, 'individual', 'bench', 'active', false, '{}', false, '[]', '{}', 0, '{}', '{}', $1, $1
            FROM generate_series(1, $2) RETURNING id
        )
        INSERT INTO interaction_news (customer_id, occurred_at, channel, kind)
        SELECT id, $1::timestamptz - interval '30 days' + interval '15 seconds' + row_number() OVER () * interval '20 ms',
               'hotline', 'call'
        FROM new
        """,
        now,
        count,
    )
    flipped = []
    deadline = time.monotonic() + 15 + count * 0.02 + 90
    while len(flipped) < count and time.monotonic() < deadline:
        await asyncio.sleep(1)
        flipped = await database.fetch(
            """
            SELECT extract(epoch FROM history.at - (fact.last_seen_at + interval '30 days'))::float8 AS late
            FROM tag_history AS history JOIN person_fact AS fact USING (person_id)
            JOIN person_tag AS held USING (person_id)
            JOIN tag_definition AS tag ON tag.code = history.code AND tag.state = 'active'
            WHERE history.code = 'silent_30d' AND jsonb_exists(held.held, tag.number::text)
            """
        )
    late = sorted(row["late"] for row in flipped)
    if len(late) < count:
        print(f"silence   only {len(late)} of {count} were noticed")
        return float("inf")
    print(
        f"silence   noticed p50 {statistics.median(late):.2f} s, at most {late[-1]:.2f} s late, {count} persons"
    )
    return late[-1]


async def preview(http: aiohttp.ClientSession, database: Any, persons: int) -> float:
    """Seconds of asking how many would have a tag of five conditions."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        async with http.post("/v1/tag-definitions/preview", json={"rule": RULE}) as answer:
            assert answer.status == 200, await answer.text()
            found = await answer.json()
        took.append(time.perf_counter() - began)
    began = time.perf_counter()
    plain = await database.fetchval(PLAIN)
    hand = time.perf_counter() - began
    assert found["having"] == plain, (found, plain)
    print(
        f"preview   {statistics.median(took):.2f} s for {persons:,} persons and 5 conditions; written by hand {hand:.2f} s"
    )
    return statistics.median(took)


async def fill(http: aiohttp.ClientSession, database: Any, persons: int, code: str, rule: str) -> float:
    """Persons per second from publishing to the switch."""
    body = {"code": code, "name": code, "name_zh": code, "category": "own", "owner": "bench", "rule": rule}
    async with http.post("/v1/tag-definitions", json=body) as answer:
        assert answer.status == 201, await answer.text()
    began = time.perf_counter()
    async with http.post(f"/v1/tag-definitions/{code}/versions/1/publish") as answer:
        assert answer.status == 200, await answer.text()
    query = "SELECT \"having\" FROM tag_definition WHERE code = $1 AND state = 'active'"
    having = None
    while having is None:
        await asyncio.sleep(0.05)
        having = await database.fetchval(query, code)
    rate = persons / (time.perf_counter() - began)
    print(f"backfill  {rate:,.0f} persons/s, {having:,} have {code}")
    return rate


async def measure(given: argparse.Namespace) -> int:
    cost = rules(given.events, given.seed)
    async with own_stack("profile", SCOPES) as stack:
        database = await asyncpg.connect(stack.database)
        headers = {"authorization": f"Bearer {stack.key}"}
        try:
            async with aiohttp.ClientSession(stack.url, headers=headers) as http:
                late = await silence(database, given.silent)
                await seed(database, given.persons)
                took = await preview(http, database, given.persons)
                total = await database.fetchval("SELECT count(*) FROM person_fact")
                rate = await fill(http, database, total, "bench_plain", RULE)
                await fill(http, database, total, "bench_timed", "days_since(last_seen_at) >= 45")
        finally:
            await database.close()
    return int(cost > 20 or late > 60 or took > 5 or rate < 50_000)


async def seed(database: Any, persons: int) -> None:
    began = time.perf_counter()
    for first in range(1, persons + 1, 100_000):
        await database.execute(FACTS, first, min(first + 99_999, persons))
    await database.execute("VACUUM ANALYZE person_fact")
    print(f"{persons:,} persons seeded in {time.perf_counter() - began:.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--silent", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
