from datetime import datetime
from typing import Annotated

from careloop_common.schemas import Body, View
from pydantic import StringConstraints

from careloop_ticketing.schemas import RuleText

CODE = r"^[a-z0-9][a-z0-9_-]{0,39}$"
Code = Annotated[str, StringConstraints(pattern=CODE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


class SaveView(Body):
    name: Name
    rule: RuleText
    """What its tickets are like, as docs/rules.md describes it."""
    shared: bool = False
    """For everybody. This needs the scope tickets:supervise."""


class SavedView(View):
    code: str
    version: int
    name: str
    rule: str
    shared: bool
    saved_at: datetime
    saved_by: str
