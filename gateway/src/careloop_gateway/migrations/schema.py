"""Every table of the gateway, so that migrations see them all."""

from careloop_gateway.database import Base
from careloop_gateway.keys.models import ApiKeyRow

__all__ = ["ApiKeyRow", "metadata"]

metadata = Base.metadata
