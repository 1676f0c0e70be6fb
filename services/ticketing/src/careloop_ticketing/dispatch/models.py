from datetime import datetime
from typing import Any

from sqlalchemy import Column, Identity, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base


class RoutingRow(Base, table=True):
    """One version of the routing: written once, never changed. The highest version is the active one."""

    __tablename__ = "routing_policy"

    version: int = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    name: str = Field(sa_type=Text)
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)
