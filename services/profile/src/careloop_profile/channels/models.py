from typing import Any

from sqlalchemy import Boolean, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_profile.database import Base


class ChannelRow(Base, table=True):
    """A way by which customers and operator meet. New channels are rows, not code."""

    __tablename__ = "channel"

    code: str = Field(primary_key=True, sa_type=Text)
    version: int = 1
    name: str = Field(sa_type=Text)
    name_zh: str = Field(sa_type=Text)
    active: bool = Field(default=True, sa_type=Boolean)
    """Nothing more is taken from a channel that is not; what it brought stays."""
    rank: int = 100
    matches: list[dict[str, list[str]]] = Field(sa_column=Column(JSONB, nullable=False))
    kinds: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
