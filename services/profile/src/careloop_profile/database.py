from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from careloop_common.database import service_metadata


class Base(SQLModel, registry=registry(metadata=service_metadata())):
    """Base of profile's tables: a registry of their own."""
