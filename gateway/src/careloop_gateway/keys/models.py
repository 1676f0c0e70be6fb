from datetime import datetime

from sqlalchemy import Column, DateTime, Index, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from careloop_gateway.database import Base
from careloop_gateway.identity.keyring import KeyRecord
from careloop_gateway.identity.principal import KEY_SUBJECT, Principal
from careloop_gateway.identity.roles import scopes_of

INSTANT = DateTime(timezone=True)


class ApiKeyRow(Base, table=True):
    """An API key; of its secret there is only the hash."""

    __tablename__ = "api_key"
    __table_args__ = (
        Index("ix_api_key_newest", "created_at", "id"),
        Index("ix_api_key_changed_at", "changed_at"),
    )

    id: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hash: bytes = Field(sa_type=LargeBinary)
    previous_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    previous_until: datetime | None = Field(default=None, sa_type=INSTANT)
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)
    expires_at: datetime | None = Field(default=None, sa_type=INSTANT)
    revoked_at: datetime | None = Field(default=None, sa_type=INSTANT)
    last_used_at: datetime | None = Field(default=None, sa_type=INSTANT)
    # The database's clock: gateways on several machines read each other's changes by it.
    changed_at: datetime | None = Field(
        default=None, sa_column=Column(INSTANT, nullable=False, server_default=func.clock_timestamp())
    )

    def principal(self) -> Principal:
        scopes = scopes_of(frozenset(self.roles), frozenset(self.scopes))
        return Principal(f"{KEY_SUBJECT}{self.id}", "api_key", self.name, tuple(self.roles), scopes)

    def record(self) -> KeyRecord:
        return KeyRecord(
            self.id,
            self.principal(),
            self.hash,
            self.previous_hash,
            self.previous_until,
            self.expires_at,
            revoked=self.revoked_at is not None,
        )
