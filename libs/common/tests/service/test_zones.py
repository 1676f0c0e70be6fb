from careloop_common import zones
from sqlalchemy import text


async def test_the_database_that_comes_along_knows_every_time_zone(session):
    known = set((await session.scalars(text("SELECT name FROM pg_timezone_names"))).all())
    assert zones.names() - known == set()
