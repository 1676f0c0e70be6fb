"""Where what is said of customers travels: the stream of raw interactions, on subjects of its own."""

from typing import Final
from uuid import UUID

from careloop_contracts import interaction, partition_of

STREAM: Final = interaction.STREAM
ALL_SAID: Final = interaction.ALL_SAID
SAID: Final = "careloop.said.envelope.v1"


def subject(customer_id: str) -> str:
    """The subject of an envelope that begins with this customer."""
    return interaction.said(partition_of(UUID(customer_id)))
