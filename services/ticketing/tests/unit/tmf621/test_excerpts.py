import json
from datetime import UTC, datetime, timedelta

import pytest
from careloop_ticketing.tickets.policy import RejectReason, Unstated
from careloop_ticketing.tmf621.errors import AttributeInvalid
from careloop_ticketing.tmf621.policy import bounds, excerpts, notifying, reasons
from careloop_ticketing.tmf621.policy.notifying import EventType, Step
from hypothesis import given
from hypothesis import strategies as st

AT = datetime(2026, 3, 1, tzinfo=UTC)
ATTRIBUTE, STATUS = (EventType.ATTRIBUTE,), (EventType.STATUS,)


def test_attributes_that_one_act_changed_are_told_of_once():
    later = AT + timedelta(seconds=1)
    steps = [
        Step(3, AT, ATTRIBUTE), Step(4, AT, ATTRIBUTE), Step(5, AT, ()), Step(6, AT, ATTRIBUTE), Step(7, AT, STATUS),
        Step(8, AT, ATTRIBUTE), Step(9, later, ATTRIBUTE),
    ]  # fmt: skip
    assert [step.seq for step in notifying.told(steps)] == [6, 7, 8, 9]


@given(
    st.dictionaries(st.text(min_size=1, max_size=8), st.text("张a\n", max_size=40_000), max_size=12),
    st.text(max_size=10),
)
def test_attributes_fit_and_what_does_not_is_named(document, name):
    found, left_out = excerpts.attributes(document | {"id": name, "href": "h", "@type": "T"})
    assert excerpts.size(found) <= excerpts.LARGEST_ATTRIBUTES + 1_000
    assert {"id", "href", "@type"} <= found.keys()
    assert set(left_out) == (document.keys() | {"id"}) - found.keys()


def test_the_largest_go_first():
    large = {"a": "x" * 10, "b": "x" * 50_000, "c": "x" * 40_000}
    assert excerpts.attributes(large)[1] == ["b"]


def test_the_newest_notes_are_carried_in_their_order_and_one_always():
    notes = [{"text": str(number)} for number in range(40)]
    assert excerpts.notes(reversed(notes)) == notes[20:]
    long = [{"text": "长" * 10_000} for _ in range(3)]
    assert len(excerpts.notes(long)) == 1


def test_whatever_is_written_a_notification_is_bounded():
    worst = "\x01" * 10_000
    notes = excerpts.notes({"text": worst, "x": "\x01" * 600} for _ in range(40))
    attributes, left_out = excerpts.attributes({f"a{number}": worst for number in range(30)})
    history = [{"changeReason": excerpts.reason(worst)} for _ in range(excerpts.STATUSES)]
    ticket = attributes | {"id": "1", "note": notes, "statusChange": history}
    at = AT.isoformat()
    body = notifying.body(5, EventType.STATUS, AT, at, ticket, left_out=left_out)
    assert len(json.dumps(body, ensure_ascii=False).encode()) <= excerpts.LARGEST
    assert body["description"].startswith("Left out for their size, see href: a")


def test_lists_notes_and_bytes_have_bounds():
    with pytest.raises(AttributeInvalid) as refused:
        bounds.refuse_long_lists({"x/y": [1] * 101})
    assert refused.value.pointer == "/x~1y"
    bounds.refuse_long_lists({"x": [1] * 100, "note": [1] * 101}, but=("note",))
    with pytest.raises(AttributeInvalid):
        bounds.refuse_much({"x": "y" * bounds.LARGEST_KEPT}, {})
    with pytest.raises(AttributeInvalid):
        bounds.refuse_much({}, {"1": {"x": "y" * bounds.LARGEST_EXTRAS}})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (None, Unstated.NOT_STATED),
        ("", Unstated.NOT_STATED),
        ("客户说算了", Unstated.NOT_STATED),
        (" Spam ", RejectReason.SPAM),
        ("unfounded", RejectReason.UNFOUNDED),
    ],
)
def test_a_reason_is_what_was_said_or_none(said, reason):
    assert reasons.stated(RejectReason, said) is reason
