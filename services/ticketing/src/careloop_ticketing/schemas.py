"""What requests of several slices have in common."""

from typing import Annotated

from pydantic import StringConstraints

from careloop_ticketing.facts import LONGEST_RULE

RuleText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_RULE)]
"""A rule about tickets; see docs/rules.md."""
