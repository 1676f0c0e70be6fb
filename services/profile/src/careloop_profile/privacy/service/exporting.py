"""Everything that is kept of a person, in clear."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from careloop_common import subject_keys
from careloop_common.disclosure import disclosed
from careloop_common.errors import SealBroken
from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.privacy import queries

_FIELDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = MappingProxyType(
    {
        "name_sealed": lambda _: "name",
        "birth_date_sealed": lambda _: "birth_date",
        "address_sealed": lambda _: "address",
        "sealed": lambda row: str(row["kind"]),
        "serial_sealed": lambda row: f"serial {row['device_id']}",
        "proof_sealed": lambda _: "consent_proof",
        "raw_sealed": lambda _: "quality-raw",
        "value_sealed": lambda _: "quality-value",
        "suggestion_sealed": lambda _: "quality-suggestion",
    }
)
"""Under which field what is in a sealed column was sealed."""
_SECRET: Final = frozenset({"blind_index"})


async def export(
    session: AsyncSession, vault: Vault, customer_id: UUID, *, now: datetime, actor: Actor
) -> dict[str, Any]:
    """All rows about the person that a customer is, by table."""
    if not await customers.known(session, [customer_id]):
        raise CustomerNotFound(f"There is no customer {customer_id}.")
    kin = await customers.kin(session, [customer_id])
    members = sorted(kin) or [customer_id]
    await subject_keys.load(session, members)
    tables = {
        name: [_opened(vault, row) for row in rows]
        for name, rows in (await queries.everything(session, members)).items()
    }
    for one in members:
        disclosed(one, "export")
    return {
        "customer_id": customer_id,
        "customers": members,
        "made_at": now,
        "made_by": actor.id,
        "tables": tables,
    }


def _opened(vault: Vault, row: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if name in _SECRET:
            continue
        if (field := _FIELDS.get(name)) is None:
            shown[name] = _plain(value)
        elif value is not None:
            plain = name.removesuffix("_sealed") if name != "sealed" else "value"
            shown[plain] = _open(vault, row.get("customer_id") or row["id"], field(row), value)
    return shown


def _open(vault: Vault, subject_id: UUID, field: str, token: str) -> str | None:
    try:
        return vault.open(subject_id, field, token)
    except SealBroken:  # sealed before keys were those of customers
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool | dict) else str(value)
