from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

WriteKey = Annotated[
    str | None,
    Field(
        description="The API key, where no header can say it: of bodies up to 64 KiB that are not compressed."
    ),
]


class SegmentMessage(BaseModel):
    """A message of the Segment specification. It documents the routes; they decode without Pydantic."""

    model_config = ConfigDict(alias_generator=to_camel)

    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = Field(default=None, description="Of alias.")
    group_id: str | None = Field(default=None, description="Of group.")
    message_id: str | None = Field(
        default=None, max_length=200, description="What comes again is taken once."
    )
    timestamp: datetime | None = Field(default=None, description="With an offset.")
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None
    event: str | None = Field(default=None, max_length=500, description="Of track.")
    name: str | None = Field(default=None, max_length=500, description="Of page and screen.")
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}
    write_key: WriteKey = None


class SegmentItem(SegmentMessage):
    type: Literal["identify", "track", "page", "screen", "group", "alias"]


class SegmentBatch(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    batch: list[SegmentItem]
    context: dict[str, Any] = {}
    sent_at: datetime | None = None
    write_key: WriteKey = None


class Success(View):
    success: Literal[True] = True


class CloudEventBody(BaseModel):
    """CloudEvents 1.0. `data.customer` says whose it is, as interactions do; without it `subject` does."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str | None = None
    time: datetime | None = None
    datacontenttype: str | None = None
    data: Any = None
    channel: str | None = Field(default=None, description="Ours: a code of GET /v1/channels.")
    kind: str | None = Field(
        default=None, description="Ours: the kind of interaction, if the type does not say it."
    )
    direction: Literal["inbound", "outbound"] | None = None


class LetterView(View):
    """A message that was refused or, of the form `stored`, could not be stored. What is in it is shown to nobody."""

    id: UUID
    form: Literal["interaction", "segment", "cloudevent", "stored"]
    source: str = Field(description="Who sent it; of what could not be stored, who could not.")
    reason: str
    detail: str
    size: int
    times: int = Field(description="How often it was sent.")
    attempts: int
    received_at: datetime
    tried_at: datetime
    replayed_at: datetime | None
    replayed_by: str | None


class ReplayBody(Body):
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")] = Field(
        examples=["channel_unknown"]
    )
    limit: int = Field(default=1000, ge=1, le=5000)


class Replayed(View):
    """What came of trying again; `left` wait for the same reason."""

    replayed: int
    failed: int
    left: int
