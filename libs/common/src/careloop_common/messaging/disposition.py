"""What to do with a message whose handler failed. Pure: an error and the number of the attempt decide."""

from dataclasses import dataclass
from typing import Final

from careloop_contracts.envelope import MalformedEnvelope
from pydantic import ValidationError

from careloop_common.errors import DomainError, Kind
from careloop_common.failures import is_transient

_PATIENCE: Final = (0.1, 0.3, 0.7, 1.9)
"""Pauses before what is missing is called missing: five tries in three seconds, as events overtake each other."""

_DOUBT: Final = (0.05, 0.2, 0.5, 1.0)
"""Pauses before an unexpected error is believed."""

_LONGEST: Final = 5.0


@dataclass(frozen=True, slots=True)
class Disposition:
    """Either try again after a pause, or put the message aside for a reason."""

    retry_after: float | None = None
    reason: str = ""


def of(error: Exception, attempt: int) -> Disposition:
    """Decide after the `attempt`-th failure, counted from one."""
    if is_transient(error):
        return Disposition(retry_after=min(_LONGEST, 0.05 * 2 ** min(attempt, 10)))
    if isinstance(error, (MalformedEnvelope, ValidationError)):
        return Disposition(reason="malformed")
    if isinstance(error, DomainError):
        return _of_kind(error.kind, attempt)
    return _after(_DOUBT, attempt, "unexpected")


def _of_kind(kind: Kind, attempt: int) -> Disposition:
    if kind is Kind.NOT_FOUND:
        return _after(_PATIENCE, attempt, kind.value)
    return Disposition(reason=kind.value)


def _after(pauses: tuple[float, ...], attempt: int, reason: str) -> Disposition:
    if attempt <= len(pauses):
        return Disposition(retry_after=pauses[attempt - 1])
    return Disposition(reason=reason)
