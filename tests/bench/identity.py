"""Merging customers and taking it back: whether everything is as it was, and whether the guards hold.

    python tests/bench/identity.py --graphs 1000

Each graph is some customers with facts, identifiers, consents and quiet hours, joined at random by people and by the
rules, and taken apart again in another order. Before and after, the rows of the customers, the golden record and what
binds each of them are compared byte by byte; in between, nobody may be reachable who was not. Then the guards: five
hundred people with one phone number, placeholders, a number that was given to somebody else.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from typing import Any
from uuid import UUID

import msgspec
from _stack import own_profile
from careloop_common.database import Database
from careloop_common.privacy import Vault
from careloop_common.testing.access import data_keys
from careloop_common.tokens import SYSTEM
from careloop_profile.cleansing.policy import Setting
from careloop_profile.customers import service as customers
from careloop_profile.customers.policy import CHANNELS, PURPOSES, Consent, Customer, QuietHours
from careloop_profile.identifiers.errors import IdentifierRefused
from careloop_profile.identity import service
from careloop_profile.identity.errors import HeldTogether, MergeUndone, NotMergeable
from careloop_profile.identity.policy import Method
from careloop_profile.identity.service import Candidates, Grounds
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
GROUNDS = Grounds(Method.MANUAL, "somebody said so", "bench")
ROWS = text("""
    SELECT jsonb_build_array(
        (SELECT jsonb_agg(to_jsonb(c) - 'version' ORDER BY c.id) FROM customer AS c WHERE c.id = ANY(:ids)),
        (SELECT jsonb_agg(to_jsonb(i) ORDER BY i.customer_id, i.kind) FROM identifier AS i WHERE customer_id = ANY(:ids)),
        (SELECT jsonb_agg(to_jsonb(w) ORDER BY w.customer_id, w.purpose, w.channel, w.at) FROM consent AS w
         WHERE customer_id = ANY(:ids)),
        (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.customer_id) FROM person_member AS p WHERE customer_id = ANY(:ids))
    )::text
""")


class Bench:
    def __init__(self, database: Database, seed: int) -> None:
        self.database, self.dice = database, random.Random(seed)
        self.vault = Vault(data_keys())
        self.candidates = Candidates(self.vault)
        self.now = START
        self.done: Counter[str] = Counter()

    async def register(self, session: AsyncSession, **facts: Any) -> UUID:
        self.now += HOUR
        words = facts.pop("consents", ())
        customer = await customers.register(
            session, self.vault, facts, key=(self.dice.choice(("crm", "bss", "web")), None), subscriptions=(),
            consents=words, setting=Setting(self.now.date()), now=self.now, actor=SYSTEM,
        )  # fmt: skip
        return customer.customer_id

    def facts(self, graph: int) -> dict[str, Any]:
        """Facts of somebody, who may share name, phone and e-mail with others of the graph."""
        dice = self.dice
        found: dict[str, Any] = {
            "name": dice.choice(("张伟", "张玮", "Wei Zhang")),
            "phone": f"138{graph % 9000 + 1000}{7301 + dice.randrange(3)}" if dice.random() < 0.7 else None,
            "email": f"z{graph}.{dice.randrange(3)}@example.org.cn" if dice.random() < 0.5 else None,
            "region": dice.choice(("华东", "华北", None)),
            "vip": dice.random() < 0.2,
            "do_not_disturb": dice.random() < 0.2,
            "care_flags": tuple(flag for flag in ("elderly", "student") if dice.random() < 0.3),
            "attributes": {name: dice.randrange(9) for name in ("arpu", "plan") if dice.random() < 0.6},
            "quiet_hours": QuietHours(wall(20), wall(7 + dice.randrange(3)), "Asia/Shanghai")
            if dice.random() < 0.3
            else None,
            "consents": tuple(
                Consent(
                    purpose,
                    channel,
                    "granted" if dice.random() < 0.6 else "denied",
                    START + dice.randrange(90) * HOUR,
                )
                for purpose in PURPOSES
                for channel in CHANNELS[:2]
                if dice.random() < 0.5
            ),
        }
        return {name: value for name, value in found.items() if value is not None}

    async def snapshot(self, session: AsyncSession, members: Sequence[UUID]) -> tuple[bytes, list[Customer]]:
        """All that a merge and its undoing must leave as it was, and how each customer is told."""
        rows: str = (await session.execute(ROWS, {"ids": list(members)})).scalar_one()
        people = [await service.person(session, key, {"crm": 1}) for key in members]
        told = [
            next(one for one in p.customers if one.customer_id == key)
            for p, key in zip(people, members, strict=True)
        ]
        seen = [[p.person_id, {k: [f.value, f.customer_id] for k, f in p.golden.items()}] for p in people]
        bound = [[one.consents, one.do_not_disturb, one.quiet_hours, one.also_quiet] for one in told]
        return msgspec.json.encode([rows, seen, bound]), told

    async def graph(self, number: int) -> bool:
        """One graph there and back; whether all is as it was."""
        dice = self.dice
        async with self.database.transaction() as session:
            members = [await self.register(session, **self.facts(number)) for _ in range(dice.randint(2, 8))]
            before, told = await self.snapshot(session, members)
        merges = []
        async with self.database.transaction() as session:
            self.now += HOUR
            await service.match(session, self.candidates, members, now=self.now)
        for _ in range(len(members)):
            async with self.database.transaction() as session:
                self.now += HOUR
                one, other = dice.sample(members, 2)
                await service.merge(session, self.candidates, one, other, GROUNDS, now=self.now, actor=SYSTEM)
        async with self.database.transaction() as session:
            _, meanwhile = await self.snapshot(session, members)
            self.done["weaker"] += sum(map(weaker, told, meanwhile))
            found = await session.execute(
                text("SELECT id FROM identity_merge WHERE operation = 'merge' AND customers && :ids"),
                {"ids": members},
            )
            merges = [row[0] for row in found]
        self.done["merges"] += len(merges)
        await self.undo(merges)
        async with self.database.transaction() as session:
            after, _ = await self.snapshot(session, members)
        return after == before

    async def undo(self, merges: list[UUID]) -> None:
        """Take merges back in any order; one that others hold together waits until those are gone."""
        self.dice.shuffle(merges)
        waiting = merges
        while waiting:
            held = []
            for merge_id in waiting:
                try:
                    async with self.database.transaction() as session:
                        self.now += HOUR
                        await service.undo(session, merge_id, "bench", now=self.now, actor=SYSTEM)
                    self.done["undone"] += 1
                except HeldTogether:
                    held.append(merge_id)
                except MergeUndone:
                    self.done["undone with another"] += 1
            if len(held) == len(waiting):
                raise AssertionError("merges that hold each other together")
            waiting = held

    async def guards(self) -> dict[str, int]:
        """Wrong merges, by guard: all have to be none."""
        wrong = {}
        async with self.database.transaction() as session:
            crowd = [
                await self.register(session, name=f"客户{n:03d}", phone="02012345678") for n in range(500)
            ]
            await service.match(session, self.candidates, crowd, now=self.now)
            wrong["500 people with one phone"] = await merged(session, crowd)
            twins = [await self.register(session, name="陈晨", phone="02087654321") for _ in range(50)]
            await service.match(session, self.candidates, twins, now=self.now)
            wrong["50 namesakes with one phone"] = await merged(session, twins)
            before = await self.register(
                session, name="张伟", phone="13755550000", left_on=date(2025, 1, 1), status="left"
            )
            after = await self.register(session, name="张伟", phone="13755550000", joined_on=date(2025, 6, 1))
            await service.match(session, self.candidates, [before, after], now=self.now)
            wrong["a number given to somebody else"] = await merged(session, [before, after])
            firm = await self.register(session, name="张伟", phone="13966660000", kind="enterprise")
            man = await self.register(session, name="张伟", phone="13966660000")
            await service.match(session, self.candidates, [firm, man], now=self.now)
            wrong["a firm and a man"] = await merged(session, [firm, man])
        wrong["placeholders taken for identifiers"] = 0
        for raw in ("13800138000", "00000000000", "null", "0000", "-1", "anonymous", "12345678901"):
            try:
                async with self.database.transaction() as session:
                    await self.register(session, name="张伟", phone=raw)
                wrong["placeholders taken for identifiers"] += 1
            except IdentifierRefused:
                pass
        async with self.database.transaction() as session:
            try:
                await service.merge(session, self.candidates, firm, man, GROUNDS, now=self.now, actor=SYSTEM)
                wrong["a firm and a man, by hand"] = 1
            except NotMergeable:
                wrong["a firm and a man, by hand"] = 0
        return wrong


def weaker(before: Customer, after: Customer) -> bool:
    """Whether somebody may be reached by `after` who may not by `before`."""
    allowed = {word.about for word in after.consents if word.granted} - {
        word.about for word in before.consents if word.granted
    }
    refused = {word.about for word in before.consents if not word.granted} - {
        word.about for word in after.consents if not word.granted
    }
    return bool(allowed or refused) or before.do_not_disturb > after.do_not_disturb


async def merged(session: AsyncSession, members: Sequence[UUID]) -> int:
    found = await session.execute(
        text("SELECT count(*) FROM person_member WHERE customer_id = ANY(:ids)"), {"ids": list(members)}
    )
    return int(found.scalar_one())


async def measure(given: argparse.Namespace) -> bool:
    async with own_profile() as database:
        return await run(Bench(database, given.seed), given.graphs)


async def run(bench: Bench, graphs: int) -> bool:
    began = time.perf_counter()
    different = [number for number in range(graphs) if not await bench.graph(number)]
    took = time.perf_counter() - began
    async with bench.database.transaction() as session:
        logged = (await session.execute(text("SELECT count(*) FROM identity_merge"))).scalar_one()
    operations = bench.done["merges"] + bench.done["undone"]
    print(
        f"{graphs:,} graphs in {took:.0f} s: {bench.done['merges']:,} merges, {bench.done['undone']:,} taken back"
    )
    print(f"not as before        {len(different)}")
    print(f"weaker while merged  {bench.done['weaker']}")
    print(f"log                  {logged:,} rows of {operations:,} operations")
    wrong = await bench.guards()
    for guard, count in wrong.items():
        print(f"wrong merges         {count}  {guard}")
    return not different and not bench.done["weaker"] and logged == operations and not any(wrong.values())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--graphs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    return 0 if asyncio.run(measure(parser.parse_args())) else 1


if __name__ == "__main__":
    sys.exit(main())
