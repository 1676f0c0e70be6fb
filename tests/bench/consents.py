"""Consents: whether a merge ever allows more, and whether any instant of the past is told as it was.

    python tests/bench/consents.py --cases 10000

Each graph is some customers whose words come one after the other, some late, some with an end; in between, they are
made one person and taken apart, and the clock is read. Then random instants are asked for, each with another until when
things were known, and the answer is compared with what one comes to who goes through the words in the order in which they became known. The
ledger is compared byte by byte before and after the merges. Then persons are made of random customers with all kinds
of words, blocks and quiet hours, and nobody may be contacted in whichever way who might not be before.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from datetime import time as wall
from uuid import UUID

from _stack import own_profile
from careloop_common.database import Database
from careloop_common.privacy import Vault
from careloop_common.testing.access import data_keys
from careloop_common.timers import DueTimer
from careloop_common.tokens import SYSTEM
from careloop_profile.cleansing.policy import Setting
from careloop_profile.consents import policy as rules
from careloop_profile.consents import service
from careloop_profile.customers import policy
from careloop_profile.customers import service as customers
from careloop_profile.customers.policy import (
    ANY,
    CHANNELS,
    PURPOSES,
    USES,
    Block,
    Consent,
    Customer,
    Identifier,
    QuietHours,
)
from careloop_profile.identity import service as identity
from careloop_profile.identity.errors import HeldTogether, MergeUndone
from careloop_profile.identity.policy import Method
from careloop_profile.identity.service import Candidates, Grounds
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
GROUNDS = Grounds(Method.MANUAL, "somebody said so", "bench")
PROBES = 100
ABOUT = [("marketing", "sms"), ("marketing", "email"), ("service", "call"), *((use, ANY) for use in USES)]
LEDGER = text("""
    SELECT coalesce(jsonb_agg(to_jsonb(w) ORDER BY w.entry_id), '[]')::text FROM consent AS w
    WHERE customer_id = ANY(:ids) AND recorded_at <= :known
""")

Said = tuple[UUID, Consent, datetime]
Persons = list[tuple[datetime, list[set[UUID]]]]
Looks = dict[tuple[str, str], tuple[str, datetime]]


def word(dice: random.Random, now: datetime) -> Consent:
    purpose, channel = dice.choice(ABOUT)
    status = dice.choices(("granted", "denied", "withdrawn"), (5, 2, 2))[0]
    at = now - dice.randrange(12) * HOUR
    ends = at + dice.randint(1, 30) * HOUR if status == "granted" and dice.random() < 0.4 else None
    return Consent(purpose, channel, status, at, ends)  # type: ignore[arg-type]


def went_through(said: list[Said], persons: Persons, of: UUID, at: datetime, known: datetime) -> Looks:
    """What is in force, found by going through everything in the order in which it became known."""
    since, members = dict[UUID, datetime](), {of}
    for when, parts in persons:
        if when <= min(at, known):
            members = next(part for part in parts if of in part)
            since = {one: since.get(one, when) for one in members if one != of}
    words: dict[UUID, dict[tuple[str, str], Consent]] = {}
    for customer_id, new, recorded in sorted(said, key=lambda one: one[2]):
        if recorded > known or new.at > at or customer_id not in members:
            continue
        held = words.setdefault(customer_id, {})
        old = held.get(new.about)
        if old is None or (new.at, not new.granted, new.status) > (old.at, not old.granted, old.status):
            held[new.about] = new
    found: Looks = {}
    for about in {about for held in words.values() for about in held}:
        mine = words.get(of, {}).get(about)
        theirs = [(held[about], since[one]) for one, held in words.items() if one != of and about in held]
        if stands := standing(mine, theirs, at):
            found[about] = max(stands, key=lambda one: (harm(one[0]), one[1], one[0]))
    return found


def standing(
    mine: Consent | None, theirs: list[tuple[Consent, datetime]], at: datetime
) -> list[tuple[str, datetime]]:
    """What a customer said, and what others of their person refused and they did not allow since they are one."""
    stands = [ended(mine, at)] if mine else []
    for (status, when), since in ((ended(one, at), since) for one, since in theirs):
        allowed = mine and ended(mine, at)[0] == "granted" and mine.at > max(since, when)
        if status != "granted" and not allowed:
            stands.append((status, when))
    return stands


def ended(one: Consent, at: datetime) -> tuple[str, datetime]:
    over = one.granted and one.expires_at is not None and one.expires_at <= at
    return ("expired", one.expires_at or one.at) if over else (one.status, one.at)


def harm(status: str) -> int:
    return ("granted", "expired", "denied", "withdrawn").index(status) - (status == "withdrawn")


class Bench:
    def __init__(self, database: Database, seed: int) -> None:
        self.database, self.dice = database, random.Random(seed)
        self.vault = Vault(data_keys())
        self.candidates = Candidates(self.vault)
        self.now = START
        self.done: Counter[str] = Counter()

    async def graph(self, probes: int) -> None:
        """Some customers, their words and merges, and looks into their past."""
        members = [await self.register() for _ in range(self.dice.randint(2, 5))]
        said: list[Said] = []
        persons: Persons = [(START, [{one} for one in members])]
        merges: list[UUID] = []
        for _ in range(self.dice.randint(4, 20)):
            self.now += HOUR
            chance = self.dice.random()
            if chance < 0.6:
                said += await self.speak(self.dice.choice(members))
            elif chance < 0.7:
                await self.read_the_clock(members)
            else:
                await self.regroup(members, persons, merges)
        for _ in range(probes):
            await self.probe(members, said, persons)

    async def register(self) -> UUID:
        async with self.database.transaction() as session:
            customer = await customers.register(
                session, self.vault, {"name": "张伟"}, key=("crm", None), subscriptions=(),
                consents=(), setting=Setting(self.now.date()), now=self.now, actor=SYSTEM,
            )  # fmt: skip
        return customer.customer_id

    async def speak(self, customer_id: UUID) -> list[Said]:
        words = tuple({one.about: one for one in (word(self.dice, self.now) for _ in range(2))}.values())
        async with self.database.transaction() as session:
            await customers.declare(
                session, customer_id, words, expected_version=None, now=self.now, actor=SYSTEM
            )
        self.done["words"] += len(words)
        return [(customer_id, one, self.now) for one in words]

    async def read_the_clock(self, members: list[UUID]) -> None:
        """The end of a yes becomes an entry, which must say nothing new."""
        due = [DueTimer(0, "", member, "", 0, self.now, {}) for member in members]
        async with self.database.transaction() as session:
            await service.expire_due(session, due, self.now)

    async def regroup(self, members: list[UUID], persons: Persons, merges: list[UUID]) -> None:
        """Make two of them one person, or take a merge back; the ledger stays as it is."""
        async with self.database.transaction() as session:
            before = await self.ledger(session, members)
            try:
                if merges and self.dice.random() < 0.4:
                    await identity.undo(session, merges.pop(), "bench", now=self.now, actor=SYSTEM)
                else:
                    one, other = self.dice.sample(members, 2)
                    row = await identity.merge(
                        session, self.candidates, one, other, GROUNDS, now=self.now, actor=SYSTEM
                    )
                    merges += [row.id] if row else []
            except (HeldTogether, MergeUndone):
                return
            self.done["merges and undoings"] += 1
            self.done["ledgers touched"] += before != await self.ledger(session, members)
            found = await session.execute(
                text("SELECT person_id, customer_id FROM person_member WHERE customer_id = ANY(:ids)"),
                {"ids": members},
            )
            groups: dict[UUID, set[UUID]] = {}
            for person_id, customer_id in found:
                groups.setdefault(person_id, set()).add(customer_id)
        changed = [part for part in groups.values() if part not in persons[-1][1]]
        alone = [{one} for one in members if not any(one in part for part in groups.values())]
        if changed or len(persons[-1][1]) != len(groups) + len(alone):
            persons.append((self.now, [*groups.values(), *alone]))

    async def ledger(self, session: AsyncSession, members: list[UUID]) -> str:
        return str((await session.execute(LEDGER, {"ids": members, "known": self.now})).scalar_one())

    async def probe(self, members: list[UUID], said: list[Said], persons: Persons) -> None:
        of, span = self.dice.choice(members), int((self.now - START) / HOUR)
        first = max(0, span - 40)
        at = START + self.dice.randint(first, span + 20) * HOUR + self.dice.choice((0, 30)) * HOUR / 60
        known = START + self.dice.randint(first, span) * HOUR
        async with self.database.transaction() as session:
            standing = await service.in_force(session, of, at=at, known_at=known)
        told = {about: (one.word.status, one.word.at) for about, one in standing.decided.items()}
        self.done["looks into the past"] += 1
        self.done["told otherwise"] += told != went_through(said, persons, of, at, known)

    def merge_in_mind(self) -> None:
        """A person of random customers: nobody may be contacted who might not be before."""
        dice, now = self.dice, START
        person = [somebody(dice, number) for number in range(dice.randint(2, 4))]
        since = now - dice.randrange(20) * HOUR
        self.done["persons"] += 1
        for one in person:
            told = policy.bound(one, person, dict.fromkeys((each.customer_id for each in person), since))
            at = now + dice.randint(-24, 60) * HOUR
            for purpose in PURPOSES:
                for channel in CHANNELS[:3]:
                    before = rules.permission(one, purpose, channel, at).allowed
                    self.done["weaker"] += rules.permission(told, purpose, channel, at).allowed > before
            self.done["weaker"] += any(told.allows(use) > one.allows(use) for use in USES)
            self.done["weaker"] += any(one.refuses(use) > told.refuses(use) for use in USES)


def somebody(dice: random.Random, number: int) -> Customer:
    words = {one.about: one for one in (word(dice, START) for _ in range(dice.randrange(6)))}
    held = Identifier("index", "sealed")
    return Customer(
        UUID(int=number + 1), 1, "individual", "crm", None, START, START,
        status=dice.choices(("active", "left"), (9, 1))[0],
        phone=held, email=held,
        do_not_disturb=dice.random() < 0.1,
        quiet_hours=quiet(dice) if dice.random() < 0.3 else None,
        more_quiet=tuple(quiet(dice) for _ in range(dice.randrange(2))),
        blocks=tuple(
            Block(
                "asked",
                dice.choice((None, *CHANNELS[:2])),
                quiet(dice) if dice.random() < 0.5 else None,
                START + dice.randint(-20, 60) * HOUR if dice.random() < 0.7 else None,
            )
            for _ in range(dice.randrange(2))
        ),
        consents=tuple(words.values()),
    )  # fmt: skip


def quiet(dice: random.Random) -> QuietHours:
    days = tuple(sorted(dice.sample(range(1, 8), dice.randrange(3))))
    return QuietHours(wall(dice.randrange(24)), wall(dice.randrange(24)), "Asia/Shanghai", days)


async def measure(given: argparse.Namespace) -> bool:
    async with own_profile() as database:
        return await run(Bench(database, given.seed), given.cases)


async def run(bench: Bench, cases: int) -> bool:
    began = time.perf_counter()
    for _ in range(cases):
        bench.merge_in_mind()
    while bench.done["looks into the past"] < cases:
        await bench.graph(PROBES)
    done, took = bench.done, time.perf_counter() - began
    print(f"{done['persons']:,} persons made; weaker afterwards: {done['weaker']}")
    print(
        f"{done['looks into the past']:,} looks into the past of {done['words']:,} words and "
        f"{done['merges and undoings']:,} merges and undoings; told otherwise: {done['told otherwise']}"
    )
    print(f"ledgers touched by a merge: {done['ledgers touched']}; {took:.0f} s")
    return not (done["weaker"] or done["told otherwise"] or done["ledgers touched"])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    return 0 if asyncio.run(measure(parser.parse_args())) else 1


if __name__ == "__main__":
    sys.exit(main())
