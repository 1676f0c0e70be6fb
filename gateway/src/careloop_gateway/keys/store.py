"""The keyring's view of the table."""

from collections.abc import Collection, Sequence

from careloop_common.database import Database

from careloop_gateway.identity.keyring import HISTORY_SECONDS, KeyRecord
from careloop_gateway.keys import queries
from careloop_gateway.keys.models import ApiKeyRow


class DatabaseKeys:
    """Keys in the gateway's database, read in transactions of their own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key_id: str) -> KeyRecord | None:
        async with self._database.transaction() as session:
            row = await session.get(ApiKeyRow, key_id)
            return row.record() if row is not None else None

    async def changed(self) -> Sequence[KeyRecord]:
        async with self._database.transaction() as session:
            return [row.record() for row in await queries.changed_within(session, HISTORY_SECONDS)]

    async def touch(self, key_ids: Collection[str]) -> None:
        async with self._database.transaction() as session:
            await queries.touch(session, key_ids)
