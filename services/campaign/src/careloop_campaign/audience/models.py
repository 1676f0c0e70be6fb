from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_campaign.audience.policy import BlockRecord, ConsentRecord, Member, QuietPreference
from careloop_campaign.database import Base


class AudienceMember(Base, table=True):
    """The replica of one customer: what deciding about contact needs, and nothing else."""

    __tablename__ = "audience_member"

    customer_id: UUID = Field(primary_key=True)
    version: int
    status: str
    region: str | None = None
    language: str | None = None
    vip: bool = False
    tier: str | None = None
    care_flags: list[str] = Field(default_factory=list, sa_type=JSONB)
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    do_not_disturb: bool = False
    quiet_start: time | None = None
    quiet_end: time | None = None
    quiet_timezone: str | None = None
    quiet_weekdays: list[int] = Field(default_factory=list, sa_type=JSONB)
    also_quiet: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    consents: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    blocks: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    accessibility: list[str] = Field(default_factory=list, sa_type=JSONB)
    automated_decisions: bool = True
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))

    def to_member(self) -> Member:
        return Member(
            customer_id=self.customer_id,
            status=self.status,
            language=self.language,
            vip=self.vip,
            tier=self.tier,
            care_flags=frozenset(self.care_flags),
            name=self.name,
            phone=self.phone,
            email=self.email,
            do_not_disturb=self.do_not_disturb,
            quiet_hours=self._quiet_preference(),
            also_quiet=tuple(_quiet(span) for span in self.also_quiet),
            consents=tuple(
                ConsentRecord(
                    c["purpose"],
                    c["channel"],
                    c["granted"],
                    datetime.fromisoformat(c["at"]),
                    _moment(c.get("expires_at")),
                )
                for c in self.consents
            ),
            blocks=tuple(
                BlockRecord(b["channel"], b["hours"] and _quiet(b["hours"]), _moment(b["until"]))
                for b in self.blocks
            ),
            accessibility=frozenset(self.accessibility),
            automated_decisions=self.automated_decisions,
        )

    def _quiet_preference(self) -> QuietPreference | None:
        if self.quiet_start is None or self.quiet_end is None or self.quiet_timezone is None:
            return None
        days = tuple(self.quiet_weekdays)
        return QuietPreference(self.quiet_start, self.quiet_end, self.quiet_timezone, days)


def _quiet(span: dict[str, Any]) -> QuietPreference:
    start, end = time.fromisoformat(span["start"]), time.fromisoformat(span["end"])
    return QuietPreference(start, end, span["timezone"], tuple(span.get("weekdays", ())))


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
