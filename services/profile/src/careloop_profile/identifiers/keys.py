"""How a customer is referred to: by id, by the key of a source system, or by a personal identifier.

The id of a customer that came from a source system is a function of (source, external id). An interaction, an import
and a registration that speak of the same key therefore agree on the id without asking a database, and two of them
at the same moment cannot make two customers.
"""

from uuid import UUID, uuid5

_SOURCES = UUID("6f1f3c52-7a0e-4a53-9d0f-6b8f2c1f0a77")


def customer_id_of(source: str, external_id: str) -> UUID:
    """The id of the customer that `source` knows as `external_id`."""
    return uuid5(_SOURCES, f"{source}\0{external_id}")
