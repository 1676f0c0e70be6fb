from datetime import datetime

from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.imports.errors import MappingNotFound
from careloop_profile.imports.mapping import Mapping, shipped
from careloop_profile.imports.models import MappingRow


async def get(session: AsyncSession, name: str) -> tuple[Mapping, bool]:
    """The mapping of this name, and whether it is the one that comes with the service."""
    row = await session.get(MappingRow, name)
    if row is not None:
        return Mapping.model_validate(row.definition), False
    found = shipped(name)
    if found is None:
        raise MappingNotFound(f"There is no mapping {name!r}.")
    return found, True


async def keep(session: AsyncSession, name: str, mapping: Mapping, *, now: datetime, actor: Actor) -> None:
    """Keep a mapping under a name, in place of the one that had it."""
    row = MappingRow(
        name=name, definition=mapping.model_dump(mode="json"), updated_at=now, updated_by=actor.id
    )
    await session.merge(row)
