"""What the ledger says of any instant is what one would have said then, and a merge never allows more."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from careloop_profile.consents.policy import Entry, decided, replayed
from careloop_profile.customers.policy import ANY, Consent, Customer, declare_consents
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENTS = st.integers(0, 20).map(lambda hours: START + hours * HOUR)
ABOUT_SMS = "marketing", "sms"
ABOUT = st.sampled_from(
    [("marketing", "sms"), ("marketing", "email"), ("service", "sms"), ("automated_decision", ANY)]
)


@st.composite
def entries(draw):
    found = []
    for number in range(draw(st.integers(0, 8))):
        purpose, channel = draw(ABOUT)
        status = draw(st.sampled_from(["granted", "denied", "withdrawn", "expired"]))
        at = draw(MOMENTS)
        ends = status == "granted" and draw(st.booleans())
        word = Consent(purpose, channel, status, at, at + draw(st.integers(1, 9)) * HOUR if ends else None)
        recorded = at + draw(st.integers(0, 5)) * HOUR
        found.append(Entry(UUID(int=number), UUID(int=draw(st.integers(1, 3))), word, recorded, "agent"))
    return found


def stepwise(ledger, customer_id, at, known_at):
    """The words of a customer, taken in one after the other as they became known."""
    customer = Customer(customer_id, 1, "individual", "crm", None, START, START)
    for entry in sorted(ledger, key=lambda entry: entry.recorded_at):
        if entry.customer_id == customer_id and entry.recorded_at <= known_at and entry.word.at <= at:
            customer = declare_consents(customer, [entry.word])
    return {word.about: word.on(at) for word in customer.consents}


def kin_of(number, since):
    return {UUID(int=other): since for other in (1, 2, 3) if other != number}


@given(entries(), MOMENTS, MOMENTS)
def test_a_look_into_the_past_sees_what_one_would_have_seen_then(ledger, at, known_at):
    latest = replayed(ledger, at=at, known_at=known_at)
    for number in (1, 2, 3):
        own = [entry for entry in latest if entry.customer_id == UUID(int=number)]
        seen = {about: one.word for about, one in decided(UUID(int=number), own, {}, at=at).items()}
        assert seen == stepwise(ledger, UUID(int=number), at, known_at)


@given(entries(), MOMENTS, MOMENTS)
def test_a_merge_never_allows_what_was_not_allowed_at_any_instant(ledger, since, at):
    latest = replayed(ledger, at=at, known_at=at)
    for number in (1, 2, 3):
        alone = decided(UUID(int=number), latest, {}, at=at)
        merged = decided(UUID(int=number), latest, kin_of(number, since), at=at)
        for about, one in merged.items():
            before = alone.get(about)
            assert not (one.word.granted and not (before and before.word.granted))
            assert not before or one.word.severity >= before.word.severity
        assert alone.keys() <= merged.keys()


@given(
    st.lists(st.tuples(MOMENTS, st.none() | st.integers(1, 9)), min_size=1, max_size=4), MOMENTS, st.data()
)
def test_reading_the_clock_changes_nothing_whenever_it_is_read(said, at, data):
    words = [
        Consent(*ABOUT_SMS, "granted" if ends else "denied", when, when + ends * HOUR if ends else None)
        for when, ends in said
    ]
    customer = Customer(UUID(int=1), 1, "individual", "crm", None, START, START)
    read = customer
    for word in words:
        customer = declare_consents(customer, [word])
        now = word.at + data.draw(st.integers(0, 20)) * HOUR
        read = declare_consents(declare_consents(read, [word]), [one.on(now) for one in read.consents])
    later = max(at, START + 30 * HOUR)
    assert [one.on(later).status for one in read.consents] == [
        one.on(later).status for one in customer.consents
    ]


@given(entries(), MOMENTS, MOMENTS)
def test_each_decision_names_the_entry_that_makes_it(ledger, since, at):
    for one in decided(UUID(int=1), replayed(ledger, at=at, known_at=at), kin_of(1, since), at=at).values():
        assert one.entry in ledger
        assert one.entry.word.on(at) == one.word
