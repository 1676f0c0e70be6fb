from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from careloop_contracts import CustomerActivityRecordedV1, partition_of
from careloop_contracts.customer import Activity

_ID: Final = slice(len('{"customer_id":"'), len('{"customer_id":"') + 36)
_MOST: Final = 1000
"""Customers in one event, which may not become too large to be sent."""


def activity(told: str) -> Iterator[tuple[CustomerActivityRecordedV1, str]]:
    """Events of one partition each, with their JSON; `told` has a line for each customer (`statements.INSERT`).

    Nothing makes objects of the customers, but for the first, which an event is named by: there are thousands a second.
    """
    partitions: defaultdict[int, list[str]] = defaultdict(list)
    for line in told.split("\n"):
        partitions[partition_of(line[_ID])].append(line)
    for lines in partitions.values():
        for start in range(0, len(lines), _MOST):
            some = lines[start : start + _MOST]
            first = Activity.model_validate_json(some[0])
            event = CustomerActivityRecordedV1.model_construct(items=(first,))
            yield event, f'{{"items":[{",".join(some)}]}}'
