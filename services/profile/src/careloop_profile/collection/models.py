from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlmodel import Field

from careloop_profile.database import Base


class TraitRow(Base, table=True):
    """Whose word about a trait of a customer counts: that of the message that happened last. The value is the customer's."""

    __tablename__ = "customer_trait"
    __table_args__ = ({"postgresql_with": {"fillfactor": 80}},)

    customer_id: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True, sa_type=Text)
    occurred_at: datetime = Field(sa_type=DateTime(timezone=True))
    message_uid: UUID
