import re
from typing import Annotated

from careloop_common.schemas import Body, Version, View
from pydantic import AfterValidator, Field, StringConstraints

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,47}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Path = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+){0,4}$", max_length=80)
]
Rank = Annotated[int, Field(ge=0, le=10_000)]


def _not_too_vague(value: str) -> str:
    # Every message is held against it, and more parts say hardly more.
    if not re.fullmatch(r"\*?[^*]*(\*[^*]+){0,2}\*?", value):
        raise ValueError("may have three parts between its stars")
    return value


Value = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_not_too_vague)]
Match = Annotated[
    dict[Path, Annotated[list[Value], Field(min_length=1, max_length=50)]],
    Field(min_length=1, max_length=5),
]
Matches = Annotated[
    list[Match],
    Field(
        max_length=20,
        description="What messages say of their origin that come by this channel, if they do not name one. Each is a "
        "set of paths with the values that fit, in any case; `*` stands for anything.",
        examples=[[{"device.type": ["android"]}, {"os.name": ["harmony*"]}]],
    ),
]
Kinds = Annotated[
    dict[Kind, Kind],
    Field(
        max_length=200,
        description="What kinds of interaction of this channel are called here.",
        examples=[{"order_completed": "payment"}],
    ),
]


class NewChannel(Body):
    code: Code
    name: Name
    name_zh: Name
    active: bool = True
    rank: Rank = 100
    """Of several channels that fit, the one with the lowest is taken."""
    matches: Matches = Field(default=[])
    kinds: Kinds = Field(default={})


class ReviseChannel(Body):
    name: Name | None = None
    name_zh: Name | None = None
    active: bool | None = None
    rank: Rank | None = None
    matches: Matches | None = None
    kinds: Kinds | None = None


class ChannelView(View):
    code: str
    version: Version
    name: str
    name_zh: str
    active: bool
    rank: int
    matches: list[dict[str, list[str]]]
    kinds: dict[str, str]


class ChannelList(View):
    items: list[ChannelView]
