from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_scoring.database import Base


class CutPointVersion(Base, table=True):
    """Where segments and tiers are cut, drawn from all active customers at one time and then left alone."""

    __tablename__ = "cut_point_version"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    rfm: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    arpu: list[float] = Field(sa_column=Column(JSONB, nullable=False))
    tier_table: int
    customers: int
    as_of: datetime = Field(sa_type=DateTime(timezone=True))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
