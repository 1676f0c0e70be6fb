from datetime import datetime
from typing import Annotated, Any, Literal

from careloop_common.schemas import Body, View
from pydantic import Field

Word = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[\w -]+$")]
Words = Annotated[list[Word], Field(min_length=1, max_length=10)]


class ScaleBody(Body):
    names: Words
    cuts: Annotated[
        list[Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]], Field(max_length=9)
    ]


class LevelsBody(Body):
    arpu: ScaleBody
    need: ScaleBody
    loyalty: ScaleBody


class RuleBody(Body):
    when: dict[Literal["arpu", "need", "loyalty", "risk"], Words] = Field(
        description="Levels that fit, by measure; a measure that is not named may be anything."
    )
    tier: Literal["strategic", "potential", "mass", "warning"]


class TierTableBody(Body):
    """Rules are read from top to bottom; the first that fits decides."""

    levels: LevelsBody
    rules: Annotated[list[RuleBody], Field(min_length=1, max_length=100)]


class TierTableView(View):
    version: int
    content: dict[str, Any]
    created_by: str
    created_at: datetime
