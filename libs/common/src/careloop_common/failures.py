"""Which failures pass by themselves, so that the same attempt later is worth making."""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from careloop_common.errors import DomainError

DATABASE_ERRORS: Final = (
    DBAPIError,
    PoolTimeout,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a database says, or nobody in its place. The driver's own come from a connection that is lost while it is prepared."""
_WITHOUT_ANSWER: Final = (
    InterfaceError,
    OperationalError,
    InternalError,
    PoolTimeout,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""With no SQLSTATE they are the client's: the connection is gone, or has said goodbye and is about to go."""

_PASSING_STATES = ("08", "40", "53", "57P", "58", "55P03", "25006")
"""SQLSTATE classes: connection, rollback, resources, shutdown, input/output, lock timeout, standby after a failover."""

_ABOUT_FILES = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError)


def is_transient(error: BaseException) -> bool:
    """Tell whether trying the same again can help."""
    if isinstance(error, DomainError):
        return error.passes
    if isinstance(error, DATABASE_ERRORS):
        if getattr(error, "connection_invalidated", False):
            return True
        state = str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
        return state.startswith(_PASSING_STATES) if state else isinstance(error, _WITHOUT_ANSWER)
    return isinstance(error, OSError) and not isinstance(error, _ABOUT_FILES)
