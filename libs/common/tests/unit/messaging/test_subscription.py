"""Mistakes in a subscription are found where it is written; rows go out in waves that keep their order."""

from typing import NamedTuple

import pytest
from careloop_common.messaging.relay import BATCH, WINDOW, _waves
from careloop_common.messaging.subscription import Subscription, on, on_batch
from careloop_contracts import ScoreChangedV1, TicketOpenedV1, TicketResolvedV1
from hypothesis import given
from hypothesis import strategies as st


class Row(NamedTuple):
    id: int
    headers: dict[str, str]


async def handle(*_):
    """Do nothing."""


def test_routes_are_found_by_type():
    subscription = Subscription(
        "ticket", "tickets", [on(TicketOpenedV1, handle), on_batch([TicketResolvedV1], handle)]
    )
    assert subscription.routes["careloop.ticket.opened.v1"].one is handle
    assert subscription.routes["careloop.ticket.resolved.v1"].many is handle


def test_an_event_of_another_entity_is_refused():
    with pytest.raises(ValueError, match="no event of ticket"):
        Subscription("ticket", "tickets", [on(ScoreChangedV1, handle)])


def test_two_handlers_for_one_event_are_refused():
    with pytest.raises(ValueError, match="two handlers"):
        Subscription("ticket", "tickets", [on(TicketOpenedV1, handle), on_batch([TicketOpenedV1], handle)])


@given(st.lists(st.sampled_from("abcdef"), max_size=BATCH))
def test_no_wave_holds_two_events_of_an_aggregate_and_none_overtakes(keys):
    rows = [Row(number, {"ce-subject": key}) for number, key in enumerate(keys)]
    waves = _waves(rows)
    sent = [row for wave in waves for row in wave]
    assert sorted(sent) == sorted(rows)
    for key in set(keys):
        mine = [row.id for row in sent if row.headers["ce-subject"] == key]
        assert mine == sorted(mine)
    for wave in waves:
        assert 0 < len(wave) <= WINDOW
        assert len({row.headers["ce-subject"] for row in wave}) == len(wave)
