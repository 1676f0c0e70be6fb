"""Which failures pass by themselves, so that the same attempt later is worth making."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from careloop_common.errors import DomainError

_PASSING_STATES = ("08", "40", "53", "57P", "58", "55P03", "25006")
"""SQLSTATE classes: connection, rollback, resources, shutdown, input/output, lock timeout, standby after a failover."""

_ABOUT_FILES = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError)


def is_transient(error: BaseException) -> bool:
    """Tell whether trying the same again can help."""
    if isinstance(error, DomainError):
        return error.passes
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        lost = error.connection_invalidated or (
            isinstance(error, (InterfaceError, OperationalError)) and not state
        )
        return lost or state.startswith(_PASSING_STATES)
    if isinstance(error, OSError):
        return not isinstance(error, _ABOUT_FILES)
    return isinstance(error, PoolTimeout)
