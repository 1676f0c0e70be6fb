from careloop_common.database import service_metadata
from sqlalchemy.orm import registry
from sqlmodel import SQLModel


class Base(SQLModel, registry=registry(metadata=service_metadata())):
    """Base of profile's tables: a registry of their own."""
