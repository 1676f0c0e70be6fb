from careloop_common.database import service_metadata
from careloop_common.subject_keys import subject_tables
from sqlalchemy.orm import registry
from sqlmodel import SQLModel


class Base(SQLModel, registry=registry(metadata=service_metadata())):
    """Root of this service's tables: a registry of their own, the plumbing included."""


subject_tables(Base.metadata)
