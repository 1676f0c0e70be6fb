"""What PostgreSQL writes of a batch becomes events, without objects of the customers being made."""

import json
from uuid import UUID

from careloop_contracts import CustomerActivityRecordedV1, partition_of
from careloop_profile.interactions import events

LINE = '{"customer_id":"%s","interactions":2,"payments":1,"amount":"59.9000","last_at":"2026-01-05T08:00:00+00:00"}'


def test_every_customer_is_told_of_once_in_an_event_of_its_partition():
    keys = [str(UUID(int=number)) for number in range(200)]
    told = set()
    for event, payload in events.activity("\n".join(LINE % key for key in keys)):
        read = CustomerActivityRecordedV1.model_validate_json(payload)  # it demands one partition
        assert partition_of(event.key_value) == partition_of(read.items[0].customer_id)
        told |= {str(item.customer_id) for item in read.items}
        assert {(item.interactions, item.payments, str(item.amount)) for item in read.items} == {
            (2, 1, "59.9000")
        }
    assert told == set(keys)


def test_an_event_of_many_customers_is_several_that_can_be_sent():
    keys = [str(UUID(int=number)) for number in range(60_000)]
    one = [key for key in keys if partition_of(key) == 3]
    sizes = [
        len(json.loads(payload)["items"])
        for _, payload in events.activity("\n".join(LINE % key for key in one))
    ]
    assert sum(sizes) == len(one)
    assert max(sizes) <= 1000
