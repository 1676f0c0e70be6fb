"""Who has something to come round on which of some days. Each statement has the same columns."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from careloop_common import records
from sqlalchemy import Table, TextClause, delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers.queries import among
from careloop_profile.parties.models import AnniversarySweepRow, BirthdayRow
from careloop_profile.parties.policy.anniversaries import Anniversary

SWEEP: Table = AnniversarySweepRow.__table__  # type: ignore[attr-defined]
BIRTHDAY: Table = BirthdayRow.__table__  # type: ignore[attr-defined]
_KEYS: Final = {"key": "text", "day": "date"}


def _first_of_person(earlier: str) -> str:
    """Who is several customers joined once and has one birthday: of those who are still with us, what the first says
    counts."""
    return f"""NOT EXISTS (
        SELECT FROM person_member AS kin JOIN customer AS other ON other.id = kin.customer_id
        WHERE kin.person_id = person_member.person_id AND other.id <> customer.id
        AND other.status = 'active' AND {earlier}
    )"""


def _page(facts: str, where_from: str, condition: str) -> TextClause:
    """A page of the customers that are still with us; `facts` are day, subject, beginning and product."""
    return text(f"""
        SELECT DISTINCT ON (day, subject_id) day, subject_id, customer_id, person_id, since, product FROM (
            SELECT {facts}, customer.id, coalesce(person_member.person_id, customer.id)
            FROM {where_from} LEFT JOIN person_member ON person_member.customer_id = customer.id
            WHERE customer.status = 'active' AND {condition}
        ) AS found (day, subject_id, since, product, customer_id, person_id)
        WHERE CAST(:after_day AS date) IS NULL OR (day, subject_id) > (:after_day, CAST(:after_id AS uuid))
        ORDER BY day, subject_id, customer_id LIMIT :limit
    """)  # noqa: S608


_FOUND: Final[Mapping[Anniversary, TextClause]] = {
    Anniversary.JOINING: _page(
        "new.day, customer.id, joined_on, NULL",
        f"{records.given(_KEYS)} JOIN customer"
        " ON (extract(month FROM joined_on) * 100 + extract(day FROM joined_on)) = CAST(new.key AS int)",
        "joined_on < new.day AND "
        + _first_of_person("(other.joined_on, other.id) < (customer.joined_on, customer.id)"),
    ),
    Anniversary.BIRTHDAY: _page(
        "new.day, customer.id, CAST(NULL AS date), NULL",
        f"{records.given(_KEYS)} JOIN birthday USING (key) JOIN customer ON customer.id = birthday.customer_id",
        _first_of_person(
            "other.birth_date_sealed IS NOT NULL"
            " AND (other.created_at, other.id) < (customer.created_at, customer.id)"
        ),
    ),
    Anniversary.CONTRACT_END: _page(
        "ended_on, subscription_id, started_on, product",
        "subscription JOIN customer ON customer.id = subscription.customer_id",
        "ended_on BETWEEN :first AND :last AND subscription.status = 'active'",
    ),
    Anniversary.WARRANTY_END: _page(
        "warranty_until, device_id, bought_on, type",
        "device JOIN customer ON customer.id = device.customer_id",
        "warranty_until BETWEEN :first AND :last AND device.status = 'active'",
    ),
}
_SET: Final = {"customer_id": "uuid", "key": "text"}
_SET_BIRTHDAYS: Final = text(f"""
    INSERT INTO birthday (customer_id, key) SELECT customer_id, key FROM {records.given(_SET)} ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE SET key = excluded.key WHERE birthday.key <> excluded.key
""")  # noqa: S608


class Found(NamedTuple):
    """`subject_id` is the customer, the subscription or the device; `since` when it began, where that is no secret;
    `product` what it is of."""

    day: date
    subject_id: UUID
    customer_id: UUID
    person_id: UUID
    since: date | None
    product: str | None


async def found(
    session: AsyncSession,
    kind: Anniversary,
    days: Sequence[tuple[str, date]],
    *,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Found]:
    """By the days with their keys, in their order."""
    asked: dict[str, object] = {
        "limit": limit,
        "after_day": after and after[0],
        "after_id": after and after[1],
    }
    if kind in {Anniversary.JOINING, Anniversary.BIRTHDAY}:
        asked["rows"] = records.encode(_KEYS, days)
    else:
        asked |= {"first": min(day for _, day in days), "last": max(day for _, day in days)}
    return [Found(*row) for row in await session.execute(_FOUND[kind], asked)]


async def set_birthdays(session: AsyncSession, keys: Mapping[UUID, str], gone: Collection[UUID]) -> None:
    """By what these customers are found on their birthdays; `gone` have none that is known."""
    if gone:
        await session.execute(delete(BIRTHDAY).where(among(BIRTHDAY.c.customer_id, list(gone))))
    if keys:
        await session.execute(_SET_BIRTHDAYS, {"rows": records.encode(_SET, keys.items())})


async def plan_sweep(session: AsyncSession, day: date, now: datetime) -> bool:
    """Whether the day was not planned before; it is now."""
    planned = insert(SWEEP).values(day=day, planned_at=now).on_conflict_do_nothing().returning(SWEEP.c.day)
    return await session.scalar(planned) is not None
