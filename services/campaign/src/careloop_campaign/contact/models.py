from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_campaign.contact import policy
from careloop_campaign.database import Base

ANY = "any"


class ContactPolicy(Base, table=True):
    """One version of the operator's contact policy; rows are never changed."""

    __tablename__ = "contact_policy"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    document: dict[str, Any] = Field(sa_type=JSONB)
    created_by: str
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class Suppression(Base, table=True):
    """An unsubscribe, effective from the moment it is committed."""

    __tablename__ = "suppression"

    customer_id: UUID = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    source: str
    at: datetime = Field(sa_type=DateTime(timezone=True))

    def to_suppression(self) -> policy.Suppression:
        return policy.Suppression(
            at=self.at,
            purpose=None if self.purpose == ANY else policy.Purpose(self.purpose),
            channel=None if self.channel == ANY else policy.Channel(self.channel),
        )


class ContactBudget(Base, table=True):
    """The row whose lock decides who may take a person's next contact slot."""

    __tablename__ = "contact_budget"

    customer_id: UUID = Field(primary_key=True)
