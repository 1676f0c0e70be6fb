from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from careloop_contracts import CustomerActivityRecordedV1, partition_of
from careloop_contracts.customer import Activity

Count = tuple[UUID, int, int, Decimal, int, datetime]
"""A customer's part of a batch: interactions, payments, their amount, complaints, the time of the last one."""


def activity(counts: Iterable[Count]) -> Iterator[CustomerActivityRecordedV1]:
    """One event per partition.

    Constructed without validation: the values come from the database, and there are thousands of them a second.
    """
    partitions: defaultdict[int, list[Activity]] = defaultdict(list)
    for customer_id, interactions, payments, amount, complaints, last_at in counts:
        item = Activity.model_construct(
            customer_id=customer_id,
            interactions=interactions,
            payments=payments,
            amount=amount,
            complaints=complaints,
            last_at=last_at,
        )
        partitions[partition_of(customer_id)].append(item)
    for items in partitions.values():
        yield CustomerActivityRecordedV1.model_construct(items=tuple(items))
