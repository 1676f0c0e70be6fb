from careloop_contracts import CustomerAnniversaryApproachingV1

from careloop_profile.parties.policy.anniversaries import Anniversary
from careloop_profile.parties.queries.anniversaries import Found


def approaching(kind: Anniversary, found: Found, days: int) -> CustomerAnniversaryApproachingV1:
    """No birth date is in it, so that nobody's age gets around."""
    return CustomerAnniversaryApproachingV1(
        customer_id=found.customer_id,
        person_id=found.person_id,
        kind=kind.value,
        on=found.day,
        days=days,
        subject_id=found.subject_id,
        product=found.product,
        years=found.day.year - found.since.year if kind is Anniversary.JOINING and found.since else None,
    )
