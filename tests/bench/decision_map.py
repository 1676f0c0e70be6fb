"""The decision map of an organisation of five thousand people, and the strongest way to who decides there.

    python tests/bench/decision_map.py                 # 5,000 people, six levels, 15,000 informal influences
    python tests/bench/decision_map.py --people 20000

The service is asked itself, without the gateway; names are sealed and masked as in earnest. Each path is compared with
one that Dijkstra's algorithm finds without a limit on its steps, each map with what was put in.
"""

import argparse
import asyncio
import heapq
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import _past
import aiohttp
import asyncpg
from _stack import Meter, OwnStack, own_stack
from careloop_common.privacy import Vault
from careloop_profile.parties.policy.decisions import DOWN, HEEDS, UP

AT, SINCE = datetime(2026, 1, 1, tzinfo=UTC), date(2024, 1, 1)
FIRM = UUID(int=1 << 64)
LEVELS = 6
KNOWN = 200
"""Every so many people there is one whom we know."""
COLUMNS = [
    "id",
    "kind",
    "from_id",
    "to_id",
    "organization_id",
    "role",
    "title",
    "influence",
    "rapport",
    "source",
]
COLUMNS += ["valid_from", "state", "created_at", "created_by"]


def person(number: int) -> UUID:
    return UUID(int=(2 << 64) + number)


class Firm:
    """People in a tree of six levels, the first at its top decides; who influences whom; whom we know."""

    def __init__(self, people: int, influences: int, dice: random.Random) -> None:
        self.people = people
        width = next(
            width for width in range(2, people) if sum(width**level for level in range(LEVELS)) >= people
        )
        self.superiors = {number: (number - 1) // width for number in range(1, people)}
        self.influences = {
            (one, other): dice.choice((-3, 1, 2, 3, 4, 5))
            for one, other in (dice.sample(range(people), 2) for _ in range(influences))
        }
        # Those at the top are too far to be asked.
        self.rapports = {number: dice.randint(1, 5) for number in range(KNOWN, people, KNOWN)}

    def depth(self) -> int:
        number, depth = self.people - 1, 1
        while number:
            number, depth = self.superiors[number], depth + 1
        return depth

    def rows(self) -> Iterator[tuple[Any, ...]]:
        said = [("works_for", person(n), FIRM, None, "engineer", None, None) for n in range(self.people)]
        said += [("contact", person(n), FIRM, "user", None, None, r) for n, r in self.rapports.items()]
        said.append(("contact", person(0), FIRM, "decider", None, None, None))
        said += [
            ("reports_to", person(n), person(s), None, None, None, None) for n, s in self.superiors.items()
        ]
        said += [
            ("influences", person(one), person(other), None, None, influence, None)
            for (one, other), influence in self.influences.items()
        ]
        for number, (kind, one, other, role, title, influence, rapport) in enumerate(said):
            key = UUID(int=(3 << 64) + number)
            yield (
                key,
                kind,
                one,
                other,
                FIRM,
                role,
                title,
                influence,
                rapport,
                "bench",
                SINCE,
                "confirmed",
                AT,
                "bench",
            )

    def strongest(self, goal: int) -> float:
        """How strong the best of all ways is."""
        words: dict[int, dict[int, float]] = {}

        def say(one: int, other: int, strength: float) -> None:
            known = words.setdefault(one, {})
            known[other] = max(known.get(other, 0), strength)

        for number, superior in self.superiors.items():
            say(superior, number, DOWN)
            say(number, superior, UP)
        for (one, other), influence in self.influences.items():
            if influence > 0:
                say(one, other, HEEDS * influence / 5)
        ahead = [(-rapport / 5, number) for number, rapport in self.rapports.items()]
        heapq.heapify(ahead)
        done: dict[int, float] = {}
        while ahead:
            strength, number = heapq.heappop(ahead)
            if number in done:
                continue
            done[number] = -strength
            for other, passed in words.get(number, {}).items():
                heapq.heappush(ahead, (strength * passed, other))
        return done[goal]


async def seed(stack: OwnStack, firm: Firm) -> None:
    vault = Vault(stack.data_keys)
    everybody = [(FIRM, "enterprise", "大华科技")]
    everybody += [(person(n), "individual", f"张{chr(0x4E00 + n)}") for n in range(firm.people)]
    database = await asyncpg.connect(stack.database)
    try:
        named = (
            {"id": key, "kind": kind, "name_sealed": vault.seal(key, "name", name)}
            for key, kind, name in everybody
        )
        await _past.put(database, named, since=AT)
        await database.copy_records_to_table("relationship", columns=COLUMNS, records=firm.rows())
        await database.execute("ANALYZE customer, relationship")
    finally:
        await database.close()


async def ask(http: aiohttp.ClientSession, path: str, **params: str) -> tuple[float, Any]:
    began = time.perf_counter()
    async with http.get(f"/v1/organizations/{FIRM}/{path}", params=params) as answer:
        body = await answer.read()
        took = (time.perf_counter() - began) * 1e3
        assert answer.status == 200, body
    return took, json.loads(body)


async def measure_one(
    stack: OwnStack,
    http: aiohttp.ClientSession,
    name: str,
    count: int,
    path: str,
    check: Callable[[Any], None],
) -> float:
    took, meter = [], Meter(stack)
    for turn in range(count + 10):
        milliseconds, answer = await ask(http, path)
        check(answer)
        if turn >= 10:
            took.append(milliseconds)
    took.sort()
    p95 = took[int(0.95 * count)]
    print(f"{name:<16}p50 {statistics.median(took):6.1f} ms   p95 {p95:6.1f} ms   slowest {took[-1]:6.1f} ms")
    meter.tell(count + 10, "answer")
    return p95


async def measure(given: argparse.Namespace) -> int:
    firm = Firm(given.people, given.influences, random.Random(given.seed))
    best = firm.strongest(0)

    def whole(answer: Any) -> None:
        assert len(answer["members"]) == answer["people"] == firm.people
        assert answer["deciders"] == [str(person(0))]
        levels = {one["level"] for one in answer["members"]}
        assert levels == set(range(firm.depth())), levels
        assert len(answer["influences"]) == len(firm.influences)

    def strongest(answer: Any) -> None:
        path = answer["path"]
        assert path["end"]["person_id"] == str(person(0))
        assert abs(path["strength"] - best) < 1e-3, (path, best)

    async with own_stack("profile", ("customers:read",)) as stack:
        await seed(stack, firm)
        print(f"{firm.people:,} people, {firm.depth()} levels, {len(firm.influences):,} influences")
        async with aiohttp.ClientSession(stack.url, headers={"authorization": f"Bearer {stack.key}"}) as http:
            map_p95 = await measure_one(stack, http, "decision map", given.count, "decision-map", whole)
            path_p95 = await measure_one(
                stack, http, "influence path", given.count, "influence-path", strongest
            )
            _, answer = await ask(http, "influence-path")
    print(f"strongest way: {answer['path']['explanation']}")
    return int(max(map_p95, path_p95) > 200)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--influences", type=int, default=15_000)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
