"""Random rules and values over a catalogue with every type, and what each back end makes of them.

For the tests of the rule language and for its benchmark. Needs SQLAlchemy with asyncpg, and DuckDB. All that is random comes from the seed.
"""

from careloop_common.testing.rules.agreement import EXACT, Difference, differences, of_duckdb
from careloop_common.testing.rules.cases import RandomCases
from careloop_common.testing.rules.moments import before, told
from careloop_common.testing.rules.stored import CATALOGUE, COLUMNS, FLAT, NOW, TABLE

__all__ = [
    "CATALOGUE",
    "COLUMNS",
    "EXACT",
    "FLAT",
    "NOW",
    "TABLE",
    "Difference",
    "RandomCases",
    "before",
    "differences",
    "of_duckdb",
    "told",
]
