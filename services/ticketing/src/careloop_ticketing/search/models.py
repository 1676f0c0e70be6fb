from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from careloop_ticketing.database import Base


class SearchRow(Base, table=True):
    """What a subject is found by. Apart from the subject, since that is updated and this is not.

    Words lie outside of the row (TOAST): a search reads thousands of rows, and only the index reads words.
    """

    __tablename__ = "search_entry"
    __table_args__ = (
        Index(
            "ix_search_entry_words", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}
        ),
    )

    subject_id: UUID = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger, unique=True)
    """Where it stands among all subjects; those that came later have a higher one."""
    words: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    """And the marker of its block."""
