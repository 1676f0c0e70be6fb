from sqlalchemy import Text
from sqlmodel import Field

from careloop_profile.database import Base


class ChannelRow(Base, table=True):
    """A way by which customers and operator meet. New channels are rows, not code."""

    __tablename__ = "channel"

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    name_zh: str = Field(sa_type=Text)
