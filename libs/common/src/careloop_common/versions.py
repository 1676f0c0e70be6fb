"""Optimistic concurrency: a writer says which version it has seen."""

from careloop_common.errors import VersionMismatch


def check_version(expected: int | None, actual: int) -> None:
    """Raise `VersionMismatch` unless the client expected the stored version or none."""
    if expected is not None and expected != actual:
        raise VersionMismatch(f"The stored version is {actual}.", current_version=actual)
