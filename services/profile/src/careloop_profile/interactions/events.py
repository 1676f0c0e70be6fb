from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from careloop_contracts import CustomerActivityRecordedV1, partition_of
from careloop_contracts.customer import Activity


def activity(rows: Iterable[Any]) -> Iterator[CustomerActivityRecordedV1]:
    """One event per partition from the per-customer counts of a batch.

    Constructed without validation: the values come from the database, and there are thousands of them a second.
    """
    partitions: defaultdict[int, list[Activity]] = defaultdict(list)
    for row in rows:
        partitions[partition_of(row.customer_id)].append(Activity.model_construct(**row._mapping))  # noqa: SLF001
    for items in partitions.values():
        yield CustomerActivityRecordedV1.model_construct(items=tuple(items))
