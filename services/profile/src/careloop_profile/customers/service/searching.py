from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from careloop_common.privacy import Vault
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing.policy import FieldName, Setting, read
from careloop_profile.customers import queries
from careloop_profile.customers.policy import Customer
from careloop_profile.customers.queries import CUSTOMER, having_identifier
from careloop_profile.customers.service.reading_input import accepted
from careloop_profile.identifiers.keys import customer_id_of

SEARCHED: tuple[FieldName, ...] = ("phone", "email", "identity_number")


@dataclass(frozen=True, slots=True)
class Search:
    """What the customers looked for have in common; identifiers as they were typed."""

    phone: str | None = None
    email: str | None = None
    identity_number: str | None = None
    source: str | None = None
    external_id: str | None = None
    kind: str | None = None
    status: str | None = None
    region: str | None = None


async def search(
    session: AsyncSession,
    vault: Vault,
    wanted: Search,
    *,
    setting: Setting,
    after: tuple[Any, ...] | None,
    limit: int,
) -> Sequence[Customer]:
    """Customers from the oldest on."""
    where = list(_conditions(vault, wanted, setting))
    page = await queries.page_of_ids(session, where=where, after=after, limit=limit)
    found = await queries.load(session, page)
    return [found[customer_id] for customer_id in page if customer_id in found]


def _conditions(vault: Vault, wanted: Search, setting: Setting) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    for field in SEARCHED:
        if (raw := getattr(wanted, field)) is not None:
            value = accepted(field, read(field, raw, setting))
            where.append(having_identifier(field, vault.blind_index(field, value)))
    if wanted.source is not None and wanted.external_id is not None:
        where.append(CUSTOMER.c.id == customer_id_of(wanted.source, wanted.external_id))
    elif wanted.external_id is not None:
        where.append(CUSTOMER.c.external_id == wanted.external_id)
    for name in ("source", "kind", "status", "region"):
        value = getattr(wanted, name)
        if value is not None and not (name == "source" and wanted.external_id is not None):
            where.append(CUSTOMER.c[name] == value)
    return where
