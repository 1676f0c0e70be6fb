"""Raw interactions on their way in. The items of an envelope are profile's own; only the way there is shared."""

from typing import Final

STREAM: Final = "CARE_INBOUND"
"""The stream that holds raw interactions until profile stored them."""

ALL_SUBJECTS: Final = "in.v1.interaction.>"
"""The filter of the consumer that stores them."""


def subject(partition: int) -> str:
    """Return the subject of an envelope whose customers share a partition."""
    return f"in.v1.interaction.{partition:02d}"


ALL_SAID: Final = "in.v1.said.>"
"""The filter of the consumer that applies what messages say of customers."""


def said(partition: int) -> str:
    """Return the subject of an envelope of such words."""
    return f"in.v1.said.{partition:02d}"
