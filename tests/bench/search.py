"""Search among many tickets: how fast rare and common words are found, beside what PostgreSQL offers otherwise.

    python tests/bench/search.py                       # a million tickets
    python tests/bench/search.py --tickets 100000 --asks 50

A few tickets are opened through the API and copied; every copy gets a text of its own from a vocabulary and is indexed
by its words as intake does it. Searches go through the API, a page of 50 each. The same words are then looked for with
ILIKE and, where the server has the extension, with pg_trgm.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
from _stack import own_stack
from _tickets import copy_with_texts, open_templates

SCOPES = ("tickets:read", "tickets:write")
COMMON, MEDIUM, RARE, ENGLISH = "手机信号", "流量封顶", "鼓楼", "roaming"
SHARES = {COMMON: 0.3, MEDIUM: 0.003, RARE: 0.00002, ENGLISH: 0.01, "10086": 0.2, "x": 0.05}
"""Which part of the texts has each of these words."""
ONCE = {"寻呼机": (0, 0.01), "停电": (0.1, 0.4), "台风": (0.4, 0.42)}
"""Words that half of the texts of one time have, from here to there, and none before or after."""
APART = "宽带"
"""As common as the common word, but never beside it."""
_SPACED = {ENGLISH, "10086", "x"}
_CHARACTERS = "的一是了我不人在他有这上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日"
STRAYS = {"archived": 20, "rejected": 5_000}
"""So many tickets, spread evenly, have another status than all others; those that were rejected are of Tibet."""
STRAY = (
    "UPDATE ticket SET status = $1::text, region = CASE WHEN $1::text = 'rejected' THEN '西藏' END"
    " FROM search_entry WHERE subject_id = id AND seq % $2::bigint = 0"
)
LIMIT = 50
"""Milliseconds in which 95 of 100 searches of each kind have to be answered."""
QUERIES: Mapping[str, Mapping[str, str]] = {
    "no words: the newest": {},
    "common, 30 %": {"q": "信号"},
    "medium, 0.3 %": {"q": "封顶"},
    "rare, 20 tickets": {"q": "鼓楼"},
    "once common, now not": {"q": "台风"},
    "no hit": {"q": "蝴蝶"},
    "four characters, common": {"q": "手机信号"},
    "English word, 1 %": {"q": "roaming"},
    "two words": {"q": "信号 roaming"},
    "common, one status": {"q": "信号", "status": "classified"},
    "common, a status none has": {"q": "信号", "status": "merged"},
    "common, by rule": {"q": "信号", "rule": 'tier != "advanced" && channel == "web"'},
    "long common, now not": {"q": "停电"},
    "only in the oldest": {"q": "寻呼机"},
    "only in the oldest, by rule": {"q": "寻呼机", "rule": 'channel == "web"'},
    "common, common, never both": {"q": "信号 宽带"},
    "common with rare": {"q": "信号 鼓楼"},
    "a letter, 5 %": {"q": "x"},
    "a letter, common, 10086": {"q": "x 信号 10086"},
    "a phone number": {"q": "13900123456"},
    "Chinese, English, a number": {"q": "信号 roaming 10086"},
    "the longest query": {
        "q": "的一是了我不人在他有这上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日"
    },
    "common, a status 20 have": {"q": "信号", "status": "archived"},
    "common, a status 5,000 have": {"q": "信号", "status": "rejected"},
    "common, a region 5,000 have": {"q": "信号", "region": "西藏"},
    "common, by a rule of none": {"q": "信号", "rule": 'region == "nowhere"'},
    "common, breached": {"q": "信号", "breached": "true"},
    "common, not breached": {"q": "信号", "breached": "false"},
    "common, opened long ago": {"q": "信号", "opened_until": "2020-01-01T00:00:00Z"},
    "now not, by a rule of none": {"q": "停电", "rule": 'region == "nowhere"'},
}


def texts(count: int, seed: int = 7) -> Iterator[str]:
    """Complaints that nobody wrote, of 20 to 60 characters, with some words as often as `SHARES` says."""
    chance = random.Random(seed)
    for number in range(count):
        parts = ["".join(chance.choices(_CHARACTERS, k=chance.randint(20, 60)))]
        words = [word for word, share in SHARES.items() if chance.random() < share]
        words += [
            word
            for word, (since, until) in ONCE.items()
            if since <= number / count < until and chance.random() < 0.5
        ]
        if COMMON not in words and chance.random() < SHARES[COMMON]:
            words.append(APART)
        if chance.random() < 0.3:
            words.append(f",139{number:08},")
        for word in words:
            parts.insert(chance.randint(0, len(parts)), f",{word}," if word in _SPACED else word)
        yield "".join(parts)


async def seed(database: asyncpg.Connection, http: aiohttp.ClientSession, count: int) -> None:
    began = time.perf_counter()
    templates = await open_templates(http)
    await copy_with_texts(database, templates, texts(count), later=timedelta(days=30))
    for status, some in STRAYS.items():
        await database.execute(STRAY, status, max(count // some, 1))
    took = time.perf_counter() - began
    await database.execute("VACUUM ANALYZE")
    sizes = await database.fetchrow(
        "SELECT pg_relation_size('ix_search_entry_words') AS index, pg_total_relation_size('search_entry') AS everything,"
        " pg_total_relation_size('ticket') AS ticket"
    )
    print(f"{count:,} tickets seeded in {took:.0f} s, analyzed in {time.perf_counter() - began - took:.0f} s")
    print(
        f"index of words {sizes['index'] / 1e6:,.0f} MB, with the words {sizes['everything'] / 1e6:,.0f} MB;"
        f" tickets {sizes['ticket'] / 1e6:,.0f} MB"
    )


async def measured(times: int, ask: Callable[[], Awaitable[int]]) -> tuple[list[float], int]:
    """Milliseconds of so many calls, sorted, and what the last one gave; the first calls do not count."""
    took, gave = [], 0
    for number in range(times + 3):
        began = time.perf_counter()
        gave = await ask()
        if number >= 3:
            took.append((time.perf_counter() - began) * 1e3)
    return sorted(took), gave


async def searches(http: aiohttp.ClientSession, times: int) -> dict[str, tuple[float, float]]:
    """The median and the 95th percentile of each search."""
    print(f"\n{'':<28}{'p50':>9}{'p95':>9}   tickets on the first page; a walk of 20 pages, its slowest one")
    figures = {}
    for name, params in QUERIES.items():

        async def ask(params: Mapping[str, str] = params) -> int:
            async with http.get("/v1/tickets", params=params) as answer:
                page = await answer.json()
                assert answer.status == 200, page
                return len(page["items"])

        took, gave = await measured(times, ask)
        p50, p95 = figures[name] = statistics.median(took), took[int(0.95 * len(took))]
        pages = await walk(http, params)
        print(
            f"{name:<28}{p50:>6.1f} ms{p95:>6.1f} ms"
            f"{gave:>5}; {len(pages)} pages {sum(pages) / 1e3:.2f} s, {max(pages):.1f} ms"
        )
    return figures


async def walk(http: aiohttp.ClientSession, params: Mapping[str, str]) -> list[float]:
    """Read up to 20 pages, each in so many milliseconds; no ticket comes twice, and all are in order."""
    took: list[float] = []
    seen: list[str] = []
    more: dict[str, Any] = {}
    while len(took) < 20:
        began = time.perf_counter()
        async with http.get("/v1/tickets", params={**params, **more}) as answer:
            page = await answer.json()
        took.append((time.perf_counter() - began) * 1e3)
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        more = {"cursor": page["next_cursor"]}
    assert seen == sorted(set(seen), reverse=True), "a ticket came twice, or too late"
    return took


async def others(
    database: asyncpg.Connection, figures: Mapping[str, tuple[float, float]], times: int
) -> None:
    """The same words by the means of PostgreSQL itself, without API, planned as it likes."""
    statement = "SELECT * FROM ticket WHERE description ILIKE $1 ORDER BY id DESC LIMIT 51"
    kind = "ILIKE"
    with suppress(asyncpg.PostgresError):
        await database.execute("CREATE EXTENSION pg_trgm")
        began = time.perf_counter()
        await database.execute("CREATE INDEX trgm ON ticket USING gin (description gin_trgm_ops)")
        print(f"\npg_trgm indexed in {time.perf_counter() - began:.0f} s")
        kind = "pg_trgm"
    print(f"\n{kind + (', for pg_trgm is not there' if kind == 'ILIKE' else '')}")
    for name in list(QUERIES)[1:8]:

        async def ask(word: str = QUERIES[name]["q"]) -> int:
            return len(await database.fetch(statement, f"%{word}%"))

        took, _ = await measured(times, ask)
        median = statistics.median(took)
        print(f"{name:<28}{median:>9.1f} ms  {median / figures[name][0]:,.1f} times")


async def measure(options: argparse.Namespace) -> int:
    async with own_stack("ticketing", SCOPES) as stack:
        headers = {"authorization": f"Bearer {stack.key}"}
        database = await asyncpg.connect(stack.database)
        try:
            async with aiohttp.ClientSession(stack.url, headers=headers) as http:
                await seed(database, http, options.tickets)
                figures = await searches(http, options.asks)
            if not options.alone:
                await others(database, figures, 3)
        finally:
            await database.close()
    return int(any(p95 > LIMIT for _, p95 in figures.values()))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--asks", type=int, default=100, help="times that each search is made")
    parser.add_argument("--alone", action="store_true", help="without ILIKE and pg_trgm")
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
