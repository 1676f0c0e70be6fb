"""Clocks between the database and `policy.watch`: many at once, by a handful of statements.

Escalations come in thousands, so this is written for sets; a single act of a person is a set of one.
"""

from careloop_ticketing.sla.store.columns import KEY
from careloop_ticketing.sla.store.reading import Stored, due_rows, every_row, rows, watches
from careloop_ticketing.sla.store.writing import forget, save

__all__ = ["KEY", "Stored", "due_rows", "every_row", "forget", "rows", "save", "watches"]
