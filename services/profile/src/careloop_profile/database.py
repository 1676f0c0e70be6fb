from careloop_common.database import service_metadata
from careloop_common.disclosure import disclosure_tables
from careloop_common.subject_keys import subject_tables
from sqlalchemy.orm import registry
from sqlmodel import SQLModel


class Base(SQLModel, registry=registry(metadata=service_metadata())):
    """Base of profile's tables: a registry of their own."""


subject_tables(Base.metadata)
disclosure_tables(Base.metadata)
