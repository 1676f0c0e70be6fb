"""Random rules and values over a catalogue with every type, and what PostgreSQL makes of them.

For the tests of the rule language and for its benchmark; another back end can be held against the same cases.
Needs SQLAlchemy with asyncpg. All that is random comes from the seed.
"""

from careloop_common.testing.rules.agreement import EXACT, Difference, differences
from careloop_common.testing.rules.cases import RandomCases
from careloop_common.testing.rules.stored import CATALOGUE, COLUMNS, NOW, TABLE

__all__ = ["CATALOGUE", "COLUMNS", "EXACT", "NOW", "TABLE", "Difference", "RandomCases", "differences"]
