"""Events of tags that became others are written without being made."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from careloop_contracts import CustomerTagsChangedV1
from careloop_profile.tags.events import changed
from careloop_profile.tags.queries.values import Change, Step

ANNA, BODO = UUID(int=1), UUID(int=2)
VALUES = (None, True, 0, 1, 7, 59.9, 1e15, "gold", "真心")


@pytest.mark.parametrize("microsecond", [0, 120_000])
def test_what_is_written_is_the_event_that_would_be_made(microsecond):
    at = datetime(2026, 6, 15, 12, microsecond=microsecond, tzinfo=UTC)
    steps = [Step(f"tag_{n}", n, value, VALUES[-n]) for n, value in enumerate(VALUES)]
    [(event, payload)] = changed([Change(ANNA, steps, {"kind": "interaction"})], "interaction", at)
    made = CustomerTagsChangedV1.model_validate(
        {
            "person_id": ANNA,
            "items": [
                {"code": f"tag_{n}", "version": n, "previous": value, "current": VALUES[-n]}
                for n, value in enumerate(VALUES)
            ],
            "cause": "interaction",
            "at": at,
        }
    )
    assert CustomerTagsChangedV1.model_validate_json(payload) == made
    assert [(one.previous, type(one.previous)) for one in made.items] == [
        (one.previous, type(one.previous)) for one in CustomerTagsChangedV1.model_validate_json(payload).items
    ]
    assert (event.key_value, event.subject()) == (made.key_value, made.subject())


def test_a_person_is_told_of_once_whatever_the_causes():
    changes = [
        Change(ANNA, [Step("calls", 1, 1, 2)], {"changed": ["call"]}),
        Change(ANNA, [Step("caller", 1, None, True)], {"changed": ["channel"]}),
        Change(BODO, [Step("calls", 1, 2, 3)], {"changed": ["call"]}),
    ]
    told = changed(changes, "interaction", datetime(2026, 6, 15, tzinfo=UTC))
    events = [CustomerTagsChangedV1.model_validate_json(payload) for _, payload in told]
    assert [(one.person_id, [item.code for item in one.items]) for one in events] == [
        (ANNA, ["calls", "caller"]),
        (BODO, ["calls"]),
    ]
