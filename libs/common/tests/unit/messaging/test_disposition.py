"""What becomes of a message whose handler failed."""

import itertools

import asyncpg
import pytest
from careloop_common.errors import DomainError, Kind
from careloop_common.failures import is_transient
from careloop_common.messaging import disposition
from careloop_contracts.envelope import MalformedEnvelope
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError


class Original(Exception):
    def __init__(self, sqlstate):
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def of_kind(kind):
    return type("Fault", (DomainError,), {"kind": kind, "code": "fault", "title": "Fault"})()


def database(state, *, invalidated=False):
    return DBAPIError("select 1", {}, Original(state), connection_invalidated=invalidated)


def pauses(error):
    """The pauses until the message is put aside, and the reason for which it is."""
    decisions = (disposition.of(error, attempt) for attempt in itertools.count(1))
    found = list(itertools.takewhile(lambda decision: decision.retry_after is not None, decisions))
    return [decision.retry_after for decision in found], disposition.of(error, len(found) + 1).reason


@pytest.mark.parametrize(
    "kind",
    [
        Kind.INVALID,
        Kind.CONFLICT,
        Kind.PRECONDITION,
        Kind.FORBIDDEN,
        Kind.UNAUTHENTICATED,
        Kind.TOO_LARGE,
    ],
)
def test_permanent_kinds_are_put_aside_at_once(kind):
    assert pauses(of_kind(kind)) == ([], kind.value)


@pytest.mark.parametrize(
    "error",
    [
        of_kind(Kind.UNAVAILABLE),
        of_kind(Kind.TIMEOUT),
        of_kind(Kind.RATE_LIMITED),
        database("40001"),
        database("40P01"),
        database("53100"),
        database("57P01"),
        database("08006"),
        database("55P03"),
        database(None, invalidated=True),
        InternalError("begin", {}, Original(None)),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 15"),
        asyncpg.CannotConnectNowError(),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=repr,
)
def test_passing_failures_are_retried_for_ever_with_growing_pauses(error):
    found = [disposition.of(error, attempt).retry_after for attempt in range(1, 2000)]
    assert None not in found
    assert found == sorted(found)
    assert found[-1] == 5.0


def test_what_is_missing_gets_five_tries_in_three_seconds():
    found, reason = pauses(of_kind(Kind.NOT_FOUND))
    assert len(found) == 4
    assert sum(found) == pytest.approx(3)
    assert reason == "not_found"


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError(),
        KeyError("x"),
        FileNotFoundError(),
        database("23505"),
        IntegrityError("insert", {}, Original("23503")),
        database("42P01"),
        asyncpg.DataError("invalid input for query argument $1"),
    ],
    ids=repr,
)
def test_unexpected_errors_get_five_tries(error):
    found, reason = pauses(error)
    assert len(found) == 4
    assert reason == "unexpected"
    assert not is_transient(error)


def test_a_malformed_message_is_put_aside_at_once():
    assert pauses(MalformedEnvelope("no ce-id")) == ([], "malformed")
